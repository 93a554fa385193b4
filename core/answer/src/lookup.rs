//! Finds what the zones say about a question: RFC 1034 section 4.3.2, as RFC 2308, 4592, 6672 and 8020 leave it.
//!
//! Writes records into the message as it finds them. Looks only at names and types, never at the client or the draw: what pools
//! answer is returned as such. Work is bounded by the labels of the name (127) times the links of a chain (16).

use std::mem;

use crate::hash;
use crate::names::{MAX_NAME, is_under, parent};
use crate::plan::{Snapshot, Zone, Zones};
use crate::record::{Dynamic, Node, RRset};
use crate::render::Message;
use crate::reply::rcode;
use crate::wire::Query;

/// Names looked up in one chain of CNAME and DNAME; resolvers follow about as many.
pub const MAX_CHAIN: usize = 16;
const MAX_TARGETS: usize = 64; // names whose addresses are added: more would not fit a UDP reply, and must not cost CPU (CVE-2024-11187)

/// Octets that names made on the way may take: two for every DNAME of a chain.
pub const MADE: usize = 2 * MAX_NAME * MAX_CHAIN;

#[allow(missing_docs)]
pub mod rtype {
    pub const A: u16 = 1;
    pub const NS: u16 = 2;
    pub const CNAME: u16 = 5;
    pub const SOA: u16 = 6;
    pub const HINFO: u16 = 13;
    pub const MX: u16 = 15;
    pub const AAAA: u16 = 28;
    pub const SRV: u16 = 33;
    pub const DNAME: u16 = 39;
    pub const DS: u16 = 43;
    pub const ANY: u16 = 255;
}
use rtype::{A, AAAA, ANY, CNAME, DNAME, DS, HINFO, MX, NS, SOA, SRV};

const HINFO_DATA: &[u8] = b"\x07RFC8482\0"; // RFC 8482 section 4.2
const HINFO_TTL: u32 = 3600;

/// What was found. Records are in the message already; `whole` false: something needed did not fit.
pub struct Found<'a> {
    /// The rcode.
    pub rcode: u8,
    /// Whether the answer is authoritative.
    pub aa: bool,
    /// The zone it comes from.
    pub zone: Option<&'a Zone>,
    /// Whether all that is needed is in the message.
    pub whole: bool,
    /// What pools complete.
    pub end: End<'a>,
}

/// What follows the records in the message.
#[allow(missing_docs)]
pub enum End<'a> {
    Nothing,
    /// The RRset of `owner` and the question's type comes from this pool (a CNAME where it is a pool of names).
    Dynamic {
        owner: &'a [u8],
        dynamic: Dynamic<'a>,
    },
    /// The records of `node` and the question's type are completed from their pools.
    Hinted {
        owner: &'a [u8],
        node: Node<'a>,
    },
}

impl Found<'_> {
    /// Nothing was looked up: an error.
    pub fn refusal(rcode: u8) -> Self {
        Found { rcode, aa: false, zone: None, whole: true, end: End::Nothing }
    }
}

/// Answers the question from the zone with the longest matching apex; `found` is a refusal before. `made`: memory for names that DNAMEs make.
///
/// What is found is written where it stays: to hand it on from call to call costs more than to find it.
pub fn lookup<'a>(snapshot: &'a Snapshot, query: &Query<'a>, message: &mut Message<'a, '_>, made: &'a mut [u8], found: &mut Found<'a>) {
    let Some(zone) = zone_of(&snapshot.zones, query) else { return };
    (found.rcode, found.aa, found.zone) = (rcode::NOERROR, true, Some(zone));
    let dnssec_ok = query.edns.is_some_and(|edns| edns.dnssec_ok);
    Search { zone, qtype: query.rtype, dnssec_ok, message, made, answered: false, found }.run(query.name, query.asked);
}

/// Writes the SOA as it stands in the authority section of NXDOMAIN and NODATA (RFC 2308 section 3), good for `ttl` at most.
pub fn negative<'a>(zone: &'a Zone, ttl: u32, message: &mut Message<'a, '_>) -> bool {
    let ttl = zone.negative_ttl.min(ttl);
    match &zone.negative {
        Some(known) if known.add(&zone.apex, ttl, message) => true,
        _ => message.add(1, &zone.apex, SOA, ttl, RRset::read(&zone.soa).rdata()),
    }
}

fn zone_of<'a>(zones: &'a Zones, query: &Query) -> Option<&'a Zone> {
    let mut below = None;
    for &at in query.labels {
        let Some(zone) = zones.get(&query.asked[usize::from(at)..]) else { continue };
        if at != 0 || query.rtype != DS {
            return Some(zone);
        }
        below = Some(zone); // RFC 4035 section 3.1.4.1: DS at an apex belongs to the parent, where that is served here too
    }
    zones.get(&[0]).or(below).map(|zone| &**zone)
}

/// One walk through a zone; writes the answer while a chain of CNAME and DNAME is followed.
struct Search<'a, 'm, 'o> {
    zone: &'a Zone,
    qtype: u16,
    dnssec_ok: bool,
    message: &'m mut Message<'a, 'o>,
    made: &'a mut [u8],
    answered: bool, // the chain has a link
    found: &'m mut Found<'a>,
}

impl<'a> Search<'a, '_, '_> {
    /// Answers from where the name is, or from the end of the chain that begins there.
    fn run(mut self, name: &'a [u8], asked: &[u8]) {
        if let Some(target) = self.step(name, asked) {
            self.follow(name, target);
        }
    }

    /// Follows a chain to its end. RFC 6604 section 3: the last link decides the rcode.
    #[cold]
    fn follow(mut self, first: &'a [u8], mut target: &'a [u8]) {
        let mut visited: [&[u8]; MAX_CHAIN] = [first; MAX_CHAIN];
        for link in 1..MAX_CHAIN {
            if visited[..link].contains(&target) || !is_under(target, &self.zone.apex) || self.qtype == CNAME {
                break; // the chain leaves the zone, loops, or is too long: what is known of it
            }
            visited[link] = target;
            match self.step(target, target) {
                None => break,
                Some(next) => target = next,
            }
        }
    }

    /// Looks one name up, by its octets as asked; where it is an alias, its target.
    fn step(&mut self, name: &'a [u8], asked: &[u8]) -> Option<&'a [u8]> {
        let nodes = &self.zone.nodes;
        let node = match nodes.get(asked) {
            Some(node) => node,
            None => {
                let (encloser, above) = self.encloser(name);
                if above.is_cut() {
                    self.referral(encloser, above);
                    return None;
                }
                if let Some(dname) = above.rrset(DNAME) {
                    let target = self.synthesise(name, encloser, dname);
                    if target.is_none() {
                        self.found.rcode = rcode::YXDOMAIN;
                    }
                    return target;
                }
                // RFC 4592 section 3.3.1: the source of synthesis, whatever it lacks
                match if self.zone.wildcards == 0 { None } else { nodes.wildcard(encloser) } {
                    Some(wildcard) => wildcard,
                    None => {
                        self.authority();
                        self.found.rcode = rcode::NXDOMAIN;
                        return None;
                    }
                }
            }
        };
        let target = self.alias(name, node);
        if target.is_none() {
            self.at(name, node);
        }
        target
    }

    /// Finds the closest encloser (RFC 4592 section 3.3.1); at worst the apex, which exists.
    fn encloser(&self, mut name: &'a [u8]) -> (&'a [u8], Node<'a>) {
        while name.len() > self.zone.apex.len() {
            name = parent(name);
            let hash = if name.len() == self.zone.apex.len() { self.zone.apex_hash } else { hash::of(name) };
            if let Some(node) = self.zone.nodes.get_hashed(hash, name) {
                return (name, node);
            }
        }
        (name, Node::NOTHING)
    }

    /// The CNAME's target, the CNAME written into the answer; None where the question ends here.
    fn alias(&mut self, name: &'a [u8], node: Node<'a>) -> Option<&'a [u8]> {
        if !node.is_alias() || self.qtype == CNAME || self.qtype == ANY {
            return None;
        }
        let cname = node.rrset(CNAME)?;
        let target = cname.targets().next()?;
        self.answered = true;
        self.add(0, name, cname);
        Some(target)
    }

    /// Writes the DNAME and the CNAME it stands for (RFC 6672 section 3.1); None where the new name is too long.
    fn synthesise(&mut self, name: &'a [u8], owner: &'a [u8], dname: RRset<'a>) -> Option<&'a [u8]> {
        self.answered = true;
        self.add(0, owner, dname);
        let data = dname.rdata().next()?;
        let target = dname.targets().next()?;
        let prefix = &name[..name.len() - owner.len()];
        if prefix.len() + data.len() > MAX_NAME {
            return None;
        }
        let written = self.make(prefix, data);
        self.found.whole = self.found.whole && self.message.add(0, name, CNAME, dname.ttl, [written].into_iter());
        Some(self.make(prefix, target))
    }

    fn make(&mut self, prefix: &[u8], suffix: &[u8]) -> &'a [u8] {
        let size = prefix.len() + suffix.len();
        let (made, rest) = mem::take(&mut self.made).split_at_mut(size);
        self.made = rest;
        made[..prefix.len()].copy_from_slice(prefix);
        made[prefix.len()..].copy_from_slice(suffix);
        made
    }

    /// Answers from a node that is no alias.
    fn at(&mut self, name: &'a [u8], node: Node<'a>) {
        let qtype = self.qtype;
        if node.is_cut() && qtype != DS {
            self.referral(name, node);
        } else if qtype == ANY && !node.is_empty() {
            // RFC 8482: a subset is an answer
            match node.rrsets().next() {
                Some(one) => self.add(0, name, one),
                None => self.found.whole = self.found.whole && self.message.add(0, name, HINFO, HINFO_TTL, [HINFO_DATA].into_iter()),
            }
        } else if let Some(rrset) = node.rrset(qtype) {
            self.add(0, name, rrset);
            if matches!(qtype, NS | MX | SRV) {
                // RFC 1035 section 3.3, RFC 2782: addresses of their targets
                self.addresses(rrset.targets(), qtype == NS, false);
            }
        } else if let Some(dynamic) = node.dynamic()
            && (dynamic.has(qtype) || dynamic.is_alias())
        {
            self.found.end = End::Dynamic { owner: name, dynamic }; // a pool's CNAME ends the chain
        } else if node.hinted().any(|one| one.rtype == qtype) {
            self.found.end = End::Hinted { owner: name, node };
        } else {
            self.authority();
        }
    }

    /// Points below the cut. AA is about the question's name (RFC 1035 section 4.1.1): clear unless a CNAME of ours led here.
    fn referral(&mut self, owner: &'a [u8], node: Node<'a>) {
        let ns = node.rrset(NS);
        if let Some(ns) = ns {
            self.add(1, owner, ns);
        }
        if self.dnssec_ok
            && let Some(ds) = node.rrset(DS)
        {
            self.add(1, owner, ds); // RFC 4035 section 3.1.4
        }
        if let Some(ns) = ns {
            self.addresses(ns.targets().filter(|target| is_under(target, owner)), true, true); // RFC 9471: must fit, or TC
            self.addresses(ns.targets().filter(|target| !is_under(target, owner)), true, false);
        }
        self.found.aa = self.answered;
    }

    /// Writes static addresses of names in this zone; those below cuts only as glue. What is not `needed` is left out silently
    /// where it does not fit.
    fn addresses(&mut self, targets: impl Iterator<Item = &'a [u8]>, glue: bool, needed: bool) {
        let zone = self.zone;
        for target in targets.take(MAX_TARGETS) {
            let node = match zone.nodes.get(target) {
                Some(node) if !node.is_cut() => Some(node),
                _ if glue => zone.glue.get(target),
                _ => None,
            };
            let Some(node) = node else { continue };
            for rrset in node.rrsets().filter(|rrset| rrset.rtype == A || rrset.rtype == AAAA) {
                if !self.found.whole {
                    return;
                }
                if !self.message.add(2, target, rrset.rtype, rrset.ttl, rrset.rdata()) {
                    self.found.whole = !needed;
                    return;
                }
            }
        }
    }

    fn authority(&mut self) {
        self.found.whole = self.found.whole && negative(self.zone, u32::MAX, self.message);
    }

    fn add(&mut self, section: usize, owner: &'a [u8], rrset: RRset<'a>) {
        self.found.whole = self.found.whole && self.message.add(section, owner, rrset.rtype, rrset.ttl, rrset.rdata());
    }
}
