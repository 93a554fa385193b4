//! Rows that were asked for and are not compiled: from a packet thread to control, bounded, and never waiting.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use answer::Wanted;

const CELLS: usize = 4096; // rows; a full queue only means that a row is asked for by a later query
const FILTER: usize = 1024; // rows remembered as asked; more would only save repeats in the queue
const NO_ROW: u64 = u64::MAX;

/// A queue with one writer, the packet thread, and one reader at a time. A row fits one word, so cells need no lock.
#[derive(Debug)]
pub(crate) struct Queue {
    cells: Box<[AtomicU64]>,
    written: Line,
    read: Line,
}

/// A position that its cache line shares with nothing: the reader's must not slow the writer's.
#[derive(Debug, Default)]
#[repr(align(128))] // two lines: the prefetcher fetches pairs
struct Line(AtomicUsize);

impl Queue {
    /// Empty.
    pub(crate) fn new() -> Self {
        Self { cells: (0..CELLS).map(|_| AtomicU64::new(0)).collect(), written: Line::default(), read: Line::default() }
    }

    /// Puts a row in; false where there is no room. Only the packet thread calls this.
    fn put(&self, row: u64) -> bool {
        let written = self.written.0.load(Ordering::Relaxed);
        if written.wrapping_sub(self.read.0.load(Ordering::Acquire)) >= CELLS {
            return false;
        }
        self.cells[written % CELLS].store(row, Ordering::Relaxed);
        self.written.0.store(written.wrapping_add(1), Ordering::Release);
        true
    }

    /// Takes so many rows at most. Callers take turns: `Workers` holds a lock that no packet thread knows.
    pub(crate) fn take(&self, most: usize, into: &mut Vec<Wanted>) {
        let read = self.read.0.load(Ordering::Relaxed);
        let count = self.written.0.load(Ordering::Acquire).wrapping_sub(read).min(most);
        into.extend((0..count).map(|step| unpack(self.cells[read.wrapping_add(step) % CELLS].load(Ordering::Relaxed))));
        self.read.0.store(read.wrapping_add(count), Ordering::Release);
    }
}

/// The packet thread's end of its queue: a flood for one row asks for it once, until the queue is read or the plan has changed.
#[derive(Debug)]
pub(crate) struct Asker {
    asked: Box<[u64; FILTER]>,
    read: usize,
    generation: u64,
}

impl Asker {
    /// Nothing asked yet.
    pub(crate) fn new() -> Self {
        Self { asked: Box::new([NO_ROW; FILTER]), read: 0, generation: 0 }
    }

    /// Asks for a row that the snapshot of this generation has not.
    #[cold]
    pub(crate) fn ask(&mut self, queue: &Queue, wanted: Wanted, generation: u64) {
        let read = queue.read.0.load(Ordering::Relaxed);
        if (read, generation) != (self.read, self.generation) {
            self.asked.fill(NO_ROW);
            (self.read, self.generation) = (read, generation);
        }
        let row = pack(wanted);
        let asked = &mut self.asked[(row.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 54) as usize];
        if *asked != row && queue.put(row) {
            *asked = row;
        }
    }
}

fn pack(wanted: Wanted) -> u64 {
    u64::from(wanted.pool) << 32 | u64::from(wanted.region) << 16 | u64::from(wanted.rtype)
}

fn unpack(row: u64) -> Wanted {
    Wanted { pool: (row >> 32) as u32, region: (row >> 16) as u16, rtype: row as u16 }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::thread;

    use super::*;

    fn row(number: usize) -> Wanted {
        Wanted { pool: number as u32, region: 7, rtype: 28 }
    }

    fn taken(queue: &Queue, most: usize) -> Vec<Wanted> {
        let mut into = Vec::new();
        queue.take(most, &mut into);
        into
    }

    #[test]
    fn a_row_comes_out_as_it_went_in() {
        let widest = Wanted { pool: u32::MAX, region: u16::MAX, rtype: 257 };
        let (queue, mut asker) = (Queue::new(), Asker::new());
        for wanted in [row(0), widest, row(1)] {
            asker.ask(&queue, wanted, 1);
        }
        assert_eq!(taken(&queue, 2), [row(0), widest]);
        assert_eq!(taken(&queue, 2), [row(1)]);
        assert_eq!(taken(&queue, 2), []);
    }

    #[test]
    fn a_flood_for_one_row_asks_once_until_the_queue_is_read_or_the_plan_changes() {
        let (queue, mut asker) = (Queue::new(), Asker::new());
        (0..100_000).for_each(|_| asker.ask(&queue, row(5), 1));
        assert_eq!(taken(&queue, usize::MAX), [row(5)]);
        (0..100).for_each(|_| asker.ask(&queue, row(5), 1));
        (0..100).for_each(|_| asker.ask(&queue, row(5), 2));
        assert_eq!(taken(&queue, usize::MAX), [row(5), row(5)]);
    }

    #[test]
    fn a_full_queue_keeps_what_it_has_and_takes_more_once_read() {
        let (queue, mut asker) = (Queue::new(), Asker::new());
        (0..CELLS + 50).for_each(|number| asker.ask(&queue, row(number), 1));
        let all = taken(&queue, usize::MAX);
        assert_eq!(all, (0..CELLS).map(row).collect::<Vec<_>>());
        asker.ask(&queue, row(CELLS + 49), 1);
        assert_eq!(taken(&queue, usize::MAX), [row(CELLS + 49)]);
    }

    #[test]
    fn positions_may_wrap_round() {
        let queue = Queue::new();
        queue.written.0.store(usize::MAX - 1, Ordering::Relaxed);
        queue.read.0.store(usize::MAX - 1, Ordering::Relaxed);
        (0..4).for_each(|number| assert!(queue.put(pack(row(number)))));
        assert_eq!(taken(&queue, usize::MAX), (0..4).map(row).collect::<Vec<_>>());
    }

    #[test]
    fn one_writes_while_another_reads() {
        const ROWS: usize = 200_000;
        let queue = Queue::new();
        thread::scope(|scope| {
            scope.spawn(|| {
                for number in 0..ROWS {
                    while !queue.put(pack(row(number))) {
                        thread::yield_now();
                    }
                }
            });
            let mut all = Vec::new();
            while all.len() < ROWS {
                queue.take(100, &mut all);
            }
            assert_eq!(all, (0..ROWS).map(row).collect::<Vec<_>>());
            assert_eq!(all.iter().collect::<HashSet<_>>().len(), ROWS);
        });
    }
}
