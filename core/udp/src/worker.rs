//! The loop of one thread: receive a batch, answer it, send the replies.
//!
//! Started by `workers`. When busy it makes two system calls per batch with one socket, as the barest echo does, and loads the snapshot once.
//! A query that makes `answer` panic costs its own reply and no other; a panic of the loop itself costs the batch in hand.

use std::io;
use std::panic::{self, AssertUnwindSafe};
use std::thread;
use std::time::{Duration, Instant};

use answer::plan::Snapshot;
use answer::{Env, Outcome};
use arc_swap::ArcSwap;

use crate::answerer::Answerer;
use crate::batch::Batch;
use crate::counters::Tally;
use crate::draw::Draw;
use crate::fault;
use crate::socket::{self, Socket};
use crate::stop::Stop;
use crate::tap::Ring;
use crate::wanted::{Asker, Queue};
use crate::watcher::Watcher;

/// An idle thread looks this often whether it should stop: 20 wake-ups a second are nothing, 50 ms pass unnoticed. A busy one looks every batch.
const PATIENCE: Duration = Duration::from_millis(50);
/// Before a loop that panicked begins anew, so that one that always panics leaves the core to others.
const RESTART_PAUSE: Duration = Duration::from_millis(10);
/// A socket that has nothing but errors, so many in a row, is left alone for a moment: ICMP errors come mixed with queries.
const ERRORS: u32 = 64;
const ERROR_PAUSE: Duration = Duration::from_millis(1);

/// How the threads answer.
#[derive(Debug, Clone, Copy)]
pub struct Config {
    /// Octets at most per reply.
    pub max_udp: u16,
    /// Whether client subnets are read and echoed.
    pub ecs: bool,
    /// Datagrams at most per system call; more only make the first of them wait for the last.
    pub batch: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self { max_udp: answer::reply::MAX_UDP, ecs: true, batch: 64 }
    }
}

/// What all threads share; written by none of them.
pub(crate) struct Shared<A> {
    pub(crate) answerer: A,
    pub(crate) config: Config,
    pub(crate) snapshot: ArcSwap<Snapshot>,
    pub(crate) stop: Stop,
}

/// What others see of a thread.
pub(crate) struct Record {
    pub(crate) number: usize,
    pub(crate) cpu: Option<usize>,
    pub(crate) tally: Tally,
    pub(crate) wanted: Queue,
    pub(crate) ring: Option<Ring>, // where queries are told
}

/// Answers at these sockets until told to stop, whatever happens.
pub(crate) fn live<A: Answerer>(shared: &Shared<A>, record: &Record, sockets: &[Socket], mut draw: Draw, mut watcher: Option<Watcher>) {
    fault::tell_few();
    while panic::catch_unwind(AssertUnwindSafe(|| Worker::new(shared, record, &mut draw, &mut watcher).run(sockets))).is_err() {
        record.tally.restart();
        if shared.stop.asked() {
            break;
        }
        thread::sleep(RESTART_PAUSE);
    }
    if let [socket] = sockets {
        let _ = socket.wait_in_receive(None); // as it came; an open socket takes these options
    }
}

struct Worker<'a, A: Answerer> {
    shared: &'a Shared<A>,
    record: &'a Record,
    draw: &'a mut Draw,
    watcher: &'a mut Option<Watcher>,
    batch: Batch,
    scratch: A::Scratch,
    asker: Asker,
    env: Env,
    errors: u32,
}

impl<'a, A: Answerer> Worker<'a, A> {
    fn new(shared: &'a Shared<A>, record: &'a Record, draw: &'a mut Draw, watcher: &'a mut Option<Watcher>) -> Self {
        let Config { max_udp, ecs, batch } = shared.config;
        let env = Env { draw: 0, udp: true, max_udp, ecs };
        let batch = Batch::new(batch, env.room());
        Self { shared, record, draw, watcher, batch, scratch: shared.answerer.scratch(), asker: Asker::new(), env, errors: 0 }
    }

    fn run(&mut self, sockets: &[Socket]) {
        match sockets {
            [socket] => self.serve_one(socket),
            _ => self.serve_several(sockets),
        }
        while !self.shared.stop.over() && self.round(sockets) {}
    }

    /// With one socket, waiting and reading are one system call.
    fn serve_one(&mut self, socket: &Socket) {
        let mut waits = false;
        while !self.shared.stop.asked() {
            if !waits {
                // At first; when nothing came; and when another process has put the socket that we share back to never waiting.
                socket.wait_in_receive(Some(PATIENCE)).expect("options of an open socket");
            }
            waits = self.turn(socket, libc::MSG_WAITFORONE);
        }
    }

    /// With several, each has its turn, so that a flood at one starves no other; only when none has anything is there a wait.
    fn serve_several(&mut self, sockets: &[Socket]) {
        let mut waiting: Vec<_> = sockets.iter().map(|socket| libc::pollfd { fd: socket.raw(), events: libc::POLLIN, revents: 0 }).collect();
        while !self.shared.stop.asked() {
            if !self.round(sockets) {
                socket::wait(&mut waiting, PATIENCE);
            }
        }
    }

    /// Answers one batch of each socket; whether there was any. An empty look costs less than asking the kernel which to look at.
    fn round(&mut self, sockets: &[Socket]) -> bool {
        let mut any = false;
        for socket in sockets {
            any |= self.turn(socket, libc::MSG_DONTWAIT);
        }
        any
    }

    /// Answers one batch; whether there was any.
    fn turn(&mut self, socket: &Socket, flags: i32) -> bool {
        let count = match self.batch.receive(socket, flags) {
            Ok(count) => count,
            Err(error) => return self.excuse(&error),
        };
        let began = Instant::now();
        self.errors = 0;
        self.record.tally.received(count, socket.bound().address().len() == 16);
        if let Some(watcher) = self.watcher {
            watcher.received();
        }
        self.answer(count, socket);
        let sent = self.batch.send(socket);
        self.record.tally.sent(sent, count, began.elapsed().as_nanos() as u64);
        true
    }

    /// Answers the batch from one snapshot, which is let go before the replies are sent.
    fn answer(&mut self, count: usize, socket: &Socket) {
        let snapshot = self.shared.snapshot.load();
        let mut next = 0;
        while next < count {
            // Entered once per batch, and once more after each panic, behind the query that caused it.
            let done = panic::catch_unwind(AssertUnwindSafe(|| {
                while next < count {
                    next += 1;
                    self.answer_one(&snapshot, next - 1, socket);
                }
            }));
            if done.is_err() {
                self.record.tally.fault();
                self.scratch = self.shared.answerer.scratch();
            }
        }
    }

    #[inline]
    fn answer_one(&mut self, snapshot: &Snapshot, at: usize, socket: &Socket) {
        self.env.draw = self.draw.next();
        let (query, client, out) = self.batch.parts(at);
        let mut outcome = self.shared.answerer.answer(snapshot, query, client, &self.env, &mut self.scratch, out);
        if let Some(watcher) = self.watcher {
            outcome = watcher.look(at, outcome, &mut self.batch, socket, self.record.ring.as_ref(), &self.env);
        }
        if let Outcome::Reply { len, wanted, .. } = outcome {
            self.batch.reply(at, len);
            if let Some(row) = wanted {
                self.asker.ask(&self.record.wanted, row, snapshot.generation);
            }
        }
        self.record.tally.answered(&outcome);
    }

    /// Nothing was received: time is up, a signal, or an ICMP error of an earlier reply, which is told once and thereby gone.
    #[cold]
    fn excuse(&mut self, error: &io::Error) -> bool {
        if matches!(error.raw_os_error(), Some(libc::EAGAIN | libc::EINTR)) {
            return false;
        }
        self.errors += 1;
        if self.errors >= ERRORS {
            self.errors = 0;
            thread::sleep(ERROR_PAUSE);
        }
        false
    }
}
