//! The word to stop, and until when to answer what is queued.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// Read by every thread once per batch; written once.
#[derive(Debug)]
pub(crate) struct Stop {
    begin: Instant,
    until: AtomicU64, // ns after `begin`; 0: go on
}

impl Stop {
    /// Not asked.
    pub(crate) fn new() -> Self {
        Self { begin: Instant::now(), until: AtomicU64::new(0) }
    }

    /// Asks all threads to end once nothing is queued, or so much later.
    pub(crate) fn ask(&self, limit: Duration) {
        let until = (self.begin.elapsed().saturating_add(limit)).as_nanos().clamp(1, u64::MAX as u128);
        self.until.store(until as u64, Relaxed);
    }

    /// Takes the word back.
    pub(crate) fn clear(&self) {
        self.until.store(0, Relaxed);
    }

    /// Whether a thread should end.
    #[inline]
    pub(crate) fn asked(&self) -> bool {
        self.until.load(Relaxed) != 0
    }

    /// Whether the time for last words is over.
    pub(crate) fn over(&self) -> bool {
        self.begin.elapsed().as_nanos() >= u128::from(self.until.load(Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_over_when_the_limit_has_passed() {
        let stop = Stop::new();
        assert!(!stop.asked());
        stop.ask(Duration::MAX); // as long as it takes
        assert!(stop.asked() && !stop.over());
        stop.ask(Duration::ZERO);
        assert!(stop.asked() && stop.over());
        stop.clear();
        assert!(!stop.asked());
    }
}
