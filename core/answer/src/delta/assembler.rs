//! The assembler: builds the next snapshot from a delta's slices, whole or not at all.
//!
//! The live snapshot is never touched; a delta that is out of order, incomplete or inconsistent is refused whole, and then the plane
//! asks for the full plan. What a delta does not name is shared with the snapshot before.

use std::fmt;
use std::sync::Arc;

use crate::delta::partition_draft::PartitionDraft;
use crate::delta::pool_draft::PoolDraft;
use crate::delta::words::Word;
use crate::delta::zone_draft::ZoneDraft;
use crate::plan::Snapshot;
use crate::symbols::Symbols;

/// A delta that is refused whole; the live snapshot stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanError(pub String);

impl fmt::Display for PlanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for PlanError {}

/// Returns a PlanError from here, with a text.
macro_rules! refuse {
    ($($text:tt)*) => { return Err($crate::delta::PlanError(format!($($text)*))) };
}
pub(super) use refuse;

/// Builds the next snapshot from a delta's slices.
#[derive(Debug, Default)]
pub struct Assembler {
    live: Arc<Snapshot>,
    symbols: Symbols,
    settled: Draft, // what is live, as drafts begin from it
    draft: Option<Draft>,
}

impl Assembler {
    /// Starts from nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// The last snapshot committed.
    pub fn live(&self) -> &Arc<Snapshot> {
        &self.live
    }

    /// The words that replies are counted by.
    pub fn symbols(&self) -> &Symbols {
        &self.symbols
    }

    /// Forgets what is live and begins anew (words keep their numbers): the next delta is one from nothing.
    pub fn reset(&mut self) {
        self.live = Arc::default();
        self.settled = Draft::default();
        self.draft = None;
    }

    /// Takes one slice; returns the new snapshot at its Commit. An error: the delta is refused, the live snapshot stays.
    pub fn feed(&mut self, number: u64, word: Word) -> Result<Option<Arc<Snapshot>>, PlanError> {
        let mut taken = self.draft.take(); // gone unless all goes well
        if let Word::Begin { base, generation } = word {
            self.draft = Some(self.begin(number, base, generation)?);
            return Ok(None);
        }
        let Some(draft) = &mut taken else { refuse!("a word outside a delta") };
        if number != draft.due {
            refuse!("slice {number} came where {} was due", draft.due);
        }
        draft.due += 1;
        if let Word::Commit { generation } = word {
            if generation != draft.generation {
                refuse!("commit of generation {generation} in the delta to {}", draft.generation);
            }
            self.live = Arc::new(draft.finish(&mut self.symbols)?);
            self.settled = taken.unwrap_or_default();
            return Ok(Some(self.live.clone()));
        }
        draft.apply(word, &mut self.symbols)?;
        self.draft = taken;
        Ok(None)
    }

    fn begin(&self, number: u64, base: u64, generation: u64) -> Result<Draft, PlanError> {
        if number != 0 {
            refuse!("Begin came as slice {number}");
        }
        if base != 0 && base != self.live.generation {
            refuse!("delta from generation {base}, but {} is live", self.live.generation);
        }
        if generation == 0 {
            refuse!("delta to generation 0");
        }
        let from = if base == 0 { Draft::default() } else { self.settled.next() };
        Ok(Draft { generation, due: 1, ..from })
    }
}

/// A snapshot being built, table by table.
#[derive(Debug, Default)]
struct Draft {
    generation: u64,
    due: u64,
    zones: ZoneDraft,
    pools: PoolDraft,
    partitions: PartitionDraft,
}

impl Draft {
    /// Starts the next draft; tables are copied, what they hold is not.
    fn next(&self) -> Self {
        Self { generation: 0, due: 0, zones: self.zones.next(), pools: self.pools.next(), partitions: self.partitions.next() }
    }

    fn apply(&mut self, word: Word, symbols: &mut Symbols) -> Result<(), PlanError> {
        match word {
            Word::ZoneStart { apex, soa, negative_ttl, fresh } => self.zones.start(apex, &soa, negative_ttl, fresh),
            Word::ZoneNames { apex, nodes } => self.zones.names(&apex, &nodes),
            Word::ZoneGlue { apex, glue } => self.zones.glue(&apex, glue),
            Word::ZoneDrop { apex, names, glue } => self.zones.drop(&apex, &names, &glue),
            Word::ZoneGone { apex } => self.zones.gone(apex),
            Word::PoolStart { pool, name, partition, couple } => self.pools.start(pool, &name, partition, couple, symbols),
            Word::PoolRows { pool, rows } => self.pools.rows(pool, rows, symbols),
            Word::PoolMap { pool, rtype, default, rows } => self.pools.map(pool, rtype, default, &rows),
            Word::PoolGone { pool } => self.pools.gone(pool),
            Word::PartitionStart { partition, cap4, cap6 } => self.partitions.start(partition, cap4, cap6),
            Word::PartitionRuns { partition, version, starts, lows, regions } => self.partitions.runs(partition, version, &starts, &lows, &regions),
            Word::PartitionGone { partition } => self.partitions.gone(partition),
            Word::Begin { .. } | Word::Commit { .. } => refuse!("a word that begins or ends a delta, within one"),
        }
    }

    /// Judges the whole and closes it.
    fn finish(&mut self, symbols: &mut Symbols) -> Result<Snapshot, PlanError> {
        self.partitions.finish()?;
        let pools = self.pools.finish(&self.partitions)?;
        let zones = self.zones.finish(&pools, self.pools.lost, symbols)?;
        Ok(Snapshot { generation: self.generation, zones, pools })
    }
}
