//! What answers: the real `answer()`, or another where the loop itself is what is looked at.

use answer::plan::Snapshot;
use answer::{Env, Outcome, Scratch};

/// Answers packets. The loop is compiled once for each implementation, so that being replaceable costs nothing.
pub trait Answerer: Send + Sync + 'static {
    /// A thread's memory from packet to packet.
    type Scratch;

    /// Makes a thread's memory: at its start, and anew after a panic, which may have left it half written.
    fn scratch(&self) -> Self::Scratch;

    /// Answers one packet; see [`answer::answer`].
    fn answer(&self, snapshot: &Snapshot, query: &[u8], client: &[u8], env: &Env, scratch: &mut Self::Scratch, out: &mut [u8]) -> Outcome;
}

/// The real one.
#[derive(Debug, Default, Clone, Copy)]
pub struct Real;

impl Answerer for Real {
    type Scratch = Scratch;

    fn scratch(&self) -> Scratch {
        Scratch::default()
    }

    fn answer(&self, snapshot: &Snapshot, query: &[u8], client: &[u8], env: &Env, scratch: &mut Scratch, out: &mut [u8]) -> Outcome {
        answer::answer(snapshot, query, client, env, scratch, out)
    }
}
