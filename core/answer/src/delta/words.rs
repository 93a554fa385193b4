//! Words of a delta, as they come from control; what each means stands in `gslb/delta/words.py` and `gslb/plan.py`.

/// What a choice hangs on (`plan.Sticky`).
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Sticky {
    pub seed: u64,
    pub bits4: u8,
    pub bits6: u8,
    pub qname: bool,
}

/// `plan.Group`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Group {
    pub weight: u64,
    pub rdata: Vec<Vec<u8>>,
    pub row: Option<Row>,
    pub site: String,
    pub key: u64,
}

/// `plan.Row`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Row {
    pub pick: u8,
    pub answers: u32,
    pub ttl: u32,
    pub groups: Vec<Group>,
    pub reason: String,
    pub rcode: u8,
    pub sticky: Option<Sticky>,
}

/// `plan.RRset`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct RRset {
    pub rtype: u16,
    pub ttl: u32,
    pub rdata: Vec<Vec<u8>>,
    pub targets: Vec<Vec<u8>>,
}

/// `plan.Dynamic`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Dynamic {
    pub pool: u32,
    pub types: Vec<u16>,
    pub ttl: u32,
}

/// `plan.Hinted`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Hinted {
    pub rtype: u16,
    pub ttl: u32,
    pub pool: u32,
    pub head: Vec<u8>,
    pub middle: Vec<u8>,
    pub tail: Vec<u8>,
}

/// `plan.Node`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[allow(missing_docs)]
pub struct Node {
    pub rrsets: Vec<RRset>,
    pub dynamic: Option<Dynamic>,
    pub cut: bool,
    pub hinted: Vec<Hinted>,
}

/// A word of a delta; what each means stands in `gslb/delta/words.py`. Arrays come in the machine's own order.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Word {
    Begin { base: u64, generation: u64 },
    PartitionStart { partition: i64, cap4: u8, cap6: u8 },
    PartitionRuns { partition: i64, version: u8, starts: Vec<u8>, lows: Vec<u8>, regions: Vec<u8> },
    PartitionGone { partition: i64 },
    PoolStart { pool: u32, name: String, partition: i64, couple: Option<Sticky> },
    PoolRows { pool: u32, rows: Vec<Row> },
    PoolMap { pool: u32, rtype: u16, default: u32, rows: Vec<u8> },
    PoolGone { pool: u32 },
    ZoneStart { apex: Vec<u8>, soa: RRset, negative_ttl: u32, fresh: bool },
    ZoneNames { apex: Vec<u8>, nodes: Vec<(Vec<u8>, Node)> },
    ZoneGlue { apex: Vec<u8>, glue: Vec<(Vec<u8>, Vec<RRset>)> },
    ZoneDrop { apex: Vec<u8>, names: Vec<Vec<u8>>, glue: Vec<Vec<u8>> },
    ZoneGone { apex: Vec<u8> },
    Commit { generation: u64 },
}
