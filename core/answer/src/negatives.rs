//! The SOA record of a zone's negative answers, written once: a flood of random names is a flood of NXDOMAIN, and its replies differ in
//! nothing but the question.
//!
//! What is kept is what [`Message::add`] writes, to the octet; only its pointers move with the question.

use crate::lookup::rtype::SOA;
use crate::names;
use crate::record::RRset;
use crate::render::Message;
use crate::seen::Seen;
use crate::wire::{CLASS_IN, HEADER, Query};

const TTL_AT: usize = 6; // behind a pointer, type and class

/// The record of one zone.
#[derive(Debug)]
pub struct Negative {
    octets: Box<[u8]>,
    to_apex: Vec<usize>,        // where pointers to the apex, or into it, stand; they count from its first octet
    to_itself: Vec<usize>,      // where pointers into the record stand; they count from its first octet
    children: Box<[Box<[u8]>]>, // names one label below the apex that are part of it: asked for, they would be pointed to
}

impl Negative {
    /// Writes the record behind a question for the apex; None for the root, which no pointer leads to.
    pub fn new(apex: &[u8], soa: RRset) -> Option<Self> {
        let mut labels = Vec::new();
        let mut at = 0;
        while apex[at] != 0 {
            labels.push(at as u8);
            at += 1 + usize::from(apex[at]);
        }
        if labels.is_empty() {
            return None;
        }
        let question = [apex, &[0; 4]].concat();
        let query = Query {
            flags: 0,
            fault: None,
            question: &question,
            asked: apex,
            name: apex,
            labels: &labels,
            rtype: SOA,
            qclass: CLASS_IN,
            edns: None,
            tsig: None,
        };
        let size = 3 * 255 + 64; // an owner, two names, and numbers
        let mut out = vec![0; 2 * size + 2048];
        let start = HEADER + question.len();
        let mut seen = Seen::default();
        let mut message = Message::new(&query, start + size, &mut out, &mut seen);
        if !message.add(1, apex, SOA, 0, soa.rdata()) {
            return None;
        }
        let mut record = Self { octets: message.since(start).into(), to_apex: vec![], to_itself: vec![], children: [].into() };
        let mut pointers = vec![0]; // the owner is one
        let mut at = 12;
        for _ in 0..2 {
            while record.octets[at] != 0 && record.octets[at] < 0xC0 {
                at += 1 + usize::from(record.octets[at]);
            }
            if record.octets[at] == 0 {
                at += 1;
            } else {
                pointers.push(at);
                at += 2;
            }
        }
        let (inside, outside) = pointers.into_iter().partition(|&at| usize::from(record.pointer(at)) >= start);
        (record.to_itself, record.to_apex) = (inside, outside);
        for at in record.to_apex.clone() {
            record.point(at, record.pointer(at) - HEADER as u16);
        }
        for at in record.to_itself.clone() {
            record.point(at, record.pointer(at) - start as u16);
        }
        record.children = children(apex, soa);
        Some(record)
    }

    /// Writes the record into a message that holds nothing but its question; false, and nothing written, where that is not so, or its names
    /// would be compressed otherwise, or it does not fit.
    pub fn add(&self, apex: &[u8], ttl: u32, message: &mut Message) -> bool {
        let Some((at, child)) = message.lone_question(apex.len()) else { return false };
        if self.children.iter().any(|known| child == Some(known)) || self.octets.len() > message.room() {
            return false;
        }
        let start = message.end();
        message.put(&self.octets);
        let octets = message.since_mut(start);
        octets[TTL_AT..TTL_AT + 4].copy_from_slice(&ttl.to_be_bytes());
        for (places, base) in [(&self.to_apex, at), (&self.to_itself, start as u16)] {
            for &place in places {
                let to = u16::from_be_bytes([octets[place], octets[place + 1]]) + base;
                octets[place..place + 2].copy_from_slice(&(0xC000 | to).to_be_bytes());
            }
        }
        message.counted(1);
        true
    }

    fn pointer(&self, at: usize) -> u16 {
        u16::from_be_bytes([self.octets[at], self.octets[at + 1]]) & 0x3FFF
    }

    /// Keeps where a pointer leads, without the bits that make it one.
    fn point(&mut self, at: usize, to: u16) {
        self.octets[at..at + 2].copy_from_slice(&to.to_be_bytes());
    }
}

/// The names one label below the apex that the SOA's names end in, in lower case.
fn children(apex: &[u8], soa: RRset) -> Box<[Box<[u8]>]> {
    let mut found = Vec::new();
    for data in soa.rdata() {
        let mut rest = data;
        for _ in 0..2 {
            let (name, behind) = rest.split_at(names::length(rest).unwrap_or(rest.len()));
            let name = name.to_ascii_lowercase();
            let mut suffix = &name[..];
            while suffix.len() > apex.len() {
                let below = names::parent(suffix);
                if below == apex {
                    found.push(suffix.into());
                }
                suffix = below;
            }
            rest = behind;
        }
    }
    found.into()
}
