//! A thread's own core.

use std::{io, mem};

/// Keeps the calling thread on one core: its socket's memory and the snapshot's stay in that core's caches.
pub(crate) fn to(cpu: usize) -> io::Result<()> {
    if cpu >= libc::CPU_SETSIZE as usize {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, format!("there is no core {cpu}")));
    }
    // SAFETY: `cpu_set_t` is an array of integers, for which zeros are the empty set.
    let mut set: libc::cpu_set_t = unsafe { mem::zeroed() };
    // SAFETY: `cpu` was checked to lie within the set.
    unsafe { libc::CPU_SET(cpu, &mut set) };
    // SAFETY: `set` is a whole set that lives across the call; 0 is the calling thread.
    match unsafe { libc::sched_setaffinity(0, mem::size_of_val(&set), &set) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pinned_thread_runs_on_its_core() {
        std::thread::spawn(|| {
            to(0).unwrap();
            // SAFETY: takes no arguments and touches no memory of ours.
            assert_eq!(unsafe { libc::sched_getcpu() }, 0);
        })
        .join()
        .unwrap();
    }

    #[test]
    fn a_core_that_is_not_there_is_an_error() {
        assert!(to(libc::CPU_SETSIZE as usize - 1).is_err());
        assert_eq!(to(usize::MAX).unwrap_err().kind(), io::ErrorKind::InvalidInput);
    }
}
