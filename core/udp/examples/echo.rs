//! The floor under the native engine: its whole loop, answering with the query itself, QR set.
//!
//! `cargo run --release --example echo 127.0.0.1:5301 …`: one thread at all these addresses.
//! Measured against a bare `recvmmsg`/`sendmmsg` echo in C, the difference is what the loop costs; against the real engine, what an answer costs.

use std::net::{IpAddr, UdpSocket};
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
    let sockets = env::args().skip(1).map(|address| socket(&address)).collect::<io::Result<Vec<_>>>()?;
    let mut workers = Workers::answering(Config::default(), Echo);
    workers.start(sockets, None)?;
    loop {
        thread::park();
    }
}

/// A socket as `gslb/transport/listen.py` makes it.
fn socket(address: &str) -> io::Result<OwnedFd> {
    let socket = UdpSocket::bind(address)?;
    set(&socket, libc::SOL_SOCKET, libc::SO_RCVBUF, 4 << 20)?;
    match socket.local_addr()?.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => set(&socket, libc::IPPROTO_IP, libc::IP_PKTINFO, 1)?,
        IpAddr::V6(ip) if ip.is_unspecified() => set(&socket, libc::IPPROTO_IPV6, libc::IPV6_RECVPKTINFO, 1)?,
        _ => {}
    }
    Ok(socket.into())
}

fn set(socket: &UdpSocket, level: i32, name: i32, value: i32) -> io::Result<()> {
    // SAFETY: `value` lives across the call, and its size is given.
    match unsafe { libc::setsockopt(socket.as_raw_fd(), level, name, (&raw const value).cast(), mem::size_of_val(&value) as u32) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}
