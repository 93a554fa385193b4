//! Sockets on loopback: the server's, made as `gslb/transport/listen.py` makes them, and clients.

use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::time::{Duration, Instant};
use std::{io, mem};

use gslb_udp::{Config, Workers};

use crate::script::Script;

/// Nothing on loopback takes this long.
pub const LIMIT: Duration = Duration::from_secs(10);

/// A bound server socket, non-blocking, with SO_REUSEPORT; a wildcard one is told which address was asked.
pub fn server(host: &str, port: u16) -> (OwnedFd, u16) {
    let address: IpAddr = host.parse().unwrap();
    let family = if address.is_ipv4() { libc::AF_INET } else { libc::AF_INET6 };
    // SAFETY: takes and returns integers; the new descriptor belongs to nobody else.
    let fd = unsafe { OwnedFd::from_raw_fd(libc::socket(family, libc::SOCK_DGRAM | libc::SOCK_NONBLOCK, 0)) };
    set(&fd, libc::SOL_SOCKET, libc::SO_REUSEPORT, 1);
    set(&fd, libc::SOL_SOCKET, libc::SO_RCVBUF, 4 << 20);
    match address {
        IpAddr::V4(_) => set(&fd, libc::IPPROTO_IP, libc::IP_PKTINFO, address.is_unspecified().into()),
        IpAddr::V6(_) => {
            set(&fd, libc::IPPROTO_IPV6, libc::IPV6_V6ONLY, 1);
            set(&fd, libc::IPPROTO_IPV6, libc::IPV6_RECVPKTINFO, address.is_unspecified().into());
        }
    }
    bind(&fd, SocketAddr::new(address, port));
    let port = UdpSocket::from(fd.try_clone().unwrap()).local_addr().unwrap().port();
    (fd, port)
}

/// Sets an integer option of a socket.
pub fn set(fd: &OwnedFd, level: i32, name: i32, value: i32) {
    // SAFETY: `value` lives across the call, and its size is given.
    let result = unsafe { libc::setsockopt(fd.as_raw_fd(), level, name, (&raw const value).cast(), mem::size_of_val(&value) as u32) };
    assert_eq!(result, 0, "{}", io::Error::last_os_error());
}

fn bind(fd: &OwnedFd, to: SocketAddr) {
    let result = match to {
        SocketAddr::V4(to) => {
            let sin_addr = libc::in_addr { s_addr: u32::from_ne_bytes(to.ip().octets()) };
            let address = libc::sockaddr_in { sin_family: libc::AF_INET as u16, sin_port: to.port().to_be(), sin_addr, sin_zero: [0; 8] };
            // SAFETY: `address` lives across the call, and its size is given.
            unsafe { libc::bind(fd.as_raw_fd(), (&raw const address).cast(), mem::size_of_val(&address) as u32) }
        }
        SocketAddr::V6(to) => {
            let sin6_addr = libc::in6_addr { s6_addr: to.ip().octets() };
            let (sin6_family, sin6_port) = (libc::AF_INET6 as u16, to.port().to_be());
            let address = libc::sockaddr_in6 { sin6_family, sin6_port, sin6_flowinfo: 0, sin6_addr, sin6_scope_id: 0 };
            // SAFETY: `address` lives across the call, and its size is given.
            unsafe { libc::bind(fd.as_raw_fd(), (&raw const address).cast(), mem::size_of_val(&address) as u32) }
        }
    };
    assert_eq!(result, 0, "{}", io::Error::last_os_error());
}

/// One worker at one socket on 127.0.0.1, and the script it answers by.
pub fn one(config: Config) -> (Workers<Script>, Script, u16) {
    let script = Script::default();
    let mut workers = Workers::answering(config, script.clone());
    let (fd, port) = server("127.0.0.1", 0);
    workers.start(vec![fd], None).unwrap();
    (workers, script, port)
}

/// A client that hears only what comes from the address it asks.
pub fn client(host: &str, port: u16) -> UdpSocket {
    let any = if host.contains(':') { "[::]:0" } else { "0.0.0.0:0" };
    let socket = UdpSocket::bind(any).unwrap();
    socket.connect((host, port)).unwrap();
    socket.set_read_timeout(Some(LIMIT)).unwrap();
    socket
}

/// The next reply.
pub fn hear(client: &UdpSocket) -> Vec<u8> {
    let mut reply = vec![0; 65536];
    let length = client.recv(&mut reply).expect("a reply");
    reply.truncate(length);
    reply
}

/// Sends a query.
pub fn say(client: &UdpSocket, query: &[u8]) {
    client.send(query).unwrap();
}

/// Asks and hears.
pub fn ask(client: &UdpSocket, query: &[u8]) -> Vec<u8> {
    say(client, query);
    hear(client)
}

/// A query that the script knows by a letter and a number.
pub fn numbered(letter: u8, number: u32) -> Vec<u8> {
    [&[letter][..], &number.to_be_bytes()].concat()
}

/// Waits until something holds.
pub fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + LIMIT;
    while !holds() {
        assert!(Instant::now() < end, "{what}: not within {LIMIT:?}");
        std::thread::sleep(Duration::from_millis(1));
    }
}
