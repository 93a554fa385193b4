//! Answers DNS queries from a snapshot of the plan: pure, total, and octet for octet what `gslb/answer/` answers.
//!
//! Every file mirrors the Python file of the same name, which is the readable reference and holds the reasons. Nothing here
//! waits, panics, reads a clock, draws a number or allocates for a packet: what is not in the packet or the snapshot is an argument.
#![forbid(unsafe_code)]

pub mod delta;
pub mod plan;
pub mod reply;
pub mod symbols;

pub use reply::{Drop, Env, Meta, Outcome, Scratch, Wanted};

use plan::Snapshot;

/// Answers one packet from a client (4 or 16 octets) into `out`, which must be at least [`reply::room`] octets long.
pub fn answer(_snapshot: &Snapshot, _query: &[u8], _client: &[u8], _env: &Env, _scratch: &mut Scratch, _out: &mut [u8]) -> Outcome {
    Outcome::Silence(Drop::Short)
}
