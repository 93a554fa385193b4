//! The floor under the native engine: its whole loop, answering with the query itself, QR set. `cargo run --release --example echo PORT`
//!
//! Measured against a bare `recvmmsg`/`sendmmsg` echo in C, the difference is what the loop costs; against the real engine, what an answer costs.

use std::net::UdpSocket;
use std::os::fd::{AsRawFd, OwnedFd};
use std::{env, io, mem, thread};

use answer::plan::Snapshot;
use answer::{Env, Meta, Outcome};
use gslb_udp::{Answerer, Config, Workers};

struct Echo;

impl Answerer for Echo {
    type Scratch = ();

    fn scratch(&self) {}

    fn answer(&self, _: &Snapshot, query: &[u8], _: &[u8], _: &Env, (): &mut (), out: &mut [u8]) -> Outcome {
        let reply = &mut out[..query.len()];
        reply.copy_from_slice(query);
        reply[2] |= 0x84; // QR and AA
        Outcome::Reply { len: query.len(), meta: Meta::default(), wanted: None }
    }
}

fn main() -> io::Result<()> {
    let port = env::args().nth(1).and_then(|port| port.parse().ok()).expect("usage: echo PORT");
    let mut workers = Workers::answering(Config::default(), Echo);
    workers.start(vec![socket(port)?], None)?;
    loop {
        thread::park();
    }
}

/// A socket as `gslb/transport/listen.py` makes it.
fn socket(port: u16) -> io::Result<OwnedFd> {
    let socket = UdpSocket::bind(("127.0.0.1", port))?;
    let size: i32 = 4 << 20;
    // SAFETY: `size` lives across the call, and its size is given.
    unsafe { libc::setsockopt(socket.as_raw_fd(), libc::SOL_SOCKET, libc::SO_RCVBUF, (&raw const size).cast(), mem::size_of_val(&size) as u32) };
    Ok(socket.into())
}
