"""`sites:` — data centres.

Called by `namespace`; gives `model.Site`. A site that is wrong is still returned, with what was right, so that those who name it are not
blamed too.
"""

from __future__ import annotations

import math
import re
from typing import Final

from gslb.config import options
from gslb.config.document import Node
from gslb.config.words import kind
from gslb.errors import Problems
from gslb.model import Site
from gslb.option import Kind, Option

SITE: Final = {
    "name": Option(Kind.STRING, "what people call the site", ""),
    "location": Option(Kind.ANY, "[latitude, longitude] in degrees, such as [50.11, 8.68]"),
    "capacity": Option(Kind.INTEGER, "how much the site can carry, in a unit of your own", None, 0, 10**12),
}

_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")


def read(site_id: str, node: Node, problems: Problems) -> Site:
    """Read one site."""
    check_id(site_id, node, problems, "site")
    what = f"site {site_id!r}"
    if not options.mapping(node, problems, what):
        return Site(site_id, where=node.key_where)
    given = options.read(node, SITE, problems, what=what)
    location = node.get("location")
    return Site(
        site_id, given.get("name", ""), coordinates(location, problems, what) if location else None, given.get("capacity"), where=node.key_where
    )


def coordinates(node: Node, problems: Problems, what: str) -> tuple[float, float] | None:
    """Read `[latitude, longitude]`; null stands for not known."""
    value = node.value
    if value is None:
        return None
    hint = "write [latitude, longitude] in degrees, such as [50.11, 8.68]"
    if not isinstance(value, list) or len(value) != 2 or not all(type(one) in (int, float) and math.isfinite(one) for one in value):
        problems.error("C012", f"location of {what} must be a list of two numbers, not {kind(value)}", node.where, hint)
        return None
    latitude, longitude = value
    if not -90 <= latitude <= 90 or not -180 <= longitude <= 180:
        swapped = "; are the two swapped?" if -90 <= longitude <= 90 and -180 <= latitude <= 180 else ""
        problems.error("C012", f"location of {what} is not on earth: latitude {latitude}, longitude {longitude}{swapped}", node.where, hint)
        return None
    return float(latitude), float(longitude)


def check_id(given: str, node: Node, problems: Problems, what: str) -> None:
    """Refuse ids that would be unreadable in metrics, logs and on the command line."""
    if not _ID.fullmatch(given):
        hint = "letters, digits, '.', '_' and '-', at most 63, beginning with a letter or digit"
        problems.error("C008", f"{given[:80]!r} is not a good name for a {what}", node.key_where, hint)
