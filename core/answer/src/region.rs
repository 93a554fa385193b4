//! Finds the region of a client in a partition, and the scope that goes with it (RFC 7871 section 7.2.1).
//!
//! A scope is honest when every address inside it gets the same region, and short when no shorter one would do; both follow from the
//! neighbours of the run that holds the address. `last` is always inclusive here, where Python's `high` is the address behind.

use crate::subnet::{Subnet, embedded, folded_gap, special_gap};

/// The region that holds the unknown location.
pub const UNKNOWN: u16 = 0;
const MAX_WALK: usize = 64; // runs smaller than the cap stepped over on each side: past it a scope is longer than need be, and still honest

/// The address space cut into runs of equal region, sorted, covering everything from 0.
#[derive(Debug)]
pub struct Partition {
    v4: Runs,
    v6: Runs,
}

/// Region and scope of a subnet; `known` false where the address says nothing of where the client is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Found {
    region: u16,
    scope: u8,
    known: bool,
}

impl Partition {
    /// Builds the look-up tables; `None` where the runs do not begin at 0 and ascend (see `delta`). Starts of IPv4 runs in the low 32 bits.
    pub fn new(v4: (Vec<u32>, Vec<u16>), v6: (Vec<u128>, Vec<u16>), cap4: u8, cap6: u8) -> Self {
        Self { v4: Runs::v4(v4.0, v4.1, cap4), v6: Runs::v6(v6.0, v6.1, cap6) }
    }

    /// The partition of a pool without one: one region.
    pub fn whole() -> Self {
        Self::new((vec![0], vec![UNKNOWN]), (vec![0], vec![UNKNOWN]), 24, 56)
    }

    /// Region of an address of 4 or 16 octets, all of its bits known; IPv4 inside IPv6 counts as IPv4.
    pub fn of_client(&self, client: &[u8]) -> u16 {
        if let Ok(four) = <[u8; 4]>::try_from(client) {
            return self.v4.region(u128::from(u32::from_be_bytes(four)));
        }
        let address = wide(client);
        match embedded(address) {
            Some((inside, _)) => self.v4.region(u128::from(inside)),
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
        let address = subnet.address();
        if subnet.bits == 32 {
            return self.of4(address);
        }
        match embedded(address) {
            Some((inside, before)) => {
                let found = self.of4(u128::from(inside));
                Found { scope: found.scope + before, ..found }
            }
            None => self.of6(address),
        }
    }

    fn of4(&self, address: u128) -> Found {
        let (region, low, last) = self.v4.around(address);
        let masked = address & !(self.v4.step - 1);
        judged(address, 32, region, block(masked, low, last, 32))
    }

    fn of6(&self, address: u128) -> Found {
        let (region, low, last) = self.v6.around(address);
        let masked = address & !self.v6.step.wrapping_sub(1);
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
fn block(address: u128, low: u128, last: u128, bits: u8) -> u8 {
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

/// The runs of one family. `start`s are kept in `narrow` for IPv4 and in `wide` for IPv6.
#[derive(Debug)]
struct Runs {
    starts: Starts,
    regions: Box<[u16]>,
    step: u128, // 1 << host bits beyond the cap: client subnets are masked to multiples of it
    end: u128,  // the last address
    /// Runs whose bounds, as masked addresses see them, are not their own: by run, first and last address.
    ragged: Box<[(u32, u128, u128)]>,
}

#[derive(Debug)]
enum Starts {
    V4(Index<u32>),
    V6(Index<u128>),
}

impl Runs {
    fn v4(starts: Vec<u32>, regions: Vec<u16>, cap: u8) -> Self {
        Self::new(Starts::V4(Index::new(starts, |start| (start >> 16) as usize)), regions, 1 << (32 - cap), u128::from(u32::MAX))
    }

    fn v6(starts: Vec<u128>, regions: Vec<u16>, cap: u8) -> Self {
        let step = if cap == 0 { 0 } else { 1 << (128 - cap) }; // 0: wraps to what it should be, all bits masked
        Self::new(Starts::V6(Index::new(starts, bucket6)), regions, step, u128::MAX)
    }

    fn new(starts: Starts, regions: Vec<u16>, step: u128, end: u128) -> Self {
        let mut runs = Self { starts, regions: regions.into(), step, end, ragged: Box::default() };
        runs.ragged = (0..runs.regions.len()).filter(|&run| runs.is_ragged(run)).map(|run| runs.whole(run)).collect();
        runs
    }

    fn region(&self, address: u128) -> u16 {
        self.regions[self.find(address)]
    }

    /// Region of the masked address, and the first and last address of what is the same to masked addresses.
    fn around(&self, address: u128) -> (u16, u128, u128) {
        let run = self.find(address & !self.step.wrapping_sub(1));
        if !self.ragged.is_empty()
            && self.is_ragged(run)
            && let Ok(i) = self.ragged.binary_search_by_key(&(run as u32), |one| one.0)
        {
            let (_, low, last) = self.ragged[i];
            return (self.regions[run], low, last);
        }
        (self.regions[run], self.start(run), self.last(run))
    }

    fn find(&self, address: u128) -> usize {
        match &self.starts {
            Starts::V4(index) => index.find(address as u32, (address >> 16) as usize),
            Starts::V6(index) => index.find(address, bucket6(address)),
        }
    }

    fn start(&self, run: usize) -> u128 {
        match &self.starts {
            Starts::V4(index) => u128::from(index.starts[run]),
            Starts::V6(index) => index.starts[run],
        }
    }

    fn last(&self, run: usize) -> u128 {
        if run + 1 < self.regions.len() { self.start(run + 1) - 1 } else { self.end }
    }

    /// Whether the run does not begin and end at multiples of `step`, or stands behind one that masked addresses may not find.
    fn is_ragged(&self, run: usize) -> bool {
        let within = self.step.wrapping_sub(1);
        let low = self.start(run);
        let high = self.last(run).wrapping_add(1);
        (low | high) & within != 0 || (run > 0 && low - self.start(run - 1) <= within)
    }

    /// The bounds of a run as masked addresses see it, in whole steps.
    ///
    /// A run between two multiples of `step` is never found by a masked address: what lies on both sides of it is one where the regions are.
    fn whole(&self, run: usize) -> (u32, u128, u128) {
        let region = self.regions[run];
        let mut last = self.end;
        let mut at = run;
        for _ in 0..MAX_WALK {
            last = self.round_up(self.last(at)); // the last address before the next multiple
            if last == self.end {
                break;
            }
            at = self.find(last + 1);
            if self.regions[at] != region {
                break;
            }
        }
        let mut low = 0;
        at = run;
        for _ in 0..MAX_WALK {
            let start = self.start(at);
            low = if start == 0 { 0 } else { self.round_up(start - 1).wrapping_add(1) };
            if low == 0 {
                break;
            }
            at = self.find(low.wrapping_sub(self.step) & self.end);
            if self.regions[at] != region {
                break;
            }
        }
        (run as u32, low, last)
    }

    /// The last address of the step that holds the address.
    fn round_up(&self, address: u128) -> u128 {
        address | self.step.wrapping_sub(1) & self.end
    }
}

/// Sorted starts, with a table of where each bucket of addresses begins: a look-up begins in the few starts of its bucket.
#[derive(Debug)]
struct Index<T> {
    starts: Box<[T]>,
    buckets: Box<[u32]>, // for each bucket the first start that is not below it; one more at the end
}

const BUCKETS: usize = 1 << 16;

impl<T: Ord + Copy> Index<T> {
    fn new(starts: Vec<T>, bucket: impl Fn(T) -> usize) -> Self {
        let mut buckets = vec![0u32; BUCKETS + 1];
        for &start in &starts {
            buckets[bucket(start) + 1] += 1;
        }
        for i in 0..BUCKETS {
            buckets[i + 1] += buckets[i];
        }
        Self { starts: starts.into(), buckets: buckets.into() }
    }

    /// The run that holds the address; the first start is 0.
    fn find(&self, address: T, bucket: usize) -> usize {
        let (from, to) = (self.buckets[bucket] as usize, self.buckets[bucket + 1] as usize);
        (from + self.starts[from..to].partition_point(|&start| start <= address)).saturating_sub(1)
    }
}

/// Buckets of IPv6: the 16 bits behind 2000::/3, where all that is routed lives; what is below or above is one bucket at either end.
fn bucket6(address: u128) -> usize {
    match (address >> 125) as u8 {
        0 => 0,
        1 => ((address >> 109) as usize) & (BUCKETS - 1),
        _ => BUCKETS - 1,
    }
}
