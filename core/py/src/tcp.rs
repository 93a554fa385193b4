//! Queries over TCP, which come one by one through Python, counted as the threads count theirs.

use std::collections::{BTreeSet, HashMap};

use answer::plan::Snapshot;
use answer::{Env, Meta, Outcome, Scratch, Wanted, answer};

/// Kinds of answers counted apart; past it kinds are counted together by rcode, so that nobody's questions make this grow.
const MOST_KINDS: usize = 4096;

/// Rows remembered as asked for; what finds no room will be asked for again.
const MOST_WANTED: usize = 1000;

/// Memory for one answer at a time, and what was answered.
#[derive(Default)]
pub struct Tcp {
    room: Vec<u8>,
    scratch: Scratch,
    /// Answers of each kind.
    pub answers: HashMap<Meta, u64>,
    /// Silences of each kind.
    pub dropped: HashMap<&'static str, u64>,
    /// What the last answer was.
    pub last: Meta,
    /// Rows that were asked for and not compiled.
    pub wanted: BTreeSet<Wanted>,
}

impl Tcp {
    /// Answers one query and counts nothing: octets, or the reason to say nothing.
    pub fn answer(&mut self, snapshot: &Snapshot, query: &[u8], client: &[u8], env: &Env) -> Result<(&[u8], Meta, Option<Wanted>), &'static str> {
        self.room.resize(self.room.len().max(env.room()), 0);
        match answer(snapshot, query, client, env, &mut self.scratch, &mut self.room) {
            Outcome::Reply { len, meta, wanted } => Ok((&self.room[..len], meta, wanted)),
            Outcome::Silence(reason) => Err(reason.reason()),
        }
    }

    /// Writes the reply that sends to TCP.
    pub fn truncated(&mut self, query: &[u8], env: &Env) -> Option<&[u8]> {
        self.room.resize(self.room.len().max(env.room()), 0);
        let len = answer::truncated(query, env, &mut self.scratch, &mut self.room)?;
        Some(&self.room[..len])
    }

    /// Answers one query and counts it.
    pub fn serve(&mut self, snapshot: &Snapshot, query: &[u8], client: &[u8], env: &Env) -> Option<&[u8]> {
        let (len, meta, wanted) = match self.answer(snapshot, query, client, env) {
            Ok((octets, meta, wanted)) => (octets.len(), meta, wanted),
            Err(reason) => {
                *self.dropped.entry(reason).or_default() += 1;
                return None;
            }
        };
        let meta = Meta { pool_number: 0, ..meta }; // it belongs to a snapshot, a count does not
        self.last = meta;
        let full = self.answers.len() >= MOST_KINDS && !self.answers.contains_key(&meta);
        let kind = if full { Meta { rcode: meta.rcode, ..Meta::default() } } else { meta };
        *self.answers.entry(kind).or_default() += 1;
        if let Some(row) = wanted
            && self.wanted.len() < MOST_WANTED
        {
            self.wanted.insert(row);
        }
        Some(&self.room[..len])
    }

    /// Begins with fresh memory, after an answer that ended in its midst.
    pub fn forget(&mut self) {
        self.scratch = Scratch::default();
    }

    /// Takes some of the rows that were asked for.
    pub fn take_wanted(&mut self, most: usize) -> Vec<Wanted> {
        let mut taken = std::mem::take(&mut self.wanted);
        if let Some(&first_left) = taken.iter().nth(most) {
            self.wanted = taken.split_off(&first_left);
        }
        taken.into_iter().collect()
    }
}
