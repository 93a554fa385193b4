//! The table of partitions while it is being built: judged as words come, so that little is left to do at Commit.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::delta::PlanError;
use crate::delta::assembler::refuse;
use crate::region::Partition;

/// A partition, and the highest region it holds.
#[derive(Debug, Clone)]
pub struct Settled {
    /// What pools look in.
    pub partition: Arc<Partition>,
    /// Pools need rows up to it.
    pub highest: u16,
}

/// Partitions being built.
#[derive(Debug, Default)]
pub struct PartitionDraft {
    settled: HashMap<i64, Settled>,
    open: HashMap<i64, Open>,
    touched: HashSet<i64>,
}

#[derive(Debug, Default)]
struct Open {
    cap4: u8,
    cap6: u8,
    v4: (Vec<u32>, Vec<u16>),
    v6: (Vec<u128>, Vec<u16>),
}

impl PartitionDraft {
    /// Starts the next draft.
    pub fn next(&self) -> Self {
        Self { settled: self.settled.clone(), ..Self::default() }
    }

    /// Opens a partition.
    pub fn start(&mut self, key: i64, cap4: u8, cap6: u8) -> Result<(), PlanError> {
        if cap4 > 32 || cap6 > 128 {
            refuse!("a cap longer than an address");
        }
        self.touch(key)?;
        self.open.insert(key, Open { cap4, cap6, ..Open::default() });
        Ok(())
    }

    /// Appends runs, each beginning above the one before.
    pub fn runs(&mut self, key: i64, version: u8, starts: &[u8], lows: &[u8], regions: &[u8]) -> Result<(), PlanError> {
        let Some(open) = self.open.get_mut(&key) else { refuse!("runs of a partition that was not started") };
        let regions = numbers::<2>(regions)?.map(u16::from_ne_bytes);
        match version {
            4 => extend(&mut open.v4, numbers::<4>(starts)?.map(u32::from_ne_bytes), regions),
            6 => {
                let (highs, lows) = (numbers::<8>(starts)?, numbers::<8>(lows)?);
                if highs.len() != lows.len() {
                    refuse!("IPv6 runs whose halves do not match");
                }
                let wide = highs.zip(lows).map(|(high, low)| u128::from(u64::from_ne_bytes(high)) << 64 | u128::from(u64::from_ne_bytes(low)));
                extend(&mut open.v6, wide, regions)
            }
            _ => refuse!("IP version {version}"),
        }
    }

    /// Removes a partition that must be there.
    pub fn gone(&mut self, key: i64) -> Result<(), PlanError> {
        self.touch(key)?;
        if self.settled.remove(&key).is_none() {
            refuse!("partition {key} is not there");
        }
        Ok(())
    }

    /// Closes the open ones. Refuses partitions that do not cover everything.
    pub fn finish(&mut self) -> Result<(), PlanError> {
        for (key, open) in self.open.drain() {
            if open.v4.0.first() != Some(&0) || open.v6.0.first() != Some(&0) {
                refuse!("partition {key} does not begin at address 0");
            }
            let highest = open.v4.1.iter().chain(&open.v6.1).copied().max().unwrap_or(0);
            let partition = Arc::new(Partition::new(open.v4, open.v6, open.cap4, open.cap6));
            self.settled.insert(key, Settled { partition, highest });
        }
        Ok(())
    }

    /// The partition of a key.
    pub fn get(&self, key: i64) -> Option<&Settled> {
        self.settled.get(&key)
    }

    /// Whether a partition came, went, or is another now.
    pub fn is_touched(&self, key: i64) -> bool {
        self.touched.contains(&key)
    }

    /// Whether any did.
    pub fn is_any_touched(&self) -> bool {
        !self.touched.is_empty()
    }

    fn touch(&mut self, key: i64) -> Result<(), PlanError> {
        if !self.touched.insert(key) {
            refuse!("partition {key} stands twice in one delta");
        }
        Ok(())
    }
}

/// Cuts packed numbers, in the machine's own order.
pub(super) fn numbers<const N: usize>(octets: &[u8]) -> Result<impl ExactSizeIterator<Item = [u8; N]>, PlanError> {
    let (whole, rest) = octets.as_chunks::<N>();
    if !rest.is_empty() {
        refuse!("{} octets are no whole numbers", octets.len());
    }
    Ok(whole.iter().copied())
}

fn extend<T: Ord + Copy>(
    (starts, regions): &mut (Vec<T>, Vec<u16>),
    more: impl ExactSizeIterator<Item = T>,
    more_regions: impl ExactSizeIterator<Item = u16>,
) -> Result<(), PlanError> {
    let from = starts.len().saturating_sub(1);
    if more.len() != more_regions.len() {
        refuse!("runs and regions that do not match");
    }
    starts.extend(more);
    regions.extend(more_regions);
    if !starts[from..].is_sorted_by(|one, next| one < next) {
        refuse!("runs that do not ascend");
    }
    Ok(())
}
