//! The table of pools while it is being built: judged as words come, so that little is left to do at Commit.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::delta::assembler::{PlanError, refuse};
use crate::delta::partition_draft::{PartitionDraft, numbers};
use crate::delta::words;
use crate::plan::{Group, MAX_TTL, Pick, Pool, Pools, Reach, Row, Rows, Sticky};
use crate::symbols::{Symbol, Symbols};

const MAX_DEPTH: u32 = 4; // rows inside rows
const NO_PARTITION: i64 = -1;

/// Pools being built.
#[derive(Debug, Default)]
pub struct PoolDraft {
    /// Whether any went.
    pub lost: bool,
    pools: Arc<Pools>,
    keys: HashMap<u32, i64>, // each pool's partition
    open: HashMap<u32, Open>,
}

/// One pool being built.
#[derive(Debug)]
struct Open {
    name: Symbol,
    partition: i64,
    couple: Option<Sticky>,
    rows: Vec<Row>,
    types: Vec<(u16, Vec<u32>, u32)>, // type, the row of each region, default
}

impl PoolDraft {
    /// Starts the next draft.
    pub fn next(&self) -> Self {
        Self { lost: false, pools: self.pools.clone(), keys: self.keys.clone(), open: HashMap::new() }
    }

    /// Opens a pool.
    pub fn start(&mut self, key: u32, name: &str, partition: i64, couple: Option<words::Sticky>, symbols: &mut Symbols) -> Result<(), PlanError> {
        if name.is_empty() {
            refuse!("pool {key} without a name"); // it would be counted as none
        }
        let couple = couple.as_ref().map(sticky).transpose()?;
        let open = Open { name: symbols.of(name.as_bytes()), partition, couple, rows: Vec::new(), types: Vec::new() };
        if self.open.insert(key, open).is_some() {
            refuse!("pool {key} stands twice in one delta");
        }
        Ok(())
    }

    /// Takes the next distinct rows, numbered on.
    pub fn rows(&mut self, key: u32, rows: Vec<words::Row>, symbols: &mut Symbols) -> Result<(), PlanError> {
        let open = self.opened(key)?;
        for row in rows {
            open.rows.push(judged(row, 1, symbols)?);
        }
        Ok(())
    }

    /// Sets the next regions of one type.
    pub fn map(&mut self, key: u32, rtype: u16, default: u32, rows: &[u8]) -> Result<(), PlanError> {
        let open = self.opened(key)?;
        let regions = numbers::<4>(rows)?.map(u32::from_ne_bytes);
        let at = open.types.iter().position(|one| one.0 == rtype).unwrap_or_else(|| {
            open.types.push((rtype, Vec::new(), 0));
            open.types.len() - 1
        });
        open.types[at].1.extend(regions);
        open.types[at].2 = default;
        let most = open.rows.len() as u32;
        if open.types[at].1.iter().any(|&number| number > most) {
            refuse!("pool {key} maps a region to a row that did not come");
        }
        if default == 0 || default > most {
            refuse!("pool {key} without a default row");
        }
        Ok(())
    }

    /// Removes a pool that must be there.
    pub fn gone(&mut self, key: u32) -> Result<(), PlanError> {
        if self.open.contains_key(&key) {
            refuse!("pool {key} stands twice in one delta");
        }
        if self.keys.remove(&key).is_none() {
            refuse!("pool {key} is not there");
        }
        Arc::make_mut(&mut self.pools).remove(&key);
        self.lost = true;
        Ok(())
    }

    /// Closes the open pools, gives pools their partitions, and returns the table. Refuses pools whose partition is not there or has
    /// regions for which there is no row.
    pub fn finish(&mut self, partitions: &PartitionDraft) -> Result<Arc<Pools>, PlanError> {
        let mut touched: HashSet<u32> = self.open.keys().copied().collect();
        if partitions.is_any_touched() {
            touched.extend(self.keys.iter().filter(|(_, partition)| partitions.is_touched(**partition)).map(|(key, _)| key));
        }
        if touched.is_empty() {
            return Ok(self.pools.clone());
        }
        let pools = Arc::make_mut(&mut self.pools);
        for (key, open) in self.open.drain() {
            self.keys.insert(key, open.partition);
            pools.insert(key, Arc::new(open.close(key)));
        }
        for key in touched {
            let settled = match self.keys[&key] {
                NO_PARTITION => None,
                partition => {
                    Some(partitions.get(partition).ok_or_else(|| PlanError(format!("pool {key} uses partition {partition}, which is not there")))?)
                }
            };
            let need = 1 + settled.map_or(0, |settled| usize::from(settled.highest));
            let pool = &pools[&key];
            if pool.types.iter().any(|rows| rows.regions.len() < need) {
                refuse!("pool {key} lacks rows for some of its {need} regions");
            }
            let (types, partition) = (pool.types.clone(), settled.map(|settled| settled.partition.clone()));
            let pool = Pool { number: key, name: pool.name, partition, couple: pool.couple, types };
            pools.insert(key, Arc::new(pool));
        }
        Ok(self.pools.clone())
    }

    fn opened(&mut self, key: u32) -> Result<&mut Open, PlanError> {
        self.open.get_mut(&key).ok_or_else(|| PlanError(format!("rows of pool {key}, which was not started")))
    }
}

impl Open {
    fn close(self, number: u32) -> Pool {
        let numbered: Arc<[Row]> = self.rows.into();
        let types = self.types.into_iter().map(|(rtype, regions, default)| {
            let for_some = regions.iter().any(|&number| number == 0 || !numbered[number as usize - 1].groups.is_empty());
            Rows { rtype, regions: regions.into(), numbered: numbered.clone(), default, for_some }
        });
        Pool { number, name: self.name, partition: None, couple: self.couple, types: types.collect() }
    }
}

/// Turns a row into what is picked from; refuses rows that could not be drawn from.
fn judged(row: words::Row, depth: u32, symbols: &mut Symbols) -> Result<Row, PlanError> {
    if depth > MAX_DEPTH {
        refuse!("rows nested deeper than {MAX_DEPTH}");
    }
    let pick = match row.pick {
        0 => Pick::All,
        1 => Pick::First,
        2 => Pick::Rotate,
        3 => Pick::Weighted,
        4 => Pick::Sticky,
        other => refuse!("row with pick {other}"),
    };
    if row.ttl > MAX_TTL || row.rcode > 15 {
        refuse!("row with TTL {}, rcode {}", row.ttl, row.rcode);
    }
    let sum = row.groups.iter().try_fold(0u64, |sum, group| sum.checked_add(group.weight));
    let total = if matches!(pick, Pick::Weighted | Pick::Sticky) && !row.groups.is_empty() {
        match sum {
            Some(total) if total > 0 && total < 1 << 32 => total,
            _ => refuse!("weights that cannot be drawn from"),
        }
    } else {
        0
    };
    if (pick == Pick::Sticky) != row.sticky.is_some() {
        refuse!("a sticky row without what it sticks to, or the other way round");
    }
    let stuck = row.sticky.as_ref().map(sticky).transpose()?;
    let groups = row.groups.into_iter().map(|group| judged_group(group, depth, symbols)).collect::<Result<Box<[Group]>, PlanError>>()?;
    let inside = || groups.iter().filter_map(|group| group.row.as_ref());
    let reach = stuck.map(Reach::from).into_iter().chain(inside().filter_map(|row| row.reach)).reduce(Reach::and);
    let draws = (matches!(pick, Pick::Weighted | Pick::Rotate) && groups.len() > 1) || inside().any(|row| row.draws);
    let mut row = Row {
        pick,
        answers: row.answers,
        ttl: row.ttl,
        rcode: row.rcode,
        reason: symbols.of(row.reason.as_bytes()),
        sticky: stuck,
        groups,
        total,
        distinct: false,
        reach,
        draws,
    };
    row.distinct = is_distinct(&row, &mut HashSet::new());
    Ok(row)
}

fn judged_group(group: words::Group, depth: u32, symbols: &mut Symbols) -> Result<Group, PlanError> {
    if group.rdata.iter().any(|data| data.len() > usize::from(u16::MAX)) {
        refuse!("rdata longer than 65,535 octets");
    }
    Ok(Group {
        weight: group.weight,
        key: group.key,
        site: symbols.of(group.site.as_bytes()),
        rdata: group.rdata.into_iter().map(Vec::into_boxed_slice).collect(),
        row: group.row.map(|row| judged(row, depth + 1, symbols)).transpose()?,
    })
}

/// Whether no rdata stands twice, at any level.
fn is_distinct<'r>(row: &'r Row, seen: &mut HashSet<&'r [u8]>) -> bool {
    row.groups.iter().all(|group| match &group.row {
        Some(row) => is_distinct(row, seen),
        None => group.rdata.iter().all(|data| seen.insert(data)),
    })
}

/// Refuses keys that no address has so many bits for.
fn sticky(word: &words::Sticky) -> Result<Sticky, PlanError> {
    if word.bits4 > 32 || word.bits6 > 128 {
        refuse!("sticky with {}/{} bits", word.bits4, word.bits6);
    }
    Ok(Sticky { seed: word.seed, bits4: word.bits4, bits6: word.bits6, qname: word.qname })
}
