//! What the threads have kept of queries, handed over: written for dnstap, field by field for the log.

use answer::Meta;
use answer::symbols::{NONE, Symbols};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use udp::Workers;
use udp::dnstap::{Encoder, Words};
use udp::tap::{DNSTAP, Exchange, LOG};

use crate::counts::{text, zone};

type Octets = Py<PyBytes>;

/// The fields of `gslb.transport.exchange.Exchange`, and those of its decision.
pub type Logged = ((u8, u8, Octets, u16, Octets, u16, u64, u64, Octets, Octets), Decided);
type Decided = (Option<Octets>, u8, String, String, String, bool);

/// Frames, messages in them, exchanges for the log, and what was lost of both since the last time.
pub type Taken = (Octets, usize, Vec<Logged>, u64, u64);

const UDP: u8 = 1;

/// What is kept from one time to the next.
#[derive(Default)]
pub struct Tap {
    encoder: Encoder,
    frames: Vec<u8>,
    record: Vec<u8>,
    missed: [u64; 2], // that Python was told of
}

impl Tap {
    /// Writes with this.
    pub fn new(encoder: Encoder) -> Self {
        Self { encoder, ..Self::default() }
    }

    /// Takes all that was kept; frames find so many octets, lines so many places.
    pub fn take(&mut self, py: Python<'_>, workers: &mut Workers, symbols: &Symbols, room: usize, lines: usize) -> Taken {
        let Self { encoder, frames, record, missed } = self;
        frames.clear();
        let (mut messages, mut dropped, mut unlogged, mut logged) = (0, 0, 0, Vec::new());
        let per = encoder.per_exchange();
        workers.tapped(record, |one| {
            if one.wants & DNSTAP != 0 {
                let words = words(symbols, &one.meta);
                if frames.len() + encoder.bound(one, &words) <= room {
                    encoder.frames(one, &words, frames);
                    messages += per;
                } else {
                    dropped += per as u64;
                }
            }
            if one.wants & LOG != 0 {
                if logged.len() < lines {
                    logged.push(line(py, symbols, one));
                } else {
                    unlogged += 1;
                }
            }
        });
        let now = workers.missed();
        dropped += (now[0] - missed[0]) * per as u64;
        unlogged += now[1] - missed[1];
        *missed = now;
        (PyBytes::new(py, frames).unbind(), messages, logged, dropped, unlogged)
    }
}

/// What was decided, in words.
pub fn words<'a>(symbols: &'a Symbols, meta: &Meta) -> Words<'a> {
    let pool = if meta.pool == NONE { "" } else { text(symbols, meta.pool) };
    Words { zone: zone(symbols, meta), pool, site: text(symbols, meta.site), reason: text(symbols, meta.reason) }
}

fn line(py: Python<'_>, symbols: &Symbols, one: &Exchange) -> Logged {
    let octets = |octets: &[u8]| PyBytes::new(py, octets).unbind();
    let Words { zone, pool, site, reason } = words(symbols, &one.meta);
    let (client, server, query, reply) = (octets(one.client), octets(one.server), octets(one.query), octets(one.reply));
    let decided = (zone.map(octets), one.meta.rcode, pool.to_owned(), site.to_owned(), reason.to_owned(), one.meta.truncated);
    ((one.wants, UDP, client, one.port, server, one.server_port, one.began, one.ended, query, reply), decided)
}
