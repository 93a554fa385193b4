//! Who looks on in a packet thread, where anybody does: draws queries for the tap, and sends those who may ask why to TCP.
//!
//! Off the path of a thread that tells nothing: that one has no watcher, which costs a branch.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use answer::{Env, Meta, Outcome, Scratch, symbols};

use crate::batch::Batch;
use crate::draw::Draw;
use crate::socket::Socket;
use crate::tap::{Exchange, Ring, Watching};

/// The first label of names that ask why (`gslb/transport/debug.py`).
const LABEL: &[u8] = b"\x05_gslb";
const TXT: u16 = 16;

/// One thread's.
pub(crate) struct Watcher {
    watching: Arc<Watching>,
    draw: Draw,
    began: u64,
    scratch: Scratch,
}

impl Watcher {
    /// With chance of its own.
    pub(crate) fn new(watching: Arc<Watching>, draw: Draw) -> Self {
        Self { watching, draw, began: 0, scratch: Scratch::default() }
    }

    /// Notes when a batch was received.
    pub(crate) fn received(&mut self) {
        self.began = now();
    }

    /// Looks at the answer to a query: keeps it where it is drawn, and returns what is to be said, which is another only to who asks why.
    #[inline(never)] // the loop of those who tell nothing stays as small as it is
    pub(crate) fn look(&mut self, at: usize, outcome: Outcome, batch: &mut Batch, socket: &Socket, ring: Option<&Ring>, env: &Env) -> Outcome {
        let Outcome::Reply { mut len, meta, wanted } = outcome else { return outcome };
        let mut told = meta;
        if meta.rtype == TXT
            && !self.watching.debug.is_empty()
            && let Some(other) = self.beckon(at, &meta, batch, env)
        {
            (len, told) = (other, Meta { zone: meta.zone, truncated: true, ..Meta::default() });
        }
        if let Some(ring) = ring {
            let wants = self.watching.wants(self.draw.next());
            if wants != 0 {
                let (peer, asked) = batch.ends(at);
                let (query, reply) = batch.written(at, len);
                let (client, port, server_port) = (peer.address(), peer.port(), socket.bound().port());
                let server = if asked.is_empty() { socket.bound().address() } else { asked };
                ring.put(&Exchange { wants, began: self.began, ended: now(), client, port, server, server_port, meta: told, query, reply });
            }
        }
        Outcome::Reply { len, meta, wanted }
    }

    /// Writes the reply that sends to TCP, where a query asks why, its client may, and it is about a zone of ours; the reply's length then.
    #[cold]
    fn beckon(&mut self, at: usize, meta: &Meta, batch: &mut Batch, env: &Env) -> Option<usize> {
        let (query, client, out) = batch.parts(at);
        let asks = query.get(12..18).is_some_and(|first| first.eq_ignore_ascii_case(LABEL));
        if !asks || meta.zone == symbols::NONE || !matches!(meta.rcode, 0 | 3) || !self.watching.may_ask(client) {
            return None;
        }
        answer::truncated(query, env, &mut self.scratch, out)
    }
}

/// Nanoseconds since 1970.
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos() as u64)
}
