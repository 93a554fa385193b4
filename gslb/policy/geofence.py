"""The filter `geofence`: sites that may serve certain places only, for law, licence or cost.

`geo` says where clients go; a fence says where they must not. It binds whatever happens: also when all members are down.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self, cast

from gslb.model import Location, Site
from gslb.option import Complaint, Kind, Option
from gslb.policy import rules
from gslb.policy.candidate import Candidate, Outcome
from gslb.policy.example import Example, Shown
from gslb.policy.places import NoSuchPlaceError, Place, place


@dataclass(frozen=True, slots=True)
class Geofence:
    """Drops members at sites that may not serve the client. `fences`: each fenced site, and the places it may serve."""

    fences: tuple[tuple[str, tuple[Place, ...]], ...]

    name: ClassVar = "geofence"
    blind: ClassVar = True
    doc: ClassVar = (
        "Drops the members at sites that may not serve the client: a site that is written here serves clients of its places only, any other site "
        "serves everybody. A client whose place is not known is outside every fence. Where nothing is left the pool fails, and its fence binds even "
        "then, so a fenced pool had better have a backup, or a site without a fence."
    )
    example: ClassVar = Example(
        "policy: [{geofence: {fra: [EU], sin: [AS, OC]}}, nearest]",
        (
            Shown("Germany", "", "fra"),
            Shown("Singapore", "", "sin"),
            Shown("California", "", "sjc"),
            Shown("Singapore", "fra iad sjc sin", "sin sjc iad"),
        ),
    )
    options: ClassVar[Mapping[str, Option]] = {"*": Option(Kind.STRINGS, "A site, and the places it may serve: `fra: [EU, tag:office]`.")}

    @classmethod
    def build(cls, options: Mapping[str, Any], sites: Mapping[str, Site]) -> Self:
        """Make the filter from accepted options."""
        del sites
        return cls(tuple(sorted((site, tuple(place(one) for one in places)) for site, places in options.items())))

    @classmethod
    def problems(cls, options: Mapping[str, Any], sites: Mapping[str, Site]) -> Iterable[Complaint]:
        """Judge sites and places."""
        if not options:
            yield Complaint("P008", (), "geofence without a site", "say which places a site may serve: fra: [EU]")
        for site, places in options.items():
            if site not in sites:
                yield Complaint("P003", (site,), f"the pool has no member at site {site!r}", rules.known(sites))
            listed = [places] if isinstance(places, str) else places if isinstance(places, list | tuple) else []
            if not listed:
                yield Complaint("P004", (site,), f"the fence of {site} has no place in it", f"write {site}: [EU], or leave the site out")
            for i, one in enumerate(listed):
                try:
                    place(str(one))
                except NoSuchPlaceError as error:
                    yield Complaint("P002", (site, i), str(error), error.hint)

    def client_key(self, location: Location) -> Hashable:
        """Return the sites that must not serve a client there."""
        return tuple(site for site, places in self.fences if not any(rules.speaks(one, location) for one in places))

    def apply(self, candidates: tuple[Candidate, ...], key: Hashable) -> Outcome:
        """Drop members at those sites; a pool inside the pool that would answer with one of them, too."""
        kept = tuple(c for c in candidates if not c.stands_at(cast("tuple[str, ...]", key)))
        return Outcome(kept, failed=not kept)

    def when_all_down(self) -> Geofence:
        """Stay: a fence binds."""
        return self
