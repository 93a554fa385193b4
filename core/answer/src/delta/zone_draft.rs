//! The table of zones while it is being built: judged as words come, so that little is left to do at Commit.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::delta::assembler::{PlanError, refuse};
use crate::delta::words::{Node, RRset};
use crate::hash;
use crate::lookup::rtype::{CNAME, DNAME, SOA};
use crate::names;
use crate::negatives::Negative;
use crate::plan::{MAX_TTL, Pools, Zone, Zones};
use crate::record;
use crate::render::names_in;
use crate::symbols::Symbols;
use crate::table;

/// Zones being built.
#[derive(Debug, Default)]
pub struct ZoneDraft {
    zones: Arc<Zones>,
    open: HashMap<Vec<u8>, Open>,
    gone: HashSet<Vec<u8>>,
}

/// One zone being built.
struct Open {
    soa: Vec<u8>,
    negative_ttl: u32,
    nodes: table::Draft,
    glue: table::Draft,
    wildcards: usize,
    uses: HashMap<u32, usize, hash::Build>,
}

impl std::fmt::Debug for Open {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a zone being built")
    }
}

impl ZoneDraft {
    /// Starts the next draft.
    pub fn next(&self) -> Self {
        Self { zones: self.zones.clone(), ..Self::default() }
    }

    /// Opens a zone: empty, or from the live one.
    pub fn start(&mut self, apex: Vec<u8>, soa: &RRset, negative_ttl: u32, fresh: bool) -> Result<(), PlanError> {
        if self.open.contains_key(&apex) || self.gone.contains(&apex) {
            refuse!("a zone stands twice in one delta");
        }
        if soa.rtype != SOA || negative_ttl > MAX_TTL || !names::is_lower(&apex) {
            refuse!("a zone without a sound SOA");
        }
        judge_rrset(soa)?;
        if !matches!(&soa.rdata[..], [data] if is_soa(data)) {
            refuse!("a zone without a sound SOA");
        }
        let mut packed = Vec::new();
        record::pack_rrset(soa, &mut packed);
        let nothing = table::Table::default();
        let (nodes, glue, wildcards, uses) = if fresh {
            (&nothing, &nothing, 0, HashMap::default())
        } else {
            match self.zones.get(&apex) {
                Some(zone) => (&zone.nodes, &zone.glue, zone.wildcards, zone.uses.clone()),
                None => refuse!("a zone is changed that is not there"),
            }
        };
        let open = Open { soa: packed, negative_ttl, nodes: table::Draft::of(nodes), glue: table::Draft::of(glue), wildcards, uses };
        self.open.insert(apex, open);
        Ok(())
    }

    /// Sets names.
    pub fn names(&mut self, apex: &[u8], nodes: &[(Vec<u8>, Node)]) -> Result<(), PlanError> {
        let open = self.opened(apex)?;
        for (name, node) in nodes {
            if !names::is_lower(name) || !names::is_under(name, apex) {
                refuse!("a name outside its zone");
            }
            judge_node(node)?;
            open.forget(name);
            open.nodes.set(name, |out| record::pack(name, node, out));
            open.wildcards += usize::from(is_wildcard(name));
            for pool in node.hinted.iter().map(|one| one.pool).chain(node.dynamic.iter().map(|one| one.pool)) {
                *open.uses.entry(pool).or_default() += 1;
            }
        }
        Ok(())
    }

    /// Sets glue.
    pub fn glue(&mut self, apex: &[u8], glue: Vec<(Vec<u8>, Vec<RRset>)>) -> Result<(), PlanError> {
        let open = self.opened(apex)?;
        for (name, rrsets) in glue {
            let node = Node { rrsets, ..Node::default() };
            if !names::is_lower(&name) {
                refuse!("glue whose name is no name");
            }
            judge_node(&node)?;
            open.glue.set(&name, |out| record::pack(&name, &node, out));
        }
        Ok(())
    }

    /// Removes names and glue that must be there.
    pub fn drop(&mut self, apex: &[u8], names: &[Vec<u8>], glue: &[Vec<u8>]) -> Result<(), PlanError> {
        let open = self.opened(apex)?;
        for name in names {
            open.forget(name);
            if !open.nodes.remove(name) {
                refuse!("a name is dropped that is not there");
            }
        }
        for name in glue {
            if !open.glue.remove(name) {
                refuse!("glue is dropped that is not there");
            }
        }
        Ok(())
    }

    /// Removes a zone that must be there.
    pub fn gone(&mut self, apex: Vec<u8>) -> Result<(), PlanError> {
        if self.open.contains_key(&apex) {
            refuse!("a zone stands twice in one delta");
        }
        if !Arc::make_mut(&mut self.zones).remove(&apex) {
            refuse!("a zone goes that is not there");
        }
        self.gone.insert(apex);
        Ok(())
    }

    /// Closes the open zones and returns the table. Refuses names that point to no pool; all zones are looked at only when a pool went.
    pub fn finish(&mut self, pools: &Pools, all_of_them: bool, symbols: &mut Symbols) -> Result<Arc<Zones>, PlanError> {
        for (apex, open) in self.open.drain() {
            let zone = open.close(&apex, symbols);
            if zone.nodes.get(&apex).is_none() {
                refuse!("a zone without its apex");
            }
            judge_uses(&zone, pools)?;
            Arc::make_mut(&mut self.zones).insert(Arc::new(zone));
        }
        if all_of_them {
            for zone in self.zones.iter() {
                judge_uses(zone, pools)?;
            }
        }
        Ok(self.zones.clone())
    }

    fn opened(&mut self, apex: &[u8]) -> Result<&mut Open, PlanError> {
        self.open.get_mut(apex).ok_or_else(|| PlanError("names of a zone that was not started".into()))
    }
}

impl Open {
    /// Counts a name no more that is about to be replaced or removed.
    fn forget(&mut self, name: &[u8]) {
        let Some(old) = self.nodes.get(name) else { return };
        let pools: Vec<u32> = old.pools().collect();
        for pool in pools {
            if let Some(count) = self.uses.get_mut(&pool) {
                *count -= 1;
                if *count == 0 {
                    self.uses.remove(&pool);
                }
            }
        }
        self.wildcards -= usize::from(is_wildcard(name));
    }

    fn close(self, apex: &[u8], symbols: &mut Symbols) -> Zone {
        Zone {
            apex: apex.into(),
            symbol: symbols.of(apex),
            negative: Negative::new(apex, record::RRset::read(&self.soa)),
            apex_hash: hash::of(apex),
            soa: self.soa.into(),
            negative_ttl: self.negative_ttl,
            nodes: self.nodes.finish(),
            glue: self.glue.finish(),
            wildcards: self.wildcards,
            uses: self.uses,
        }
    }
}

fn is_wildcard(name: &[u8]) -> bool {
    name.starts_with(b"\x01*")
}

fn judge_uses(zone: &Zone, pools: &Pools) -> Result<(), PlanError> {
    match zone.uses.keys().find(|pool| !pools.contains_key(pool)) {
        Some(pool) => refuse!("names point to pool {pool}, which is not there"),
        None => Ok(()),
    }
}

/// Refuses what could not be packed or answered from.
fn judge_node(node: &Node) -> Result<(), PlanError> {
    if node.rrsets.len() > usize::from(u16::MAX) || node.hinted.len() > usize::from(u8::MAX) {
        refuse!("more at one name than can be packed");
    }
    if node.dynamic.as_ref().is_some_and(|dynamic| dynamic.types.len() > usize::from(u8::MAX)) {
        refuse!("a pool of more types than there are");
    }
    if node.hinted.iter().any(|one| [&one.head, &one.middle, &one.tail].iter().any(|part| part.len() > usize::from(u16::MAX))) {
        refuse!("rdata longer than 65,535 octets");
    }
    node.rrsets.iter().try_for_each(judge_rrset)
}

fn judge_rrset(rrset: &RRset) -> Result<(), PlanError> {
    let most = usize::from(u16::MAX);
    if rrset.rdata.is_empty() || rrset.rdata.len() > most || rrset.targets.len() > most || rrset.rdata.iter().any(|data| data.len() > most) {
        refuse!("an RRset without records, or larger than any message");
    }
    if !rrset.targets.iter().all(|target| names::is_lower(target)) {
        refuse!("an RRset whose target is no name in lower case");
    }
    if let Some((before, count)) = names_in(rrset.rtype)
        && !rrset.rdata.iter().all(|data| holds_names(data, before, count))
    {
        refuse!("rdata of type {} that does not hold its names", rrset.rtype);
    }
    if matches!(rrset.rtype, CNAME | DNAME) {
        match (rrset.rdata.first(), rrset.targets.first()) {
            (Some(data), Some(target)) if data.eq_ignore_ascii_case(target) => {}
            _ => refuse!("an alias whose target is not its data"),
        }
    }
    Ok(())
}

/// Whether these are two names and five numbers (RFC 1035 section 3.3.13).
fn is_soa(data: &[u8]) -> bool {
    let Some(first) = names::length(data) else { return false };
    names::length(&data[first..]).is_some_and(|second| data.len() == first + second + 20)
}

fn holds_names(data: &[u8], before: usize, count: usize) -> bool {
    let Some(mut rest) = data.get(before..) else { return false };
    (0..count).all(|_| {
        let Some(size) = names::length(rest) else { return false };
        rest = &rest[size..];
        true
    })
}
