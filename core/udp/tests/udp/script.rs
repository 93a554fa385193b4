//! An answerer that does what the query's first octet says.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use answer::plan::Snapshot;
use answer::symbols::Symbol;
use answer::{Drop, Env, Meta, Outcome, Wanted};
use gslb_udp::Answerer;

/// Octets in front of the client's address in a reply: those of the generation.
pub const GENERATION: usize = 8;

/// `w` + number: the reply asks for the row of that pool.
pub const WANTED: u8 = b'w';
/// `k` + number: a kind of its own, with that number as its pool and rcode 3.
pub const KIND: u8 = b'k';
/// TC is set.
pub const TRUNCATED: u8 = b't';
/// Silence: too short.
pub const SHORT: u8 = b's';
/// Silence: a response.
pub const RESPONSE: u8 = b'r';
/// Panics.
pub const PANIC: u8 = b'p';
/// Panics, and then again where memory is made anew, which is outside of answering.
pub const CRASH: u8 = b'c';
/// A reply larger than any datagram.
pub const HUGE: u8 = b'h';
/// Waits until the gate is open.
pub const GATE: u8 = b'g';

/// Replies with the snapshot's generation, the client's address, and the query; except as the letters above say.
#[derive(Clone, Default)]
pub struct Script {
    pub gate: Arc<Gate>,
    pub seen: Arc<Mutex<Vec<Vec<u8>>>>,
    crashes: Arc<Mutex<bool>>,
}

impl Answerer for Script {
    type Scratch = Vec<u8>;

    fn scratch(&self) -> Vec<u8> {
        let crashes = std::mem::take(&mut *self.crashes.lock().unwrap());
        assert!(!crashes, "the loop is told to crash");
        Vec::with_capacity(4200)
    }

    fn answer(&self, snapshot: &Snapshot, query: &[u8], client: &[u8], env: &Env, scratch: &mut Vec<u8>, out: &mut [u8]) -> Outcome {
        assert!(env.udp && scratch.is_empty(), "made anew after a panic");
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).push(query.to_vec());
        scratch.extend_from_slice(&snapshot.generation.to_be_bytes());
        scratch.extend_from_slice(client);
        scratch.extend_from_slice(query);
        let number = query.get(1..5).map_or(0, |octets| u32::from_be_bytes(octets.try_into().unwrap()));
        let (mut meta, mut wanted, mut len) = (Meta::default(), None, scratch.len().min(out.len()));
        match query.first() {
            Some(&WANTED) => wanted = Some(Wanted { pool: number, region: 3, rtype: 28 }),
            Some(&KIND) => meta = Meta { pool: Symbol(number), rcode: 3, ..meta },
            Some(&TRUNCATED) => meta.truncated = true,
            Some(&SHORT) => len = 0,
            Some(&RESPONSE) => len = 0,
            Some(&PANIC) => panic!("the answerer is told to panic"),
            Some(&CRASH) => {
                *self.crashes.lock().unwrap() = true;
                panic!("the answerer is told to crash");
            }
            Some(&HUGE) => len = out.len(),
            Some(&GATE) => self.gate.pass(),
            _ => {}
        }
        out[..scratch.len()].copy_from_slice(scratch);
        scratch.clear();
        match (len, query.first()) {
            (0, Some(&SHORT)) => Outcome::Silence(Drop::Short),
            (0, _) => Outcome::Silence(Drop::Response),
            _ => Outcome::Reply { len, meta, wanted },
        }
    }
}

/// Holds a packet thread in the middle of a batch.
#[derive(Default)]
pub struct Gate {
    state: Mutex<(bool, bool)>, // somebody waits; open
    changed: Condvar,
}

impl Gate {
    fn pass(&self) {
        let mut state = self.state.lock().unwrap();
        state.0 = true;
        self.changed.notify_all();
        drop(self.changed.wait_timeout_while(state, Duration::from_secs(20), |state| !state.1).unwrap());
    }

    /// Waits until a packet thread stands at the gate.
    pub fn wait(&self) {
        let (state, late) = self.changed.wait_timeout_while(self.state.lock().unwrap(), Duration::from_secs(20), |state| !state.0).unwrap();
        drop(state);
        assert!(!late.timed_out(), "nobody came to the gate");
    }

    /// Lets everybody through from now on.
    pub fn open(&self) {
        self.state.lock().unwrap().1 = true;
        self.changed.notify_all();
    }
}
