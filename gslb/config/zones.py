"""A zone written in YAML: `zone`, `soa`, `default_ttl` and `records`, or a plain octoDNS file with the names at its top.

Called by `load` for each such file, after all sites, checks and pools are known; adds the zone to the namespace.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import PurePath
from typing import Final

from gslb import names
from gslb.config import durations, hints, octodns_dynamic, records, soa
from gslb.config.document import Node
from gslb.config.namespace import Namespace
from gslb.config.words import kind, meant, shown
from gslb.errors import Where
from gslb.model import NameData, RRset, Zone
from gslb.packed import packed_names

DEFAULT_TTL: Final = 3600  # octoDNS's
FILE_KEYS: Final = ("zone", "soa", "default_ttl", "records", "sites", "checks", "pools", "format")
SECTIONS: Final = ("sites", "checks", "pools")

_ZONE_KEYS: Final = ("zone", "soa", "default_ttl")
_LABEL: Final = re.compile(r"[A-Za-z0-9_-]{1,63}").fullmatch
_NS: Final = 2


def is_octodns(root: Node) -> bool:
    """Whether a file is a plain octoDNS zone: it says so, or has none of our keys at its top."""
    return root.value.get("format") == "octodns" or not any(key in FILE_KEYS for key in root.value)


def read(root: Node, space: Namespace) -> None:
    """Read a file of ours: its zone, if it has one, and every key at its top that is not known."""
    problems = space.problems
    for key, child in root.items():
        if key not in FILE_KEYS and not key.startswith("x-"):  # x-: a place for anchors, as in Docker Compose
            record = isinstance(child.value, dict | list) and not meant(key, FILE_KEYS).startswith("did")
            hint = "names stand under `records:`; a plain octoDNS zone says format: octodns" if record else meant(key, FILE_KEYS)
            problems.error("C002", f"unknown key {key!r} at the top of the file", child.key_where, hint)
    form = root.get("format")
    if form is not None:
        problems.error("C005", f"unknown format {shown(form.value)}", form.where, "format: octodns, or leave it out")
    if "records" not in root.value:
        for key in _ZONE_KEYS:
            if key in root.value:
                problems.error("C003", f"{key!r} without `records`", root.child(key).key_where, "a zone is a file with `records:`")
        return
    apex = _apex(root, space)
    if apex is not None:
        ttl = _default_ttl(root.get("default_ttl"), space)
        _zone(apex, root.child("records"), ttl, root, space)


def read_octodns(root: Node, space: Namespace) -> None:
    """Read a plain octoDNS zone; its name is the file's."""
    apex = _apex(root, space)
    if apex is not None:
        _zone(apex, root, DEFAULT_TTL, root, space)


def _apex(root: Node, space: Namespace) -> bytes | None:
    given = root.get("zone") if "records" in root.value else None
    where = Where(root.document.file, 1) if given is None else given.where
    stem = PurePath(root.document.file).name.rpartition(".")[0]
    if given is not None and not isinstance(given.value, str):
        space.problems.error("C025", f"a zone's name cannot be {kind(given.value)}", where, "such as zone: example.com")
        return None
    if given is None and "." not in stem.strip("."):
        keys = [key for key in root.value if key not in FILE_KEYS]
        near = next((hint for key in keys if (hint := meant(key, FILE_KEYS)).startswith("did")), "")
        hint = near or f"say zone: NAME, or call the file after its zone, such as {stem or 'example'}.com.yaml"
        what = "has no known key at its top" if "records" not in root.value else "has records but no `zone`"
        space.problems.error("C025", f"the file {what}, and its name {stem!r} is not a zone's", where, hint)
        return None
    try:
        return names.from_text((stem if given is None else given.value).rstrip(".") + ".").lower()
    except ValueError as error:
        space.problems.error("C025", f"not a zone's name: {error}", where, "such as zone: example.com")
        return None


def _default_ttl(node: Node | None, space: Namespace) -> int:
    if node is None:
        return DEFAULT_TTL
    try:
        return durations.ttl(node.value)
    except ValueError as error:
        space.problems.error("C019", f"default_ttl: {error}", node.where)
        return DEFAULT_TTL


def _zone(apex: bytes, section: Node, ttl: int, root: Node, space: Namespace) -> None:
    """Read all names, and put the SOA at the apex."""
    ours = section is not root
    named = root.get("zone") if ours else None
    where = named.key_where if named else section.key_where
    soa_node = root.get("soa") if ours else None
    if not isinstance(section.value, dict):
        space.problems.error("C001", f"`records:` must be a mapping from names to records, not {kind(section.value)}", section.where)
        return
    scene = records.Scene(apex, ttl, space.problems, space.broken)
    found: dict[bytes, NameData] = {}
    places: dict[bytes, Node] = {}
    for key, node in section.items():
        if key == "format" and node.value == "octodns":
            continue
        owner = _owner(key, node, scene)
        if owner is None:
            continue
        if owner in found:
            hint = f"the first one is in line {places[owner].key_where.line}"
            space.problems.error("R013", f"the name {names.to_text(owner)} stands here a second time", node.key_where, hint)
            continue
        data, dynamics = records.read(node, scene)
        if dynamics:
            data = octodns_dynamic.compile_name(owner, data, dynamics, scene, space)
        found[owner] = data
        places[owner] = node
    at_apex = found.get(apex, NameData())
    found[apex] = replace(
        at_apex, rrsets=(soa.read(soa_node, apex, _first_ns(at_apex.rrsets), space.problems, where, space.version), *at_apex.rrsets)
    )
    hints.resolve(found, space.problems)
    space.add_zone(Zone(apex, packed_names(found), where))


def _first_ns(rrsets: tuple[RRset, ...]) -> bytes | None:
    return next((rrset.rdata[0] for rrset in rrsets if rrset.type == _NS), None)


def _owner(key: str, node: Node, scene: records.Scene) -> bytes | None:
    """Turn a key into the owner's absolute name."""
    if _LABEL(key) and len(key) + len(scene.apex) < names.MAX_NAME:  # nearly every name there is
        return bytes([len(key)]) + key.lower().encode() + scene.apex
    if key in ("", "@"):
        return scene.apex
    problems = scene.problems
    try:
        owner = names.from_text(key, scene.apex).lower()
    except ValueError as error:
        problems.error("R011", str(error), node.key_where, "names are relative to the zone; '' is the zone itself")
        return None
    if not names.is_under(owner, scene.apex):
        zone = names.to_text(scene.apex)
        problems.error("R012", f"{shown(key)} is not inside {zone}", node.key_where, "names are relative to the zone unless they end with a dot")
        return None
    return owner
