"""A zone's records as they are read: RRsets, duplicates, TTLs that differ, what belongs at the apex.

Filled by `reader`; gives the `model.Zone`. Judges only what is lost once records have become RRsets; the rest is lint's.
"""

from __future__ import annotations

from typing import Final

from gslb import model, names
from gslb.config import rdata
from gslb.config.master_file.complaints import Complaints
from gslb.errors import Where
from gslb.packed import PackedNames, pack, targets, unpacked

_SOA: Final = 6
_PTR: Final = 12
_RRSIG: Final = 46


class _Growing:
    """An RRset of more than one record. `data`: its records, keyed by what makes two of them the same."""

    __slots__ = ("data", "differs", "targets", "ttl", "where")

    def __init__(self, first: model.RRset) -> None:
        self.ttl = first.ttl
        self.where = first.where
        self.data = {_same(first.type, wire): wire for wire in first.rdata}
        self.targets = list(first.targets)
        self.differs = False  # said once that TTLs differ


class Records:
    """All records of one zone. A name is packed as soon as records of another one come: most names have theirs together."""

    def __init__(self, apex: bytes, complaints: Complaints) -> None:
        self.apex = apex
        self._complaints = complaints
        self._packed: dict[bytes, bytes] = {}
        self._sets: dict[bytes, dict[int, model.RRset | _Growing]] = {}  # of names that are not packed: those of the apex, and of the last name
        self._pools: dict[bytes, model.PoolRef] = {}
        self._files: dict[str, int] = {}
        self._last = apex
        self._soa_elsewhere = False

    def file_number(self, file: str) -> int:
        """Return the number by which packed places name a file."""
        return self._files.setdefault(file, len(self._files))

    def put(self, owner: bytes, value: bytes) -> None:
        """Take a record of a name that belongs to the zone, packed."""
        if owner in self._packed or owner in self._sets:
            (record,) = unpacked(value, [*self._files])
            self._add(owner, record)
        else:
            self._packed[owner] = value

    def add(self, owner: bytes, record: model.RRset) -> None:
        """Take a record, as an RRset of its own. `owner` in lower case."""
        if self._belongs(owner, record.type, record.where):
            self._add(owner, record)

    def _add(self, owner: bytes, record: model.RRset) -> None:
        if owner != self._last:
            self._pack(self._last)
            self._last = owner
        sets = self._sets.get(owner)
        if sets is None:
            value = self._packed.pop(owner, None)
            sets = self._sets[owner] = {} if value is None else {rrset.type: rrset for rrset in unpacked(value, [*self._files])}
        rrset = sets.setdefault(record.type, record)  # nearly every RRset has one record: it stays as it is
        if rrset is not record:
            self._add_further(owner, sets, record)

    def _pack(self, owner: bytes) -> None:
        """Pack a name, unless that would forget what was said of it already."""
        sets = self._sets.get(owner)
        if sets and owner != self.apex and not any(isinstance(one, _Growing) and one.differs for one in sets.values()):
            value = pack(_static(sets), self._files)
            if value is not None:
                del self._sets[owner]
                self._packed[owner] = value

    def _add_further(self, owner: bytes, sets: dict[int, model.RRset | _Growing], record: model.RRset) -> None:
        rrset = sets[record.type]
        if record.type == _SOA:
            self._complaints.error("M017", "a second SOA record", record.where, f"the zone has its SOA at {rrset.where}; keep one")
            return
        if isinstance(rrset, model.RRset):
            rrset = sets[record.type] = _Growing(rrset)
        if record.ttl != rrset.ttl and record.type != _RRSIG:  # each RRSIG has the TTL of what it covers, RFC 4034 section 3
            self._differing(owner, rrset, record)
        key = _same(record.type, record.rdata[0])
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
        whole: dict[bytes, model.NameData] = {}
        for owner, sets in self._sets.items():
            data = _static(sets)
            value = None if owner in self._pools else pack(data, self._files)
            if value is None:
                whole[owner] = data
            else:
                self._packed[owner] = value
        files = tuple(self._files)
        for owner, reference in self._pools.items():
            value = self._packed.pop(owner, None)
            rrsets = whole[owner].rrsets if owner in whole else unpacked(value, files) if value else ()
            whole[owner] = model.NameData(rrsets, reference)
        return model.Zone(self.apex, PackedNames(self._packed, whole, files), soa.where)

    def _soa(self) -> model.RRset | None:
        soa = self._sets.get(self.apex, {}).get(_SOA)
        return soa if isinstance(soa, model.RRset) else None  # it never grows

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


def _static(sets: dict[int, model.RRset | _Growing]) -> model.NameData:
    return model.NameData(tuple([_grown(number, one) for number, one in sets.items()]))


def _grown(number: int, rrset: model.RRset | _Growing) -> model.RRset:
    if isinstance(rrset, model.RRset):
        return rrset
    return model.RRset(number, rrset.ttl, tuple(rrset.data.values()), tuple(rrset.targets), rrset.where)


def _same(number: int, wire: bytes) -> bytes:
    """Return what makes two records the same: all but the letter case of the name in them, RFC 4343 section 3."""
    if number == _PTR:
        return wire.lower()
    target = targets(number, wire)
    if not target:
        return wire
    start = wire.index(target[0])
    end = start + len(target[0])
    return wire[:start] + wire[start:end].lower() + wire[end:]
