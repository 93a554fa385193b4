"""`checks:` — how endpoints are observed.

Called by `namespace`; gives `model.Check`. What every check has stands in the table here; the rest belongs to the check's type, whose own
table and rules are asked (`gslb.check`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from hashlib import blake2b
from typing import Any, Final

from gslb.check import CHECKS, check_named
from gslb.config import options
from gslb.config.document import Node
from gslb.config.later import LATER_CHECKS
from gslb.config.sites import check_id
from gslb.config.words import meant
from gslb.errors import Problems
from gslb.model import Check
from gslb.option import REQUIRED, Complaint, Kind, Option

CHECK: Final = {
    "type": Option(Kind.STRING, f"the kind of check: {', '.join(sorted(CHECKS))}", REQUIRED),
    "interval": Option(Kind.DURATION, "time from one run to the next", 5.0, 0.1, 86400),
    "timeout": Option(Kind.DURATION, "time after which a run has failed; less than the interval", 2.0, 0.01, 3600),
    "down": Option(Kind.INTEGER, "failures that take the target down; they add up until `ok` successes in a row clear them", 3, 1, 1000),
    "ok": Option(Kind.INTEGER, "successes in a row that clear earlier failures", 10, 1, 1000),
    "up": Option(Kind.INTEGER, "successes in a row that bring the target back", 5, 1, 1000),
    "cooldown": Option(Kind.DURATION, "time for which the state stays after it changed, whatever is seen", 0.0, 0, 86400),
    "degraded_above": Option(
        Kind.DURATION, "a success that took longer lowers the grade, from 100 there to 1 at the timeout; 0: never", 0.0, 0, 3600
    ),
    "fast_interval": Option(Kind.DURATION, "interval while the state may change soon, and for a minute after it did; 0: as ever", 0.0, 0, 86400),
    "invert": Option(Kind.BOOLEAN, "a success is a failure, and a failure a success", default=False),
}


def read(check_id_: str, node: Node, problems: Problems) -> Check:
    """Read one check. What is wrong in it is replaced by defaults; the problems say so."""
    check_id(check_id_, node, problems, "check")
    what = f"check {check_id_!r}"
    if not options.mapping(node, problems, what):
        return define(check_id_, "", {}, node)
    name = node.get("type")
    kind = check_named(name.text) if name is not None and isinstance(name.value, str) else None
    given = options.read(node, CHECK, problems, what=what, beside=node.value)  # what is unknown, the type's own table tells
    own: Mapping[str, Any] = {}
    if kind is not None:
        before = len(problems.found)
        own = options.read(node, kind.options, problems, what=what, beside=CHECK, fill=False)
        if len(problems.found) == before:
            complain(node, kind.problems(own), problems, what)
    elif name is not None and "type" in given:
        if name.text in LATER_CHECKS:
            problems.error("C018", f"{what}: type {name.text!r} is not there yet", name.where, LATER_CHECKS[name.text])
        else:
            problems.error("C015", f"{what} has the unknown type {name.text!r}", name.where, meant(name.text, CHECKS))
    return define(check_id_, given.get("type", ""), own, node, **{key: given[key] for key in CHECK if key != "type" and key in given})


def define(check_id_: str, kind: str, own: Mapping[str, Any], node: Node, **numbers: Any) -> Check:
    """Make a check, its digest included; numbers not given are the defaults."""
    times = {key: numbers.get(key, option.default) for key, option in CHECK.items() if key != "type"}
    identity = json.dumps([kind, own, times], sort_keys=True, default=str)
    digest = blake2b(identity.encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()
    return Check(check_id_, kind, own, digest=digest, where=node.key_where, **times)


def complain(node: Node, complaints: Iterable[Complaint], problems: Problems, what: str) -> None:
    """Give the complaints of a filter or check their places."""
    for complaint in complaints:
        place, _ = node.at(complaint.path)
        problems.error(complaint.code, f"{what}: {complaint.message}", place.where, complaint.hint)
