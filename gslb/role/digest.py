"""A digest of all that a node's answers depend on: two nodes that show different ones, for longer than a moment, disagree.

Part of control; goes into the node's report, so that `gslb status` on any node shows who differs. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import blake2b
from pathlib import PurePath

from gslb.verdict import Target, Verdicts

SIZE = 8  # octets: nobody forges it, and people compare it by eye


def of_files(sources: Mapping[str, str], geo: Iterable[float]) -> str:
    """Digest the files' texts, wherever each node keeps them, and when the geo data were built."""
    found = blake2b(digest_size=SIZE)
    for name, text in sorted((PurePath(name).name, text) for name, text in sources.items()):
        _add(found, name, text)
    _add(found, *(f"{built:.0f}" for built in geo))
    return found.hexdigest()


def of_all(files: str, verdicts: Verdicts, targets: Iterable[Target], overrides: Iterable[str]) -> str:
    """Digest what the files are, what is judged of the targets in them, and the keys of the overrides that stand."""
    found = blake2b(files.encode(), digest_size=SIZE)
    judged = ((target, verdict) for target in targets if (verdict := verdicts.get(target)))
    for check, digest, address, quorum, state, grade in sorted(
        (target.check, target.digest, target.address, target.quorum, verdict.state.name, verdict.grade) for target, verdict in judged
    ):
        _add(found, check, digest, address, quorum, state, str(grade))
    _add(found, *sorted(overrides))
    return found.hexdigest()


def _add(found: blake2b, *texts: str) -> None:
    """Add texts so that no others give the same octets."""
    for text in texts:
        octets = text.encode()
        found.update(len(octets).to_bytes(4, "big") + octets)
