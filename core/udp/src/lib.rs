//! gslb's UDP threads: receive a batch, answer it from the live snapshot, send the replies.
//!
//! Used by `core/py`. Every thread has its own SO_REUSEPORT sockets, which `gslb/transport/listen.py` makes, sizes and binds; here they are
//! only read and written. A packet costs no allocation, no lock, no log and no system call of its own. What a thread counts it writes alone,
//! and others read. All `unsafe` of the native engine is in this crate, where libc needs it. Linux only.
#![warn(clippy::undocumented_unsafe_blocks)]

#[cfg(panic = "abort")]
compile_error!("a query that makes answering panic must cost one reply, not the process: panics must unwind");

mod answerer;
mod batch;
mod count;
mod counters;
pub mod dnstap;
mod draw;
mod fault;
mod histogram;
mod kinds;
mod leave;
mod peer;
mod pin;
mod signals;
mod socket;
mod stop;
pub mod tap;
mod wanted;
mod watcher;
mod worker;
mod workers;

pub use answer::Wanted;
pub use answerer::{Answerer, Real};
pub use counters::{Counters, ThreadCounters};
pub use worker::Config;
pub use workers::Workers;
