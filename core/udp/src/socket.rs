//! A bound UDP socket, made elsewhere, and how to wait for it.
//!
//! `gslb/transport/listen.py` makes it, with every option argued there: 4 MiB of receive buffer, because a thread that stands still for 80 ms
//! must lose nothing at 75,000 q/s. Nothing of that is set again here. Other processes hold the same socket: what is changed is put back.

use std::mem;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::time::Duration;
use std::{io, ptr};

use crate::peer::Peer;

/// A socket of one worker.
#[derive(Debug)]
pub(crate) struct Socket {
    fd: OwnedFd,
    bound: Peer,
    wildcard: bool,
}

impl Socket {
    /// Takes a bound UDP socket.
    pub(crate) fn new(fd: OwnedFd) -> io::Result<Self> {
        if option(fd.as_raw_fd(), libc::SO_TYPE)? != libc::SOCK_DGRAM {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a UDP socket"));
        }
        let bound = bound_to(fd.as_raw_fd())?;
        let wildcard = bound.address().iter().all(|&octet| octet == 0);
        Ok(Self { fd, bound, wildcard })
    }

    /// The descriptor, for as long as the socket lives.
    pub(crate) fn raw(&self) -> RawFd {
        self.fd.as_raw_fd()
    }

    /// Whether it is bound to all addresses, so that replies must be told from which to leave.
    pub(crate) fn wildcard(&self) -> bool {
        self.wildcard
    }

    /// Where it is bound.
    pub(crate) fn bound(&self) -> &Peer {
        &self.bound
    }

    /// Lets receiving wait, so long at most: one system call then both waits and reads. `None`: never waits, as it came.
    pub(crate) fn wait_in_receive(&self, limit: Option<Duration>) -> io::Result<()> {
        let time = limit.unwrap_or_default();
        let time = libc::timeval { tv_sec: time.as_secs() as _, tv_usec: time.subsec_micros() as _ };
        let size = mem::size_of_val(&time) as libc::socklen_t;
        // SAFETY: `time` lives across the call, and its size is given.
        checked(unsafe { libc::setsockopt(self.raw(), libc::SOL_SOCKET, libc::SO_RCVTIMEO, (&raw const time).cast(), size) })?;
        // SAFETY: takes and returns an integer.
        let flags = checked(unsafe { libc::fcntl(self.raw(), libc::F_GETFL) })?;
        let wished = if limit.is_some() { flags & !libc::O_NONBLOCK } else { flags | libc::O_NONBLOCK };
        if wished != flags {
            // SAFETY: takes and returns an integer.
            checked(unsafe { libc::fcntl(self.raw(), libc::F_SETFL, wished) })?;
        }
        Ok(())
    }

    /// Waits until the send buffer has room, so long at most.
    pub(crate) fn wait_to_send(&self, limit: Duration) {
        wait(&mut [libc::pollfd { fd: self.raw(), events: libc::POLLOUT, revents: 0 }], limit);
    }
}

/// Waits until one of several sockets can be read, so long at most.
pub(crate) fn wait(sockets: &mut [libc::pollfd], limit: Duration) {
    // SAFETY: the slice lives across the call, and its length is given. An error (EINTR) is as good as a wake-up.
    unsafe { libc::poll(sockets.as_mut_ptr(), sockets.len() as libc::nfds_t, limit.as_millis() as i32) };
}

fn checked(result: i32) -> io::Result<i32> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result) }
}

fn option(fd: RawFd, name: i32) -> io::Result<i32> {
    let mut value = 0_i32;
    let mut size = mem::size_of_val(&value) as libc::socklen_t;
    // SAFETY: the kernel writes at most `size` octets into `value`, which lives across the call.
    checked(unsafe { libc::getsockopt(fd, libc::SOL_SOCKET, name, (&raw mut value).cast(), &mut size) })?;
    Ok(value)
}

/// The address and port that a socket is bound to.
fn bound_to(fd: RawFd) -> io::Result<Peer> {
    let mut address = Peer::default();
    let mut size = Peer::SIZE;
    // SAFETY: the kernel writes at most `size` octets into `address`, which lives across the call.
    checked(unsafe { libc::getsockname(fd, ptr::from_mut(&mut address).cast(), &mut size) })?;
    match address.family() {
        libc::AF_INET | libc::AF_INET6 => Ok(address),
        family => Err(io::Error::new(io::ErrorKind::InvalidInput, format!("address family {family} is neither IPv4 nor IPv6"))),
    }
}
