//! Answers DNS queries from a snapshot of the plan: pure, total, and octet for octet what `gslb/answer/` answers.
//!
//! Every file mirrors the Python file of the same name, which is the readable reference and holds the reasons; `table`, `record`, `buckets`,
//! `hash` and `symbols` are the shape in which the plan is kept here, `seen` is what its `render` keeps in a dictionary. Nothing waits, panics,
//! reads a clock, draws a number or allocates for a packet: what is not in the packet or the snapshot is an argument.
#![forbid(unsafe_code)]

mod buckets;
mod client;
pub mod delta;
mod draw;
mod hash;
mod hints;
mod lookup;
mod names;
mod negatives;
mod pick;
pub mod plan;
mod prepared;
mod record;
pub mod region;
mod render;
mod rendezvous;
pub mod reply;
mod seen;
mod shelf;
mod siphash;
mod subnet;
pub mod symbols;
mod table;
mod wire;

pub use reply::{Drop, Env, Meta, Outcome, Scratch, Wanted};

use plan::Snapshot;

/// Writes the reply that sends a client to TCP: TC set, no record (`gslb/answer/truncated.py`). Its length; None to what is no proper query.
pub fn truncated(query: &[u8], env: &Env, scratch: &mut Scratch, out: &mut [u8]) -> Option<usize> {
    prepared::truncated(query, env, scratch, out)
}

/// Answers one packet from a client (4 or 16 octets) into `out`, which must be at least [`Env::room`] octets long.
pub fn answer(snapshot: &Snapshot, query: &[u8], client: &[u8], env: &Env, scratch: &mut Scratch, out: &mut [u8]) -> Outcome {
    prepared::answer(snapshot, query, client, env, scratch, out)
}
