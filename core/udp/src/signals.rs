//! Signals stay with the process's own threads: a packet thread is never interrupted, and handlers never run on it.

use std::{mem, ptr};

/// Faults of the thread itself. The kernel raises them where they happen; blocked, they would kill without a word.
const OWN: [i32; 5] = [libc::SIGSEGV, libc::SIGBUS, libc::SIGFPE, libc::SIGILL, libc::SIGTRAP];

/// While this lives the calling thread takes no signals, and threads it starts never will.
pub(crate) struct Blocked(libc::sigset_t);

impl Blocked {
    /// Blocks all signals but a thread's own faults.
    pub(crate) fn all() -> Self {
        // SAFETY: `sigset_t` is an array of integers; both sets are filled in before they are read.
        let (mut all, mut before): (libc::sigset_t, libc::sigset_t) = unsafe { (mem::zeroed(), mem::zeroed()) };
        // SAFETY: both sets live across the calls, and the signals are valid, so that none of these can fail.
        unsafe {
            libc::sigfillset(&mut all);
            for signal in OWN {
                libc::sigdelset(&mut all, signal);
            }
            libc::pthread_sigmask(libc::SIG_BLOCK, &all, &mut before);
        }
        Self(before)
    }
}

impl Drop for Blocked {
    fn drop(&mut self) {
        // SAFETY: the set is what `pthread_sigmask` gave us; no old set is asked for.
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &self.0, ptr::null_mut()) };
    }
}
