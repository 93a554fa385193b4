"""A zone's records as they are read: RRsets, duplicates, TTLs that differ, what belongs at the apex.

Filled by `reader`; gives the `model.Zone`. Judges only what is lost once records have become RRsets; the rest is lint's.
"""

from __future__ import annotations

from typing import Final

from gslb import model, names
from gslb.config import rdata
from gslb.config.master_file.complaints import Complaints
from gslb.errors import Where

_SOA: Final = 6
_PTR: Final = 12
_RRSIG: Final = 46


class _Growing:
    """An RRset of more than one record. `data`: its records, keyed by what makes two of them the same."""

    __slots__ = ("data", "differs", "targets", "ttl", "where")

    def __init__(self, first: model.RRset) -> None:
        self.ttl = first.ttl
        self.where = first.where
        self.data = {_same(first): first.rdata[0]}
        self.targets = list(first.targets)
        self.differs = False  # said once that TTLs differ


class Records:
    """All records of one zone, in file order."""

    def __init__(self, apex: bytes, complaints: Complaints) -> None:
        self.apex = apex
        self._complaints = complaints
        self._sets: dict[bytes, dict[int, model.RRset | _Growing]] = {}
        self._pools: dict[bytes, model.PoolRef] = {}
        self._soa_elsewhere = False

    def add(self, owner: bytes, record: model.RRset) -> None:
        """Take a record, as an RRset of its own. `owner` in lower case."""
        if not self._belongs(owner, record.type, record.where):
            return
        sets = self._sets.get(owner)
        if sets is None:
            sets = self._sets[owner] = {}
        rrset = sets.setdefault(record.type, record)  # nearly every RRset has one record: it stays as it is
        if rrset is not record:
            self._add_further(owner, sets, record)

    def _add_further(self, owner: bytes, sets: dict[int, model.RRset | _Growing], record: model.RRset) -> None:
        rrset = sets[record.type]
        if record.type == _SOA:
            self._complaints.error("M017", "a second SOA record", record.where, f"the zone has its SOA at {rrset.where}; keep one")
            return
        if isinstance(rrset, model.RRset):
            rrset = sets[record.type] = _Growing(rrset)
        if record.ttl != rrset.ttl and record.type != _RRSIG:  # each RRSIG has the TTL of what it covers, RFC 4034 section 3
            self._differing(owner, rrset, record)
        key = _same(record)
        if key in rrset.data:
            said = f"this {rdata.type_text(record.type)} record of {names.to_text(owner)} is there already"
            self._complaints.warn("M019", said, record.where, "it is served once; remove one")
        else:
            rrset.data[key] = record.rdata[0]
            rrset.targets += record.targets

    def point(self, owner: bytes, reference: model.PoolRef) -> None:
        """Take a name that points to a pool."""
        if not self._belongs(owner, 0, reference.where):
            return
        first = self._pools.setdefault(owner, reference)
        if first is not reference:
            hint = f"it points to {first.pool} at {first.where}; a pool can take members of both"
            self._complaints.error("M027", f"{names.to_text(owner)} points to a pool already", reference.where, hint)

    def minimum(self) -> int | None:
        """Return the SOA's last field, None before there is a SOA."""
        soa = self._soa()
        return int.from_bytes(soa.rdata[0][-4:]) if soa else None

    def zone(self, start: Where, *, soa_may_be_lost: bool) -> model.Zone | None:
        """Return the zone; None where there is no SOA, which is said unless it may stand in a part that could not be read."""
        soa = self._soa()
        if soa is None:
            if not soa_may_be_lost and not self._soa_elsewhere:
                hint = "begin with: @ 3600 IN SOA ns1.example.com. hostmaster.example.com. 1 7200 900 1209600 300"
                self._complaints.error("M016", f"zone {names.to_text(self.apex)} has no SOA record", start, hint)
            return None
        owners = self._sets.keys() | self._pools.keys() if self._pools else self._sets.keys()
        return model.Zone(self.apex, {owner: self._name(owner) for owner in owners}, soa.where)

    def _soa(self) -> model.RRset | None:
        soa = self._sets.get(self.apex, {}).get(_SOA)
        return soa if isinstance(soa, model.RRset) else None  # it never grows

    def _name(self, owner: bytes) -> model.NameData:
        sets = self._sets.get(owner)
        return model.NameData(tuple([_grown(number, one) for number, one in sets.items()]) if sets else (), self._pools.get(owner))

    def _belongs(self, owner: bytes, number: int, where: Where) -> bool:
        if number == _SOA and owner != self.apex:
            self._soa_elsewhere = True
            apex = names.to_text(self.apex)
            hint = f"the file's name says that this is the zone {apex}; if it is {names.to_text(owner)}, rename the file"
            self._complaints.error("M018", f"the SOA stands at {names.to_text(owner)}, not at the apex {apex}", where, hint)
            return False
        if names.is_under(owner, self.apex):
            return True
        if not self._soa_elsewhere:  # one mistake in the zone's name is not repeated for every record
            hint = "names without a dot at the end are completed by $ORIGIN; records of another zone belong into its file"
            self._complaints.error("M015", f"{names.to_text(owner)} is outside the zone {names.to_text(self.apex)}", where, hint)
        return False

    def _differing(self, owner: bytes, rrset: _Growing, record: model.RRset) -> None:
        """Serve the lowest TTL where records of one RRset disagree, RFC 2181 section 5.2."""
        if not rrset.differs:
            said = f"{rdata.type_text(record.type)} records of {names.to_text(owner)}: TTL {record.ttl} here, {rrset.ttl} at {rrset.where}"
            self._complaints.warn("M020", said, record.where, "give them the same TTL; the lowest is served")
        rrset.differs = True
        rrset.ttl = min(rrset.ttl, record.ttl)


def _grown(number: int, rrset: model.RRset | _Growing) -> model.RRset:
    if isinstance(rrset, model.RRset):
        return rrset
    return model.RRset(number, rrset.ttl, tuple(rrset.data.values()), tuple(rrset.targets), rrset.where)


def _same(record: model.RRset) -> bytes:
    """Return what makes two records the same: all but the letter case of the name in them, RFC 4343 section 3."""
    wire = record.rdata[0]
    if not record.targets:
        return wire.lower() if record.type == _PTR else wire
    start = wire.index(record.targets[0])
    end = start + len(record.targets[0])
    return wire[:start] + wire[start:end].lower() + wire[end:]
