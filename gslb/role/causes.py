"""What is wrong, the root cause first: from a status (plain data, as `gslb status --json` shows it) to a few lines for whoever was woken.

Pure but for `Causes`, which remembers since when. What follows from a cause is not said beside it: members of a site that is down as a whole are
not listed one by one. Shown by `gslb status`, `/api/v1/status`, the dashboard and `gslb_degraded{code}`; operators' words are said too, for half of
all riddles are yesterday's drain.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from gslb.role.neighbours import FRESH

# The order is that of roots before consequences; each code is documented in docs/how-to/watch.md.
CODES: Final = (
    "config_refused",
    "files_refused",
    "store_lost",
    "plane_restarts",
    "prober_cut_off",
    "prober_gone",
    "held",
    "site_down",
    "all_down",
    "member_down",
    "canary_failed",
    "node_gone",
    "node_differs",
    "geo_missing",
    "geo_old",
    "drained",
    "forced",
)
LEVELS: Final = ("error", "warning", "info")
FEW: Final = 20  # causes of one code that are spelled out
SETTLES: Final = {"node_differs": 15.0}  # seconds that nodes may differ: while a change travels they do
RECENT: Final = 900.0  # seconds for which a restarted plane is worth a line

Status = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Cause:
    """One thing that is wrong. `subject`: what it is about; `since`: seconds since the epoch, None = not known."""

    code: str
    level: str
    text: str
    hint: str = ""
    since: float | None = None
    subject: str = ""


class Causes:
    """Those of one node, with since when where the status does not say."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str], float] = {}

    def look(self, status: Status, now: float) -> list[dict[str, Any]]:
        """Return what is wrong now as plain data."""
        found = causes(status, now)
        self._seen = {(one.code, one.subject): self._seen.get((one.code, one.subject), now) for one in found}
        lasting = [one for one in found if now - self._seen[one.code, one.subject] >= SETTLES.get(one.code, 0.0)]
        return [{**asdict(one), "since": self._seen[one.code, one.subject] if one.since is None else one.since} for one in lasting]


def causes(status: Status, now: float) -> list[Cause]:
    """Find what is wrong, the worst and the roots first."""
    found = [
        *_files(status),
        *_store(status, now),
        *_planes(status, now),
        *_probers(status, now),
        *_held(status),
        *_health(status),
        *_canary(status),
        *_nodes(status, now),
        *_geo(status),
        *_words(status),
    ]
    ranked = sorted(found, key=lambda one: (LEVELS.index(one.level), CODES.index(one.code)))
    return list(_few(ranked))


def counts(degraded: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """Count by code, those that are not there too: for the metric."""
    found = dict.fromkeys(CODES, 0)
    for one in degraded:
        found[one["code"]] += 1
    return found


def _files(status: Status) -> Iterator[Cause]:
    config = status.get("config") or {}
    if refused := config.get("refused"):
        newest, version = config.get("newest", 0), config.get("version", 0)
        text = f"the published version {newest} is not run here, version {version} is: {refused}"
        yield Cause("config_refused", "error", text, "publish a mended version, or `gslb rollback`; answers are those of the version that runs")
        return  # what is refused are its files
    reload = status.get("reload") or {}
    if problems := reload.get("problems"):
        more = f" (and {reload['count'] - 1} more)" if reload["count"] > 1 else ""
        last = status["files"] != "present"
        text = f"the files are refused: {problems[0]['where']}: {problems[0]['code']} {problems[0]['message']}{more}"
        hint = f"mend them, see `gslb check`, then `gslb reload`; {'the last accepted files are' if last else 'what was accepted before is'} served"
        yield Cause("files_refused", "error", text, hint, reload["at"] or None)
    elif status["files"] != "present":
        hint = "mend the present ones, then `gslb reload`; if they are meant so: `gslb reload --force`"
        yield Cause("files_refused", "error", "the files that are there are not served: the last accepted ones are", hint, status["began"])


def _store(status: Status, now: float) -> Iterator[Cause]:
    store = status["store"]
    if store["shared"] and not store["reached"]:
        why = f": {store['why']}" if store["why"] else ""
        text = f"the store {store['url']} is out of reach for {store['age']:.0f} s{why}"
        hint = "answers stay as they were, nothing that fails from now on is noticed; look at Redis and at the way to it"
        yield Cause("store_lost", "error", text, hint, now - store["age"])


def _planes(status: Status, now: float) -> Iterator[Cause]:
    for number, plane in enumerate(status["planes"]):
        at = plane.get("restarted", 0.0)
        if plane.get("starts", 0) > 1 and now - at < RECENT:
            text = f"plane {number}, which answers, ended and began anew, {plane['starts'] - 1} times in all"
            yield Cause("plane_restarts", "error", text, "it is a fault of gslb or of the machine: see the log", at, str(number))


def _probers(status: Status, now: float) -> Iterator[Cause]:
    for one in status["probers"]:
        name, place = one["name"], one["place"]
        if not one["fresh"]:
            text = f"prober {name} (place {place}) is gone: nothing heard for {one['age']:.0f} s"
            hint = f"its votes no longer count, others decide; see whether `gslb probe` runs at {place} and reaches the store"
            yield Cause("prober_gone", "warning", text, hint, now - one["age"], name)
        elif one["suspect"]:
            text = f"prober {name} (place {place}) is cut off: {one['suspect']}"
            yield Cause("prober_cut_off", "warning", text, f"its votes do not count, others decide; look at the network of {place}", None, name)


def _held(status: Status) -> Iterator[Cause]:
    if hold := status["hold"]:
        text = f"all verdicts are held by {hold['author'] or 'nobody named'}: {hold['reason']}"
        yield Cause("held", "warning", text, "no failure changes an answer; `gslb hold --release` lets them go", hold["since"], "verdicts")


def _health(status: Status) -> Iterator[Cause]:
    """Say which sites are down as a whole, then which pools have nobody left, then which other members are down."""
    failing: Mapping[str, str] = status.get("failing") or {}
    members = [(pool["pool"], member) for pool in status["pools"] for member in pool["members"]]
    by_site: dict[str, list[tuple[str, Mapping[str, Any]]]] = {}
    for pool, member in members:
        if member["site"] and any(address["checks"] for address in member["addresses"]):
            by_site.setdefault(member["site"], []).append((pool, member))
    gone = {site for site, of in by_site.items() if all(member["state"] == "down" for _, member in of)}
    for site in sorted(gone):
        of = by_site[site]
        pools = sorted({pool for pool, _ in of})
        text = f"site {site} is down: {_all(len(of))} ({', '.join(pools[:3])}{', …' if len(pools) > 3 else ''}): {_why(of)}"
        rest = "nobody else is left for some of its pools" if failing.keys() & set(pools) else "answers name other sites"
        hint = f"{rest}; look at {site}: its balancer, its network"
        yield Cause("site_down", "error", text, hint, _since(of), site)
    for pool, rule in sorted(failing.items()):
        text = f"pool {pool} has no member that is up: it answers by its rule for that ({rule})"
        hint = "whoever asks gets an answer that may not work; mend a member, or `gslb member up` one that checks misjudge"
        yield Cause("all_down", "error", text, hint, None, pool)
    for pool, member in members:
        if member["state"] == "down" and member["site"] not in gone:
            text = f"member {pool}/{member['member']} is down: {_why([(pool, member)])}"
            hint = "" if pool in failing else "other members of its pool answer"
            yield Cause("member_down", "warning", text, hint, _since([(pool, member)]), f"{pool}/{member['member']}")


def _canary(status: Status) -> Iterator[Cause]:
    for server, why in sorted((status.get("canary") or {}).items()):
        text = f"nameserver {server} does not answer the canary names: {why}"
        yield Cause("canary_failed", "error", text, "a share of all clients gets no answer, or a wrong one: look at that nameserver", None, server)


def _nodes(status: Status, now: float) -> Iterator[Cause]:
    for one in status["nodes"]:
        name = one["node"]
        refused = (one.get("extra") or {}).get("refused")
        if refused and name != status["node"]:
            hint = "publish a mended version, or `gslb rollback`; it goes on with the one before"
            yield Cause("config_refused", "error", f"{name} does not run the newest version: {refused}", hint, None, name)
        if one["age"] > FRESH:
            hint = "it may answer well, cut off from the store; see whether it runs"
            yield Cause("node_gone", "warning", f"node {name} says nothing since {one['age']:.0f} s", hint, now - one["age"], name)
        elif not one["same_files"]:
            hint = f"its answers may differ: bring the same files to both, then `gslb reload`; here {status['node']}"
            yield Cause("node_differs", "warning", f"node {name} serves from other files than this one", hint, None, name)
        elif not one["same"]:
            hint = "the files are the same; overrides, verdicts or the geo data are not: compare `gslb status` there"
            yield Cause("node_differs", "warning", f"node {name} judges otherwise than this one", hint, None, name)


def _geo(status: Status) -> Iterator[Cause]:
    geo = status.get("geo") or {}
    for problem in geo.get("problems", ()):
        yield Cause("geo_missing", "warning", problem, "bring a database that can be read, then `gslb reload`")
    for text in geo.get("stale", ()):
        yield Cause("geo_old", "warning", text, "bring a newer database to `geo.database`, then `gslb reload`", geo.get("built"))


def _words(status: Status) -> Iterator[Cause]:
    for one in status["overrides"]:
        by, reason = f" by {one['author']}" if one["author"] else "", f": {one['reason']}" if one["reason"] else ""
        subject = f"{one['level']} {one['subject']}"
        undo = f"`gslb {one['level']} {'undrain' if one['kind'] == 'drain' else 'clear'} {one['subject']}` takes it back"
        if one["kind"] == "drain":
            yield Cause("drained", "info", f"{subject} is drained{by}{reason}", undo, one["since"], subject)
        else:
            weight = f" to {one['weight']}" if "weight" in one else ""
            how = f"has its weight set{weight}" if one["kind"] == "weight" else f"is forced {one['kind']}"
            level = "warning" if one["kind"] == "down" else "info"
            yield Cause("forced", level, f"{subject} {how}{by}{reason}", undo, one["since"], subject)


def _few(found: Sequence[Cause]) -> Iterator[Cause]:
    """Spell out the first ones of each code, and count the rest."""
    said: dict[str, int] = {}
    left_out: dict[str, Cause] = {}
    for one in found:
        said[one.code] = said.get(one.code, 0) + 1
        if said[one.code] <= FEW:
            yield one
        else:
            left_out[one.code] = one
    for code, one in left_out.items():
        yield Cause(code, one.level, f"and {said[code] - FEW} more of this kind ({code})", "", None, "more")


def _why(of: Sequence[tuple[str, Mapping[str, Any]]]) -> str:
    """Return the reason that most of the failing checks give."""
    reasons = [
        check.get("reason", "") for _, member in of for address in member["addresses"] for check in address["checks"] if check["state"] == "down"
    ]
    return max(reasons, key=reasons.count, default="") or "it fails its checks"


def _since(of: Sequence[tuple[str, Mapping[str, Any]]]) -> float | None:
    moments = [check["since"] for _, member in of for address in member["addresses"] for check in address["checks"] if check["state"] == "down"]
    return max(moments, default=None)


def _all(members: int) -> str:
    return "its only member" if members == 1 else f"all of its {members} members"
