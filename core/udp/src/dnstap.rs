//! Writes dnstap: protobuf messages of queries and answers, each a data frame of Frame Streams; the same octets as `gslb/transport/dnstap.py`.

use crate::tap::Exchange;

const BILLION: u64 = 1_000_000_000;
const UDP: u8 = 1;

/// Writes frames under one identity.
#[derive(Debug, Default)]
pub struct Encoder {
    head: Vec<u8>,
    queries: bool,
    responses: bool,
    extra: bool,
    body: Vec<u8>,    // memory of one message's part that queries and responses share
    decided: Vec<u8>, // of the field `extra`
}

/// The words of a decision; empty: none.
#[derive(Debug, Default, Clone, Copy)]
pub struct Words<'a> {
    /// The zone's apex in wire form.
    pub zone: Option<&'a [u8]>,
    /// The pool.
    pub pool: &'a str,
    /// The site.
    pub site: &'a str,
    /// The reason.
    pub reason: &'a str,
}

impl Encoder {
    /// AUTH_QUERY, AUTH_RESPONSE or both; `extra`: with pool, site and reason.
    pub fn new(identity: &str, version: &str, queries: bool, responses: bool, extra: bool) -> Self {
        let mut head = Vec::new();
        octets(&mut head, 1, identity.as_bytes());
        octets(&mut head, 2, version.as_bytes());
        Self { head, queries, responses, extra, ..Self::default() }
    }

    /// Messages of one exchange.
    pub fn per_exchange(&self) -> usize {
        usize::from(self.queries) + usize::from(self.responses)
    }

    /// Octets that the frames of an exchange take at most.
    pub fn bound(&self, one: &Exchange, words: &Words) -> usize {
        let decided = 6 * (words.pool.len() + words.site.len() + words.reason.len()) + 64; // each octet as \u0000
        one.query.len() + one.reply.len() + 2 * (self.head.len() + decided + words.zone.map_or(0, <[u8]>::len) + 128)
    }

    /// Writes the frames of one exchange behind `out`.
    pub fn frames(&mut self, one: &Exchange, words: &Words, out: &mut Vec<u8>) {
        let body = &mut self.body;
        body.clear();
        body.extend_from_slice(&[0x10, if one.client.len() == 4 { 1 } else { 2 }, 0x18, UDP]);
        octets(body, 4, one.client);
        octets(body, 5, one.server);
        number(body, 6, one.port.into());
        number(body, 7, one.server_port.into());
        time(body, 8, one.began);
        self.decided.clear();
        if self.extra {
            decision(&mut self.decided, words);
        }
        if self.queries {
            frame(out, &self.head, &self.decided, |out| {
                out.extend_from_slice(&[0x08, 1]);
                out.extend_from_slice(&self.body);
                octets(out, 10, one.query);
                words.zone.iter().for_each(|zone| octets(out, 11, zone));
            });
        }
        if self.responses {
            frame(out, &self.head, &self.decided, |out| {
                out.extend_from_slice(&[0x08, 2]);
                out.extend_from_slice(&self.body);
                words.zone.iter().for_each(|zone| octets(out, 11, zone));
                time(out, 12, one.ended);
                octets(out, 14, one.reply);
            });
        }
    }
}

/// Writes a data frame around a message. Lengths stand before what they count and are known behind it: room is left, and closed up.
fn frame(out: &mut Vec<u8>, head: &[u8], decided: &[u8], message: impl FnOnce(&mut Vec<u8>)) {
    const ROOM: usize = 3; // of a message's length: two of 65,535 octets and some
    let start = out.len();
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(head);
    if !decided.is_empty() {
        octets(out, 3, decided);
    }
    out.push(14 << 3 | 2);
    let length = out.len();
    out.extend_from_slice(&[0; ROOM]);
    message(out);
    let size = out.len() - length - ROOM;
    let end = out.len();
    varint(out, size as u64); // behind the message for a moment
    let used = out.len() - end;
    out.copy_within(end.., length);
    out.copy_within(length + ROOM..end, length + used);
    out.truncate(length + used + size);
    out.extend_from_slice(&[0x78, 1]); // Dnstap.type = MESSAGE
    let size = (out.len() - start - 4) as u32;
    out[start..start + 4].copy_from_slice(&size.to_be_bytes());
}

/// The decision as JSON, as Python's `json.dumps` writes it; nothing where none was made.
fn decision(out: &mut Vec<u8>, words: &Words) {
    let reason = if words.reason.is_empty() && !words.pool.is_empty() { "chosen" } else { words.reason };
    for (key, value) in [("pool", words.pool), ("site", words.site), ("reason", reason)] {
        if !value.is_empty() {
            out.push(if out.is_empty() { b'{' } else { b',' });
            quoted(out, key);
            out.push(b':');
            quoted(out, value);
        }
    }
    if !out.is_empty() {
        out.push(b'}');
    }
}

fn quoted(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    for &octet in text.as_bytes() {
        match octet {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', octet]),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            8 => out.extend_from_slice(b"\\b"),
            12 => out.extend_from_slice(b"\\f"),
            0..32 => out.extend_from_slice(format!("\\u{octet:04x}").as_bytes()),
            _ => out.push(octet),
        }
    }
    out.push(b'"');
}

/// Seconds as a varint, and nanoseconds as fixed32 in the field behind.
fn time(out: &mut Vec<u8>, field: u8, nanoseconds: u64) {
    number(out, field, nanoseconds / BILLION);
    out.push((field + 1) << 3 | 5);
    out.extend_from_slice(&((nanoseconds % BILLION) as u32).to_le_bytes());
}

fn number(out: &mut Vec<u8>, field: u8, value: u64) {
    out.push(field << 3);
    varint(out, value);
}

/// A field of octets; `field` is below 16.
fn octets(out: &mut Vec<u8>, field: u8, data: &[u8]) {
    out.push(field << 3 | 2);
    varint(out, data.len() as u64);
    out.extend_from_slice(data);
}

fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value > 127 {
        out.push(value as u8 | 128);
        value >>= 7;
    }
    out.push(value as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exchange<'a>(query: &'a [u8], reply: &'a [u8]) -> Exchange<'a> {
        Exchange {
            wants: 1,
            began: 1_795_189_992_000_000_007,
            ended: 1_795_189_992_000_000_300,
            client: &[192, 0, 2, 1],
            port: 300,
            server: &[127, 0, 0, 1],
            server_port: 53,
            meta: answer::Meta::default(),
            query,
            reply,
        }
    }

    #[test]
    fn a_query_is_written_as_the_schema_says() {
        let mut out = Vec::new();
        let words = Words { zone: Some(&[1, b'x', 0]), pool: "web", site: "a\"b", reason: "" };
        Encoder::new("n", "v", true, false, true).frames(&exchange(&[7; 2], &[8; 2]), &words, &mut out);
        let extra = b"{\"pool\":\"web\",\"site\":\"a\\\"b\",\"reason\":\"chosen\"}";
        let message = [
            &[0x08, 1, 0x10, 1, 0x18, 1, 0x22, 4, 192, 0, 2, 1, 0x2a, 4, 127, 0, 0, 1, 0x30, 0xac, 2, 0x38, 53][..],
            &[0x40, 0xe8, 0xd9, 0x81, 0xd8, 0x06, 0x4d, 7, 0, 0, 0, 0x52, 2, 7, 7, 0x5a, 3, 1, b'x', 0][..],
        ]
        .concat();
        let body = [b"\x0a\x01n\x12\x01v\x1a", &[extra.len() as u8][..], extra, &[0x72, message.len() as u8], &message, &[0x78, 1]].concat();
        assert_eq!(out, [&(body.len() as u32).to_be_bytes()[..], &body].concat());
    }

    #[test]
    fn frames_stay_within_their_bound() {
        let control = "\u{1}".repeat(300);
        let words = Words { zone: Some(&[0; 255]), pool: &control, site: &control, reason: &control };
        for size in [0, 100, 127, 128, 4096] {
            let (octets, mut out) = (vec![1; size], Vec::new());
            let (one, mut encoder) = (exchange(&octets, &octets), Encoder::new(&control, "v", true, true, true));
            encoder.frames(&one, &words, &mut out);
            assert!(out.len() <= encoder.bound(&one, &words), "{} octets, {} allowed", out.len(), encoder.bound(&one, &words));
            let first = u32::from_be_bytes(out[..4].try_into().unwrap()) as usize;
            let second = u32::from_be_bytes(out[4 + first..8 + first].try_into().unwrap()) as usize;
            assert_eq!(out.len(), 8 + first + second);
        }
    }
}
