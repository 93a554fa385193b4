//! A number that one thread counts up and any thread reads.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// A counter with a single writer: a plain load and a plain store, where a locked addition would cost 20 cycles.
#[derive(Debug, Default)]
pub(crate) struct Count(AtomicU64);

impl Count {
    /// Starts at 0.
    pub(crate) const fn new() -> Self {
        Self(AtomicU64::new(0))
    }

    /// Adds; only ever called by the thread that owns it.
    pub(crate) fn add(&self, more: u64) {
        self.0.store(self.0.load(Relaxed).wrapping_add(more), Relaxed);
    }

    /// What it stands at.
    pub(crate) fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }
}
