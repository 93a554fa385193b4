"""The filter `schedule`: sites that serve at certain times only.

For sites that follow the sun, that rest at night, or that open on a date. The compiler asks when the next window opens or closes, and
chooses anew at that moment; answers given before do not live past it, as far as the pool's least TTL allows.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, tzinfo
from typing import Any, ClassVar, Final, Self

from gslb.model import Location, Site
from gslb.option import Complaint, Kind, Option
from gslb.policy import hours, rules
from gslb.policy.candidate import Candidate, Outcome
from gslb.policy.example import Example, Shown

_SETTINGS: Final = frozenset({"zone"})


@dataclass(frozen=True, slots=True)
class Schedule:
    """Drops members at sites that are closed. `windows`: each site that has some; `closed`: sites closed at the moment this stands for."""

    windows: tuple[tuple[str, tuple[hours.Window, ...]], ...]
    zone: tzinfo = UTC
    closed: tuple[str, ...] = ()

    name: ClassVar = "schedule"
    blind: ClassVar = True
    doc: ClassVar = (
        "Drops the members at sites that are closed: a site that is written here is open in its windows only, any other site always. A window is "
        "days, hours and dates, each of which may be left out. Where every site is closed the pool fails, and its `when_all_down` decides; closed "
        "sites are then as good as others."
    )
    example: ClassVar = Example(
        "policy: [{schedule: {zone: Europe/Berlin, fra: ['mon-fri 07:00-20:00', 'sat 09:00-13:00'], sin: 2026-12-01..}}, priority]",
        (
            Shown("Germany", "", "fra"),
            Shown("Germany", "fra", "iad"),
        ),
    )
    options: ClassVar[Mapping[str, Option]] = {
        "zone": Option(Kind.STRING, "Time zone of the hours: `UTC`, an offset such as `+01:00`, or a name such as `Europe/Berlin`.", default="UTC"),
        "*": Option(Kind.STRINGS, "A site, and when it is open: `mon-fri 08:00-18:00`, `sat,sun`, `22:00-06:00`, `2026-12-01..2026-12-24`."),
    }

    @classmethod
    def build(cls, options: Mapping[str, Any], sites: Mapping[str, Site]) -> Self:
        """Make the filter from accepted options."""
        del sites
        windows = [(site, tuple(map(hours.window, texts))) for site, texts in options.items() if site not in _SETTINGS]
        return cls(tuple(sorted(windows, key=lambda one: one[0])), hours.zone(options.get("zone", "UTC")))

    @classmethod
    def problems(cls, options: Mapping[str, Any], sites: Mapping[str, Site]) -> Iterable[Complaint]:
        """Judge the zone, the sites, and every window."""
        try:
            hours.zone(str(options.get("zone", "UTC")))
        except ValueError as error:
            yield Complaint("P009", ("zone",), str(error), "UTC, an offset such as +01:00, or a name that this machine's time zone data has")
        if not set(options) - _SETTINGS:
            yield Complaint("P008", (), "schedule without a site", "say when a site is open: fra: mon-fri 08:00-18:00")
        for site, texts in options.items():
            if site in _SETTINGS:
                continue
            if site not in sites:
                yield Complaint("P003", (site,), f"the pool has no member at site {site!r}", rules.known(sites))
            for i, text in enumerate([texts] if isinstance(texts, str) else texts):
                try:
                    hours.window(text)
                except ValueError as error:
                    hint = "such as mon-fri 08:00-18:00, sat,sun or 2026-12-01..2026-12-24"
                    yield Complaint("P009", (site, i) if isinstance(texts, list | tuple) else (site,), f"{site}: {error}", hint)

    def client_key(self, location: Location) -> Hashable:
        """Return None: the same for every client."""
        del location
        return None

    def at(self, now: float) -> Schedule:
        """Return the schedule of that moment."""
        return replace(self, closed=tuple(site for site, windows in self.windows if not self._open(windows, now)))

    def edge(self, candidates: tuple[Candidate, ...], now: float) -> float | None:
        """Return when the next window opens or closes."""
        del candidates
        moments = (moment for _, windows in self.windows for one in windows for span in hours.spans(one, self.zone, now) for moment in span)
        return min((moment for moment in moments if moment > now), default=None)

    def apply(self, candidates: tuple[Candidate, ...], key: Hashable) -> Outcome:
        """Drop members at closed sites; none left is a failure."""
        del key
        kept = tuple(c for c in candidates if not c.stands_at(self.closed))
        return Outcome(kept or candidates, failed=not kept)

    def when_all_down(self) -> None:
        """Left out: a closed site may still be alive."""

    def _open(self, windows: tuple[hours.Window, ...], now: float) -> bool:
        return any(begin <= now < end for one in windows for begin, end in hours.spans(one, self.zone, now))
