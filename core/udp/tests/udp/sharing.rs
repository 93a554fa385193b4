//! A packet thread among other threads and processes: its core, its signals, and a socket that others hold too.

use std::fs;
use std::os::fd::{AsRawFd, OwnedFd};

use gslb_udp::{Config, Workers};

use crate::loopback::{ask, client, server, until};
use crate::script::Script;

fn status_of(thread: &str) -> String {
    let tasks = fs::read_dir("/proc/self/task").unwrap().map(|task| task.unwrap().path());
    let named = |task: &std::path::PathBuf| fs::read_to_string(task.join("comm")).is_ok_and(|name| name.trim() == thread);
    fs::read_to_string(tasks.into_iter().find(named).expect("a thread of that name").join("status")).unwrap()
}

fn field<'a>(status: &'a str, name: &str) -> &'a str {
    status.lines().find_map(|line| line.strip_prefix(name)).unwrap().trim()
}

fn never_waits(fd: &OwnedFd) -> bool {
    // SAFETY: takes and returns integers.
    unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_GETFL) & libc::O_NONBLOCK != 0 }
}

#[test]
fn a_thread_has_its_name_and_its_core_and_takes_no_signals() {
    let mut workers = Workers::answering(Config::default(), Script::default());
    for _ in 0..31 {
        workers.start(vec![server("127.0.0.1", 0).0], Some(0)).unwrap(); // a number that no other test's thread has
    }
    let status = status_of("gslb-udp-30");
    assert_eq!(field(&status, "Cpus_allowed_list:"), "0");
    let blocked = u64::from_str_radix(field(&status, "SigBlk:"), 16).unwrap();
    for signal in [libc::SIGTERM, libc::SIGINT, libc::SIGHUP, libc::SIGCHLD, libc::SIGUSR1] {
        assert_ne!(blocked & 1 << (signal - 1), 0, "signal {signal}");
    }
    assert_eq!(blocked & 1 << (libc::SIGSEGV - 1), 0);
    let own = fs::read_to_string("/proc/thread-self/status").unwrap();
    assert_eq!(u64::from_str_radix(field(&own, "SigBlk:"), 16).unwrap() & 1 << (libc::SIGTERM - 1), 0); // only the new threads'
}

#[test]
fn a_socket_is_given_back_as_it_came() {
    let (fd, port) = server("127.0.0.1", 0);
    let shared = fd.try_clone().unwrap();
    assert!(never_waits(&shared));
    let mut workers = Workers::answering(Config::default(), Script::default());
    workers.start(vec![fd], None).unwrap();
    ask(&client("127.0.0.1", port), b"e");
    assert!(!never_waits(&shared));
    workers.stop(crate::loopback::LIMIT);
    assert!(never_waits(&shared));
}

#[test]
fn another_process_may_change_how_the_shared_socket_waits() {
    let (fd, port) = server("127.0.0.1", 0);
    let shared = fd.try_clone().unwrap();
    let mut workers = Workers::answering(Config::default(), Script::default());
    workers.start(vec![fd], None).unwrap();
    let client = client("127.0.0.1", port);
    ask(&client, b"e");
    // SAFETY: takes and returns integers.
    unsafe { libc::fcntl(shared.as_raw_fd(), libc::F_SETFL, libc::O_NONBLOCK) };
    ask(&client, b"e");
    until("it waits in the system call again", || !never_waits(&shared));
    assert!(ask(&client, b"e").ends_with(b"e"));
}
