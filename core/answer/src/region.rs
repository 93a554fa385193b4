//! Finds the region of a client in a partition, and the scope that goes with it (RFC 7871 section 7.2.1).
//!
//! A scope is honest when every address inside it gets the same region, and short when no shorter one would do; both follow from the
//! neighbours of the run that holds the address. `last` is always inclusive here, where Python's `high` is the address behind.

use std::ops::{Add, BitAnd, BitOr, Not, Sub};

use crate::buckets::Buckets;
use crate::subnet::{Subnet, embedded, folded_gap, special_gap};

/// The region that holds the unknown location.
pub const UNKNOWN: u16 = 0;
const MAX_WALK: usize = 64; // runs smaller than the cap stepped over on each side: past it a scope is longer than need be, and still honest

/// The address space cut into runs of equal region, sorted, covering everything from 0.
#[derive(Debug)]
pub struct Partition {
    v4: Runs<u32>,
    buckets: Buckets, // the same, as it is read
    v6: Runs<u128>,
}

/// Region and scope of a subnet; `known` false where the address says nothing of where the client is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Found {
    pub(crate) region: u16,
    pub(crate) scope: u8,
    pub(crate) known: bool,
}

impl Partition {
    /// Builds the look-up tables; `None` where the runs do not begin at 0 and ascend (see `delta`). Starts of IPv4 runs in the low 32 bits.
    pub fn new(v4: (Vec<u32>, Vec<u16>), v6: (Vec<u128>, Vec<u16>), cap4: u8, cap6: u8) -> Self {
        let within4 = u32::MAX.checked_shr(cap4.into()).unwrap_or(0);
        let within6 = u128::MAX.checked_shr(cap6.into()).unwrap_or(0);
        let v4 = Runs::new(v4.0, v4.1, within4);
        Self { buckets: Buckets::new(&v4), v4, v6: Runs::new(v6.0, v6.1, within6) }
    }

    /// The partition of a pool without one: one region.
    pub fn whole() -> Self {
        Self::new((vec![0], vec![UNKNOWN]), (vec![0], vec![UNKNOWN]), 24, 56)
    }

    /// Region of an address of 4 or 16 octets, all of its bits known; IPv4 inside IPv6 counts as IPv4.
    pub fn of_client(&self, client: &[u8]) -> u16 {
        if let Ok(four) = <[u8; 4]>::try_from(client) {
            return self.buckets.region(u32::from_be_bytes(four));
        }
        let address = wide(client);
        match embedded(address) {
            Some((inside, _)) => self.buckets.region(inside),
            None => self.v6.region(address),
        }
    }

    /// Region and scope for a client subnet; the resolver's own address where the subnet says nothing.
    pub fn of_subnet(&self, subnet: &Subnet, client: &[u8]) -> (u16, u8) {
        if subnet.octets.is_empty() {
            return (self.of_client(client), 0); // RFC 7871 section 7.1.2: the client asks not to be located
        }
        let found = self.found(subnet);
        (if found.known { found.region } else { self.of_client(client) }, found.scope)
    }

    /// Whether a client subnet says where the client is; where it does not, the resolver's own address counts.
    pub fn speaks(&self, subnet: &Subnet) -> bool {
        self.found(subnet).known
    }

    fn found(&self, subnet: &Subnet) -> Found {
        if subnet.bits == 32 {
            return self.of4(subnet.address4());
        }
        let address = subnet.address();
        match embedded(address) {
            Some((inside, before)) => {
                let found = self.of4(inside);
                Found { scope: found.scope + before, ..found }
            }
            None => self.of6(address),
        }
    }

    fn of4(&self, address: u32) -> Found {
        let masked = address & !self.v4.within;
        self.buckets.found(masked).unwrap_or_else(|| self.of4_in_runs(address, masked))
    }

    #[cold]
    fn of4_in_runs(&self, address: u32, masked: u32) -> Found {
        let (region, low, last) = self.v4.bounds(self.v4.find(masked));
        judged(address.into(), 32, region, block(masked.into(), low.into(), last.into(), 32))
    }

    fn of6(&self, address: u128) -> Found {
        let masked = address & !self.v6.within;
        let (region, low, last) = self.v6.bounds(self.v6.find(masked));
        // Addresses that hold IPv4 are looked up elsewhere: a scope must not reach into their blocks, whatever the cap.
        let (gap_low, gap_last) = folded_gap(address);
        let scope = block(masked, low, last, 128).max(block(address, gap_low, gap_last, 128));
        judged(address, 128, region, scope)
    }
}

/// Keeps apart, where the partition knows nothing, what is answered by subnet and what by the resolver's address.
///
/// The partition is asked first, so that operators can map private networks.
fn judged(address: u128, bits: u8, region: u16, scope: u8) -> Found {
    if region != UNKNOWN {
        return Found { region, scope, known: true };
    }
    let (low, last, special) = special_gap(address, bits);
    Found { region, scope: scope.max(block(address, low, last, bits)), known: !special }
}

/// Length of the largest aligned block around the address that stays inside [low, last].
///
/// It must leave out low - 1 and last + 1; a block leaves out x when it is longer than what the address shares with x.
pub(crate) fn block(address: u128, low: u128, last: u128, bits: u8) -> u8 {
    let end = if bits == 32 { u128::from(u32::MAX) } else { u128::MAX };
    let below = if low == 0 { bits + 1 } else { length(address ^ (low - 1)) };
    let above = if last == end { bits + 1 } else { length(address ^ (last + 1)) };
    bits + 1 - below.min(above)
}

fn length(x: u128) -> u8 {
    (128 - x.leading_zeros()) as u8
}

fn wide(octets: &[u8]) -> u128 {
    octets.iter().fold(0, |address, &octet| address << 8 | u128::from(octet))
}

/// An address of one family, as runs are kept.
pub(crate) trait Address:
    Copy + Ord + BitAnd<Output = Self> + BitOr<Output = Self> + Not<Output = Self> + Add<Output = Self> + Sub<Output = Self>
{
    const ZERO: Self;
    const ONE: Self;
    const LAST: Self;
    /// The bucket that it is looked for in; buckets ascend with their addresses.
    fn bucket(self) -> usize;
}

const BUCKETS: usize = 1 << 16;

impl Address for u32 {
    const ZERO: Self = 0;
    const ONE: Self = 1;
    const LAST: Self = Self::MAX;

    fn bucket(self) -> usize {
        (self >> 16) as usize
    }
}

impl Address for u128 {
    const ZERO: Self = 0;
    const ONE: Self = 1;
    const LAST: Self = Self::MAX;

    /// The 16 bits behind 2000::/3, where all that is routed lives; what is below or above is one bucket at either end.
    fn bucket(self) -> usize {
        match (self >> 125) as u8 {
            0 => 0,
            1 => (self >> 109) as usize & (BUCKETS - 1),
            _ => BUCKETS - 1,
        }
    }
}

/// One run: its first address, its region, and whether its bounds as masked addresses see them are not its own. All that a look-up reads.
#[derive(Debug)]
struct Run<T> {
    start: T,
    region: u16,
    ragged: bool,
}

/// The runs of one family, with a table of where each bucket of addresses begins: a look-up begins in the few runs of its bucket.
#[derive(Debug)]
pub(crate) struct Runs<T> {
    runs: Box<[Run<T>]>,
    buckets: Box<[u32]>,        // for each bucket the first run that does not begin below it; one more at the end
    within: T,                  // host bits beyond the cap: client subnets are masked by it
    ragged: Box<[(u32, T, T)]>, // ragged runs: which, and their first and last address
}

impl<T: Address> Runs<T> {
    fn new(starts: Vec<T>, regions: Vec<u16>, within: T) -> Self {
        let mut buckets = vec![0u32; BUCKETS + 1];
        for start in &starts {
            buckets[start.bucket() + 1] += 1;
        }
        for i in 0..BUCKETS {
            buckets[i + 1] += buckets[i];
        }
        let runs: Box<[Run<T>]> = starts.into_iter().zip(regions).map(|(start, region)| Run { start, region, ragged: false }).collect();
        let mut runs = Self { runs, buckets: buckets.into(), within, ragged: Box::default() };
        runs.ragged = (0..runs.runs.len()).filter(|&run| runs.is_uneven(run)).map(|run| runs.whole(run)).collect();
        for (run, _, _) in &runs.ragged {
            runs.runs[*run as usize].ragged = true;
        }
        runs
    }

    fn region(&self, address: T) -> u16 {
        self.runs[self.find(address)].region
    }

    /// Region of a run, and the first and last address of what is the same to masked addresses.
    pub(crate) fn bounds(&self, at: usize) -> (u16, T, T) {
        let run = &self.runs[at];
        if run.ragged
            && let Ok(i) = self.ragged.binary_search_by_key(&(at as u32), |one| one.0)
        {
            return (run.region, self.ragged[i].1, self.ragged[i].2);
        }
        (run.region, run.start, self.last(at))
    }

    /// The run that holds the address; the first one begins at 0.
    fn find(&self, address: T) -> usize {
        let bucket = address.bucket();
        let (from, to) = (self.buckets[bucket] as usize, self.buckets[bucket + 1] as usize);
        (from + self.runs[from..to].partition_point(|run| run.start <= address)).saturating_sub(1)
    }

    /// The runs that hold the first and the last address of a stretch.
    pub(crate) fn covering(&self, first: T, last: T) -> (usize, usize) {
        (self.find(first), self.find(last))
    }

    /// The first address of a run.
    pub(crate) fn start(&self, run: usize) -> T {
        self.runs[run].start
    }

    /// Host bits beyond the cap.
    pub(crate) fn within(&self) -> T {
        self.within
    }

    /// Whether masked addresses see other bounds of a run than its own.
    pub(crate) fn is_ragged(&self, run: usize) -> bool {
        self.runs[run].ragged
    }

    fn last(&self, run: usize) -> T {
        self.runs.get(run + 1).map_or(T::LAST, |next| next.start - T::ONE)
    }

    /// Whether the run does not begin and end with a step, or stands behind one that masked addresses may not find.
    fn is_uneven(&self, run: usize) -> bool {
        let (start, within) = (self.runs[run].start, self.within);
        start & within != T::ZERO || self.last(run) & within != within || (run > 0 && start - self.runs[run - 1].start <= within)
    }

    /// The bounds of a run as masked addresses see it, in whole steps.
    ///
    /// A run between two multiples of a step is never found by a masked address: what lies on both sides of it is one where the regions are.
    fn whole(&self, run: usize) -> (u32, T, T) {
        let region = self.runs[run].region;
        let (mut low, mut last) = (T::ZERO, T::LAST);
        let mut at = run;
        for _ in 0..MAX_WALK {
            last = self.last(at) | self.within; // the last address of a step
            if last == T::LAST {
                break;
            }
            at = self.find(last + T::ONE);
            if self.runs[at].region != region {
                break;
            }
        }
        at = run;
        for _ in 0..MAX_WALK {
            low = self.runs[at].start;
            if low == T::ZERO {
                break;
            }
            let before = (low - T::ONE) | self.within; // the last address of the step before
            if before == T::LAST {
                break; // within the last step: no masked address finds this run
            }
            low = before + T::ONE;
            at = self.find(before & !self.within);
            if self.runs[at].region != region {
                break;
            }
        }
        (run as u32, low, last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draw::number;

    /// Runs that crowd in some buckets and span many others, even and ragged, under caps from the coarsest to none.
    #[test]
    fn buckets_say_what_the_runs_say() {
        for seed in 0..12 {
            let draw = |n| number(seed, n);
            let crowded = |draw: u64| (draw as u32 % 8) << 16 | (draw >> 32) as u32 >> 16;
            let mut starts: Vec<u32> = (1..draw(1) % 300).map(|n| crowded(draw(n)) << ((draw(n) >> 40) % 14)).collect();
            starts.extend([0, 10 << 24, 11 << 24, 0xC0A8_0000]);
            starts.sort_unstable();
            starts.dedup();
            let regions: Vec<u16> = (0..starts.len() as u64).map(|n| (draw(n) % 3) as u16).collect();
            for cap in [0, 8, 16, 20, 24, 31, 32] {
                let partition = Partition::new((starts.clone(), regions.clone()), (vec![0], vec![0]), cap, 56);
                for n in 0..2000 {
                    let near = starts[draw(n) as usize % starts.len()];
                    let address = [near, near.wrapping_sub(1), near ^ (draw(n) as u32 % 4096), draw(n) as u32][n as usize % 4];
                    assert_eq!(partition.of4(address), partition.of4_in_runs(address, address & !partition.v4.within), "{seed} /{cap} {address:x}");
                    assert_eq!(partition.buckets.region(address), partition.v4.region(address));
                }
            }
        }
    }
}
