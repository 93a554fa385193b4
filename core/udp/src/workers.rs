//! All packet threads, and the snapshot they answer from.
//!
//! Made by `core/py`, one per process. Its methods may wait for each other, and free old snapshots; no packet thread ever does either.

use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread::{self, JoinHandle};
use std::time::Duration;
use std::{io, mem};

use answer::Wanted;
use answer::plan::Snapshot;
use arc_swap::ArcSwap;

use crate::answerer::{Answerer, Real};
use crate::counters::{self, Counters, Tally};
use crate::draw::Draw;
use crate::pin;
use crate::signals::Blocked;
use crate::socket::Socket;
use crate::stop::Stop;
use crate::tap::{Exchange, Ring, Watching};
use crate::wanted::Queue;
use crate::watcher::Watcher;
use crate::worker::{self, Config, Record, Shared};

/// All threads.
pub struct Workers<A: Answerer = Real> {
    shared: Arc<Shared<A>>,
    old: Mutex<Vec<Arc<Snapshot>>>,  // kept alive here until no thread reads them
    first_asked: Mutex<usize>,       // whose queue is read first; queues have one reader at a time
    watching: Option<Arc<Watching>>, // of threads to come
    threads: Vec<Thread>,
}

struct Thread {
    record: Arc<Record>,
    running: Option<JoinHandle<()>>,
}

impl Workers {
    /// No thread yet, and an empty snapshot.
    pub fn new(config: Config) -> Self {
        Self::answering(config, Real)
    }
}

impl<A: Answerer> Workers<A> {
    /// As `new`, with another answerer.
    pub fn answering(config: Config, answerer: A) -> Self {
        let snapshot = ArcSwap::from_pointee(Snapshot::default());
        let shared = Arc::new(Shared { answerer, config, snapshot, stop: Stop::new() });
        Self { shared, old: Mutex::default(), first_asked: Mutex::default(), watching: None, threads: Vec::new() }
    }

    /// Lets the threads to come tell of queries.
    pub fn watch(&mut self, watching: Watching) {
        self.watching = Some(Arc::new(watching));
    }

    /// Answers from this snapshot from the next batch on. The old one is kept until [`Workers::reap`] finds that nobody reads it.
    pub fn publish(&self, snapshot: Arc<Snapshot>) {
        let mut old = lock(&self.old);
        old.push(self.shared.snapshot.swap(snapshot));
    }

    /// Frees the old snapshots that nobody reads any more; returns how many are left.
    pub fn reap(&self) -> usize {
        let mut old = lock(&self.old);
        // Swapping has turned every reader's hold on the old pointer into a count of its own, and there can be no new readers.
        let (read, free) = mem::take(&mut *old).into_iter().partition::<Vec<_>, _>(|snapshot| Arc::strong_count(snapshot) > 1);
        *old = read;
        let left = old.len();
        mem::drop(old); // freeing takes a while
        mem::drop(free);
        left
    }

    /// The snapshot that is answered from.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.shared.snapshot.load_full()
    }

    /// Starts one more thread on these bound UDP sockets, on a core of its own where given; returns its number.
    ///
    /// One socket per thread is fastest: waiting and reading are then one system call. Threads may share a core.
    pub fn start(&mut self, sockets: Vec<OwnedFd>, cpu: Option<usize>) -> io::Result<usize> {
        let sockets = sockets.into_iter().map(Socket::new).collect::<io::Result<Vec<_>>>()?;
        if sockets.is_empty() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "a UDP thread needs a socket"));
        }
        let draw = Draw::from_kernel()?;
        let number = self.threads.len();
        let watcher = self.watching.as_ref().map(|watching| Draw::from_kernel().map(|draw| Watcher::new(watching.clone(), draw))).transpose()?;
        let ring = self.watching.as_ref().filter(|watching| watching.keeps()).map(|_| Ring::new());
        let record = Arc::new(Record { number, cpu, tally: Tally::new(), wanted: Queue::new(), ring });
        let (told, started) = mpsc::channel();
        let (shared, its_record) = (self.shared.clone(), record.clone());
        let life = move || {
            let pinned = cpu.map_or(Ok(()), pin::to);
            let alive = pinned.is_ok();
            if told.send(pinned).is_ok() && alive {
                worker::live(&shared, &its_record, &sockets, draw, watcher);
            }
        };
        let blocked = Blocked::all();
        let running = thread::Builder::new().name(format!("gslb-udp-{number}")).spawn(life)?;
        mem::drop(blocked);
        started.recv().map_err(io::Error::other)??;
        self.threads.push(Thread { record, running: Some(running) });
        Ok(number)
    }

    /// Answers what is queued, for so long at most, then ends all threads and closes their sockets. Counters stay.
    pub fn stop(&mut self, limit: Duration) {
        self.shared.stop.ask(limit);
        for running in self.threads.iter_mut().filter_map(|thread| thread.running.take()) {
            let _ = running.join(); // its panics were caught and counted
        }
        self.shared.stop.clear();
    }

    /// What happened so far, in all threads since the start.
    pub fn counters(&self) -> Counters {
        counters::sum(self.threads.iter().map(|Thread { record, .. }| (record.number, record.cpu, &record.tally)))
    }

    /// Takes what was kept of queries, all of it; `room` is memory for one.
    pub fn tapped(&mut self, room: &mut Vec<u8>, mut each: impl FnMut(&Exchange)) {
        self.threads.iter().filter_map(|thread| thread.record.ring.as_ref()).for_each(|ring| ring.take(room, &mut each));
    }

    /// Queries for dnstap and for the log that found no room in rings since the start.
    pub fn missed(&self) -> [u64; 2] {
        let rings = self.threads.iter().filter_map(|thread| thread.record.ring.as_ref());
        rings.map(Ring::missed).fold([0; 2], |sum, missed| [sum[0] + missed[0], sum[1] + missed[1]])
    }

    /// Takes rows, so many at most, that were asked for and are not compiled; each once.
    pub fn wanted(&self, most: usize) -> Vec<Wanted> {
        let mut first = lock(&self.first_asked);
        let mut rows = Vec::new();
        let count = self.threads.len();
        for step in 0..count {
            self.threads[(*first + step) % count].record.wanted.take(most - rows.len(), &mut rows);
        }
        *first = first.wrapping_add(1); // where one thread's rows fill the answer, another's come next time
        rows.sort_unstable();
        rows.dedup();
        rows
    }
}

impl<A: Answerer> Drop for Workers<A> {
    fn drop(&mut self) {
        self.stop(Duration::ZERO);
    }
}

/// Locks, even after a panic: nothing here is left half done by one.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
