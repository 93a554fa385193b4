"""`register:` of a pool: who may become a member of it by saying so in the store, and how many of them.

    register:
      networks: [198.51.100.0/24]            no other address is ever taken
      site: fra                              where all of them stand
      maximum: 20                            no more than so many at once
      min_members: 2                         below so many members nobody is taken out for a lease that has ended
      keys: [fra-scaler]                     the sites of keys.yaml whose word counts

Called by `pools`. They are checked as the pool says; that it says so is lint's business.
"""

from __future__ import annotations

from typing import Final

from gslb.config import networks, options
from gslb.config.document import Node
from gslb.config.requirement import Requirement
from gslb.errors import Problems
from gslb.model import Member, Registration
from gslb.option import REQUIRED, Kind, Option

DOC: Final = "who may join by saying so in the store: {networks: […], site: …, maximum: N, min_members: N, keys: […]}"

KEYS: Final = {
    "networks": Option(Kind.STRINGS, "networks of which their addresses must be", REQUIRED),
    "site": Option(Kind.STRING, "the site they stand at", REQUIRED),
    "maximum": Option(Kind.INTEGER, "how many may have joined at once, beside the members listed here", REQUIRED, 1, 1000),
    "min_members": Option(Kind.INTEGER, "members, those listed here included, that the end of a lease must leave", 0, 0, 2000),
    "keys": Option(Kind.STRINGS, "names of the sites (in keys.yaml) that may register members", REQUIRED),
}


def read(node: Node | None, required: Requirement, quorum: str, problems: Problems, what: str) -> Registration | None:
    """Read one; None where there is none, or it is wrong. `required`, `quorum`: the pool's."""
    if node is None:
        return None
    what = f"register of {what}"
    if not options.mapping(node, problems, what):
        return None
    given = options.read(node, KEYS, problems, what=what)
    if any(key not in given for key in KEYS):
        return None
    for key in ("networks", "keys"):
        if not given[key]:
            problems.error("C017", f"{what} lists no {key}, so nobody could join", node.child(key).where, KEYS[key].doc)
    listed = node.child("networks")
    places = listed.values() if isinstance(listed.value, list) else [listed]
    found = [networks.parse(place.text, place.where, problems) for place in places]
    member = Member("", (), given["site"], checks=required.checks, need=required.need, quorum=quorum, where=node.key_where)
    allowed = tuple(network for network in found if network is not None)
    return Registration(allowed, given["maximum"], tuple(given["keys"]), member, given["min_members"], where=node.key_where)
