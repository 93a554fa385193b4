"""One name's value in a YAML zone: a record, or a list of records and one pool, in octoDNS's syntax.

Called by `zones` for every name, so the common shapes take no detours; gives `model.NameData`. Structure is judged here; what DNS
forbids beside what, by lint, for master files too.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from gslb.config import durations, hints, rdata, values
from gslb.config.document import Node
from gslb.config.words import kind, meant, misspelt, shown
from gslb.errors import Problems, Where
from gslb.model import Hinted, NameData, PoolRef, RRset

RECORD_KEYS: Final = ("type", "ttl", "value", "values", "octodns", "dynamic", "geo")
POOL_KEYS: Final = ("pool", "ttl", "types", "expose_sites")
HINTED: Final = (64, 65)  # SVCB, HTTPS
POOL_TYPES: Final = {"A": 1, "AAAA": 28}

_ELSEWHERE: Final = {
    "SOA": "write the zone's `soa:` key instead",
    "ALIAS": "point the name to a pool: {pool: NAME}; that works at the apex too",
    "ANAME": "point the name to a pool: {pool: NAME}; that works at the apex too",
    "SPF": "publish the policy as TXT (RFC 7208 section 3.1)",
    "GSLB": "write {pool: NAME}",
    "URLFWD": "a nameserver cannot forward URLs",
}
_INVALID: Final = b"\x07invalid\0"  # RFC 6761 section 6.4
_STAND_INS: Final[dict[str, tuple[int, bytes, tuple[bytes, ...]]]] = {
    "A": (1, b"\xc0\0\x02\0", ()),
    "AAAA": (28, b"\x20\1\x0d\xb8" + bytes(12), ()),
    "NS": (2, _INVALID, (_INVALID,)),
}


@dataclass(frozen=True, slots=True)
class Scene:
    """The zone around a record. `broken` collects the places of stand-ins, of which lint should not complain again."""

    apex: bytes
    default_ttl: int
    problems: Problems
    broken: set[Where]


@dataclass(frozen=True, slots=True)
class Dynamic:
    """A record with octoDNS's `dynamic`: read by `octodns_dynamic`, once the whole name is known."""

    type: str
    ttl: int
    node: Node


def read(node: Node, scene: Scene) -> tuple[NameData, list[Dynamic]]:
    """Read everything at one name. What is wrong is a problem, and left out."""
    rrsets: dict[int, RRset] = {}
    pool: PoolRef | None = None
    hinted: tuple[Hinted, ...] = ()
    dynamics: list[Dynamic] = []
    if isinstance(node.value, list) and not node.value:
        scene.problems.error("R001", "an empty list of records", node.where, "remove the name, or give it a record")
    for one in node.values() if isinstance(node.value, list) else (node,):
        if not isinstance(one.value, dict):
            hint = "write {type: A, value: 192.0.2.1} or {pool: NAME}"
            scene.problems.error("R001", f"a record must be a mapping, not {kind(one.value)}", one.where, hint)
        elif "pool" in one.value:
            found = _pool(one, scene)
            if pool is not None:
                scene.problems.error("R015", "a second pool at this name", one.where, f"the first one is in line {pool.where.line}")
            pool = pool or found
        elif one.value.get("dynamic") is not None:
            dynamic = _dynamic(one, scene)
            if dynamic is not None:
                dynamics.append(dynamic)
        else:
            rrset = record(one, scene)
            if rrset is not None and (rrset.type in rrsets or (hinted and hinted[0].type == rrset.type)):
                first = rrsets[rrset.type].where.line if rrset.type in rrsets else hinted[0].where.line
                hint = f"the first one is in line {first}; list all values in one record"
                scene.problems.error("R009", f"a second {rdata.type_text(rrset.type)} record at this name", one.where, hint)
            elif rrset is not None and rrset.type in HINTED and hints.asked(one):
                hinted += hints.take(one, rrset, scene.problems)
            elif rrset is not None:
                rrsets[rrset.type] = rrset
    return NameData(tuple(rrsets.values()), pool, hinted), dynamics


def record(node: Node, scene: Scene) -> RRset | None:
    """Read one static record (all values of one type)."""
    value = node.value
    if not value.keys() <= {"type", "ttl", "value", "values", "octodns"}:
        _judge_keys(node, scene.problems)
    type_text = _type(node, scene.problems)
    ttl = value.get("ttl", scene.default_ttl)
    if type(ttl) is not int or not 0 <= ttl <= durations.MAX_TTL:
        ttl = _ttl(node, scene)
    if type_text is None:
        return None
    given = _values(node, type_text, scene.problems)
    if given is None:
        return _stand_in(type_text, ttl, node, scene)
    seen: dict[bytes, None] = {}
    targets: list[bytes] = []
    number = 0
    for one in given if isinstance(given, list) else [given]:
        found = values.read(one, type_text, scene.apex, scene.problems)
        if found is None:
            continue
        number, wire, own = found
        if wire in seen:
            scene.problems.warn("R010", f"the same {type_text} value twice", one.where, "it is served once; remove one of them")
        else:
            seen[wire] = None
            targets += own
    if not seen:
        return _stand_in(type_text, ttl, node, scene)
    return RRset(number, ttl, tuple(seen), tuple(targets), node.where)


def _stand_in(type_text: str, ttl: int, node: Node, scene: Scene) -> RRset | None:
    """Stand in for a record without one good value, so that lint does not blame others for its absence; the load fails anyway."""
    stand_in = _STAND_INS.get(type_text)
    if stand_in is None:
        return None
    scene.broken.add(node.where)
    number, wire, targets = stand_in
    return RRset(number, ttl, (wire,), targets, node.where)


def _judge_keys(node: Node, problems: Problems) -> None:
    for key, child in node.items():
        if key == "geo":
            problems.error("R019", "octoDNS's old `geo` is not understood", child.key_where, "octoDNS replaced it by `dynamic`, which is")
        elif key == "types":
            problems.error("R002", "unknown key 'types' in a record", child.key_where, "`types` belongs beside `pool`; a record has one `type`")
        elif key not in RECORD_KEYS:
            problems.error("R002", f"unknown key {key!r} in a record", child.key_where, meant(key, [*RECORD_KEYS, "pool"]))


def _type(node: Node, problems: Problems) -> str | None:
    given = node.value.get("type")
    if isinstance(given, str):
        type_text = given.upper()
        if type_text in _ELSEWHERE:
            problems.error("R020", f"{type_text} cannot be written as a record", node.child("type").where, _ELSEWHERE[type_text])
            return None
        try:
            rdata.type_number(type_text)
        except ValueError:
            hint = meant(type_text, rdata.FORMS)
            hint = (hint if hint.startswith("did") else "") or "any type can be written as TYPEnumber, with its data as '\\# length hex'"
            problems.error("R004", f"unknown record type {shown(given)}", node.child("type").where, hint)
            return None
        return type_text
    if "type" in node.value:
        problems.error("R004", f"a record's type cannot be {kind(given)}", node.child("type").where, "such as A, AAAA, CNAME, MX, TXT")
    else:
        problems.error("R003", "a record without `type`", node.where, "write {type: A, value: 192.0.2.1} or {pool: NAME}")
    return None


def _ttl(node: Node, scene: Scene) -> int:
    child = node.get("ttl")
    if child is None:
        return scene.default_ttl
    try:
        return durations.ttl(child.value)
    except ValueError as error:
        scene.problems.error("R014", str(error), child.where)
        return scene.default_ttl


def _values(node: Node, type_text: str, problems: Problems) -> Node | list[Node] | None:
    """Find the values: one node, or a list of them."""
    value = node.value
    if "values" in value and "value" in value:
        problems.error("R005", "a record has `value` and `values`", node.child("values").key_where, "keep one of them")
        return None
    key = "values" if "values" in value else "value"
    if value.get(key) is None and misspelt("value", value.keys() - set(RECORD_KEYS)):
        return None  # told as an unknown key
    if value.get(key) is None:
        hint = f"such as value: {rdata.FORMS[type_text]}" if type_text in rdata.FORMS else "value: DATA, or values: [DATA, …]"
        problems.error("R005", f"a record of type {type_text} without a value", node.where, hint)
        return None
    child = node.child(key)
    if not isinstance(child.value, list):
        return child
    if not child.value:
        problems.error("R005", f"a record of type {type_text} with an empty list of values", child.where, "remove the record, or give it a value")
        return None
    return list(child.values())


def _pool(node: Node, scene: Scene) -> PoolRef | None:
    """Read `{pool: NAME, ttl: 30, types: [A, AAAA]}`."""
    for key, child in node.items():
        if key not in POOL_KEYS:
            beside = key in RECORD_KEYS
            hint = "a static record is another item of the list" if beside else meant(key, POOL_KEYS)
            scene.problems.error("R002", f"unknown key {key!r} beside `pool`", child.key_where, hint)
    pool = node.child("pool")
    ttl = _ttl(node, replace(scene, default_ttl=-1))
    types = _pool_types(node.get("types"), scene.problems)
    if not isinstance(pool.value, str):
        scene.problems.error("R001", f"a pool is named by text, not by {kind(pool.value)}", pool.where, "write {pool: NAME}")
        return None
    expose = node.get("expose_sites")
    if expose is not None and type(expose.value) is not bool:
        scene.problems.error("R001", f"expose_sites must be true or false, not {kind(expose.value)}", expose.where)
    exposed = expose is not None and expose.value is True
    return PoolRef(pool.value, types, None if ttl < 0 else ttl, where=node.where, expose_sites=exposed)


def _pool_types(node: Node | None, problems: Problems) -> tuple[int, ...]:
    both = tuple(POOL_TYPES.values())
    if node is None:
        return both
    found: list[int] = []
    for child in node.values() if isinstance(node.value, list) else [node]:
        number = POOL_TYPES.get(child.value.upper()) if isinstance(child.value, str) else None
        if number is None:
            problems.error("R020", f"a pool gives A and AAAA, not {kind(child.value)}", child.where, "types: [A, AAAA]")
        elif number not in found:
            found.append(number)
    return tuple(sorted(found)) or both


def _dynamic(node: Node, scene: Scene) -> Dynamic | None:
    _judge_keys(node, scene.problems)
    type_text = _type(node, scene.problems)
    ttl = _ttl(node, scene)
    return None if type_text is None else Dynamic(type_text, ttl, node)
