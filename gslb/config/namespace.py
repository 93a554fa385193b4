"""All the operator's objects while they are gathered: one namespace over all files.

Filled by `load` and the readers of this floor. Something defined twice is an error that names both places; the first one stays.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from gslb import names
from gslb.config import checks, options, pools, sites
from gslb.config.document import Node
from gslb.config.expose import expose
from gslb.errors import Problems, Severity, Where
from gslb.model import Check, Model, NetworkFact, Pool, Site, Zone

_T = TypeVar("_T", Site, Check, Pool)


@dataclass(slots=True)
class Namespace:
    """What has been found so far. `broken`: places of objects that had mistakes, which lint should not judge again. `version`: for serials."""

    problems: Problems
    sites: dict[str, Site] = field(default_factory=dict)
    checks: dict[str, Check] = field(default_factory=dict)
    pools: dict[str, Pool] = field(default_factory=dict)
    zones: dict[bytes, Zone] = field(default_factory=dict)
    networks: list[NetworkFact] = field(default_factory=list)
    broken: set[Where] = field(default_factory=set)
    version: int = 1

    def model(self) -> Model:
        """Freeze it; names for single sites are added where they are asked for."""
        return Model(self.sites, self.checks, self.pools, expose(self.zones, self.pools, self.problems), tuple(self.networks))

    def read_sites(self, section: Node) -> None:
        """Take a file's `sites:`."""
        self._read(section, "site", self.sites, sites.read)

    def read_checks(self, section: Node) -> None:
        """Take a file's `checks:`."""
        self._read(section, "check", self.checks, checks.read)

    def read_pools(self, section: Node) -> None:
        """Take a file's `pools:`; all sites must be there."""
        self._read(section, "pool", self.pools, lambda name, node, problems: pools.read(name, node, self.sites, problems))

    def add_zone(self, zone: Zone) -> None:
        """Take a zone; two files for one zone would be a riddle."""
        first = self.zones.setdefault(zone.apex, zone)
        if first is not zone:
            hint = f"the first one is at {first.where}; a zone stands in one file"
            self.problems.error("C026", f"zone {names.to_text(zone.apex)} is defined a second time", zone.where, hint)

    def _read(self, section: Node, what: str, table: dict[str, _T], read: Callable[[str, Node, Problems], _T]) -> None:
        if not options.mapping(section, self.problems, f"`{what}s:`"):
            return
        for name, node in section.items():
            since = len(self.problems.found)
            made = read(name, node, self.problems)
            if any(problem.severity is Severity.ERROR for problem in self.problems.found[since:]):
                self.broken.add(made.where)
            if name in table:
                self.problems.error("C007", f"{what} {name!r} is defined a second time", node.key_where, f"the first one is at {table[name].where}")
            else:
                table[name] = made
