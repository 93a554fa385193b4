//! What the packet threads count: each its own, summed when somebody asks.

use std::collections::HashMap;

use answer::{Drop, Meta, Outcome};

use crate::batch::Sent;
use crate::count::Count;
use crate::histogram::Histogram;
use crate::kinds::Kinds;

const DROPS: [Drop; 2] = [Drop::Short, Drop::Response];

/// What happened to all datagrams since the start.
#[derive(Debug, Default, Clone)]
pub struct Counters {
    /// Datagrams read.
    pub received: u64,
    /// Those of them that came in at sockets of IPv6.
    pub received6: u64,
    /// Replies handed to the kernel.
    pub sent: u64,
    /// Replies it refused: full buffer, firewall, no route, port 0.
    pub unsent: u64,
    /// Octets of replies.
    pub octets: u64,
    /// Panics in answering, each caught and costing one reply; must stay 0.
    pub faults: u64,
    /// Panics of the loop itself, after which it began anew; must stay 0.
    pub restarts: u64,
    /// Replies with TC set.
    pub truncated: u64,
    /// Queries met with silence, by reason.
    pub dropped: Vec<(&'static str, u64)>,
    /// Replies by kind; past 4096 kinds a thread counts by rcode alone. A pool's number is left 0: it belongs to a snapshot, a count does not.
    pub answers: Vec<(Meta, u64)>,
    /// Queries by the time from received to sent: upper bounds in ns; the last is `u64::MAX`.
    pub latency: Vec<(u64, u64)>,
    /// The threads, in the order of their numbers.
    pub threads: Vec<ThreadCounters>,
}

/// What happened in one thread.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct ThreadCounters {
    /// Its number; the thread is named `gslb-udp-NUMBER`.
    pub number: usize,
    /// The core it is pinned to.
    pub cpu: Option<usize>,
    /// Datagrams read.
    pub received: u64,
    /// Replies handed to the kernel.
    pub sent: u64,
    /// Replies it refused.
    pub unsent: u64,
    /// Panics in answering.
    pub faults: u64,
    /// Panics of the loop itself.
    pub restarts: u64,
}

/// One thread's own counts. It alone writes them; its cache lines are no other thread's.
#[derive(Debug)]
#[repr(align(128))] // two lines: the prefetcher fetches pairs
pub(crate) struct Tally {
    received: Count,
    received6: Count,
    sent: Count,
    unsent: Count,
    octets: Count,
    truncated: Count,
    dropped: [Count; DROPS.len()],
    faults: Count,
    restarts: Count,
    latency: Histogram,
    kinds: Kinds,
}

impl Tally {
    /// Nothing happened yet.
    pub(crate) fn new() -> Self {
        let [received, received6, sent, unsent, octets, truncated, faults, restarts] = [const { Count::new() }; 8];
        let (dropped, latency, kinds) = ([const { Count::new() }; DROPS.len()], Histogram::default(), Kinds::new());
        Self { received, received6, sent, unsent, octets, truncated, dropped, faults, restarts, latency, kinds }
    }

    /// Counts datagrams, before anything can go wrong with them; `v6`: at a socket of IPv6.
    pub(crate) fn received(&self, count: usize, v6: bool) {
        self.received.add(count as u64);
        if v6 {
            self.received6.add(count as u64);
        }
    }

    /// Counts one outcome.
    #[inline]
    pub(crate) fn answered(&self, outcome: &Outcome) {
        match outcome {
            Outcome::Reply { meta, .. } => {
                if meta.truncated {
                    self.truncated.add(1);
                }
                self.kinds.add(meta);
            }
            Outcome::Silence(Drop::Short) => self.dropped[0].add(1),
            Outcome::Silence(Drop::Response) => self.dropped[1].add(1),
        }
    }

    /// Counts what became of a batch, and how long it took.
    pub(crate) fn sent(&self, sent: Sent, queries: usize, nanoseconds: u64) {
        self.sent.add(sent.sent);
        self.octets.add(sent.octets);
        if sent.unsent > 0 {
            self.unsent.add(sent.unsent);
        }
        self.latency.add(nanoseconds, queries as u64);
    }

    /// Counts a panic in answering.
    pub(crate) fn fault(&self) {
        self.faults.add(1);
    }

    /// Counts a panic of the loop.
    pub(crate) fn restart(&self) {
        self.restarts.add(1);
    }
}

/// Sums up all threads: number, core, counts.
pub(crate) fn sum<'a>(threads: impl Iterator<Item = (usize, Option<usize>, &'a Tally)>) -> Counters {
    let mut all = Counters { dropped: DROPS.map(|drop| (drop.reason(), 0)).to_vec(), ..Counters::default() };
    let mut answers: HashMap<Meta, u64> = HashMap::new();
    all.latency = Histogram::default().counts().collect();
    for (number, cpu, tally) in threads {
        let [received, sent, unsent, faults, restarts] =
            [&tally.received, &tally.sent, &tally.unsent, &tally.faults, &tally.restarts].map(Count::get);
        all.threads.push(ThreadCounters { number, cpu, received, sent, unsent, faults, restarts });
        all.received += received;
        all.received6 += tally.received6.get();
        all.octets += tally.octets.get();
        all.sent += sent;
        all.unsent += unsent;
        all.faults += faults;
        all.restarts += restarts;
        all.truncated += tally.truncated.get();
        all.dropped.iter_mut().zip(&tally.dropped).for_each(|(sum, count)| sum.1 += count.get());
        all.latency.iter_mut().zip(tally.latency.counts()).for_each(|(sum, (_, count))| sum.1 += count);
        tally.kinds.counts().for_each(|(meta, count)| *answers.entry(meta).or_default() += count);
    }
    all.answers = answers.into_iter().collect();
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(rcode: u8, truncated: bool) -> Outcome {
        Outcome::Reply { len: 12, meta: Meta { rcode, truncated, pool_number: 7, ..Meta::default() }, wanted: None }
    }

    #[test]
    fn threads_are_summed() {
        let (one, two) = (Tally::new(), Tally::new());
        for tally in [&one, &two] {
            tally.received(4, false);
            tally.received(3, true);
            [reply(0, false), reply(0, true), reply(3, false), Outcome::Silence(Drop::Response)].iter().for_each(|outcome| tally.answered(outcome));
            tally.sent(Sent { sent: 2, unsent: 1, octets: 90 }, 4, 3000);
        }
        two.answered(&Outcome::Silence(Drop::Short));
        two.fault();
        two.restart();
        let all = sum([(0, None, &one), (1, Some(3), &two)].into_iter());
        assert_eq!((all.received, all.sent, all.unsent, all.truncated, all.faults, all.restarts), (14, 4, 2, 2, 1, 1));
        assert_eq!((all.received6, all.octets), (6, 180));
        assert_eq!(all.dropped, [("short", 1), ("response", 2)]);
        assert_eq!(all.latency.iter().filter(|&&(_, count)| count > 0).collect::<Vec<_>>(), [&(4096, 8)]);
        let answers: HashMap<Meta, u64> = all.answers.into_iter().collect();
        let kind = |rcode, truncated| Meta { rcode, truncated, ..Meta::default() };
        assert_eq!(answers, HashMap::from([(kind(0, false), 2), (kind(0, true), 2), (kind(3, false), 2)]));
        let second = ThreadCounters { number: 1, cpu: Some(3), received: 7, sent: 2, unsent: 1, faults: 1, restarts: 1 };
        assert_eq!(all.threads[1], second);
    }

    #[test]
    fn each_reason_to_drop_is_counted_by_its_own_word() {
        for drop in DROPS {
            let tally = Tally::new();
            tally.answered(&Outcome::Silence(drop));
            let counted = sum([(0, None, &tally)].into_iter()).dropped;
            assert_eq!(counted.iter().find(|&&(_, count)| count == 1).map(|&(word, _)| word), Some(drop.reason()));
        }
    }
}
