"""Sites, pools, checks, votes and verdicts in rows, as the API lists them. Plain data of a model, a moment and what is known of health.

Part of what serves the API (`operating`). Members have the shape of `gslb status`; what is more than that is added here.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any, NamedTuple

from gslb import targets
from gslb.explain.shares import shares
from gslb.lease import Voters
from gslb.model import Member, Model, Pool
from gslb.moment import Moment
from gslb.override import Level, effective
from gslb.packed import PackedNames
from gslb.plan import Row, Snapshot
from gslb.quorum import of as quorum_of
from gslb.role import status
from gslb.role.health import Health
from gslb.role.member_states import member_state
from gslb.targets import Index
from gslb.verdict import State, Target

Rows = list[dict[str, Any]]


class View(NamedTuple):
    """What is looked at: all of one moment. `steady`: the loop's time, by which probers' ages are told."""

    model: Model
    depends: Index
    moment: Moment
    health: Health
    snapshot: Snapshot
    steady: float

    @property
    def voters(self) -> Voters:
        """Every prober as it is seen now."""
        return self.health.voters(self.steady) or {}


def pools(view: View, named: Mapping[str, int], only: str = "", *, votes: bool) -> Rows:
    """Return pools with their members; one of them where it is named."""
    model = _with_children(view.model, only) if only else view.model
    told = status.pools(model, view.moment, view.health if votes else None, view.steady)
    compiled = {pool.name: pool for pool in view.snapshot.pools.values()}
    rows = []
    for row in told:
        if only and row["pool"] != only:
            continue
        pool = view.model.pools[row["pool"]]
        states = Counter(member["state"] for member in row["members"])
        for member, one in zip(pool.members, row["members"], strict=True):
            one["weight"] = member.weight
        found = compiled.get(pool.id)
        rows.append(
            row
            | {
                "kind": "names" if pool.of_names else "addresses",
                "policy": _policy(pool),
                "ttl": {"min": pool.ttl_min, "max": pool.ttl_max},
                "answers": pool.answers,
                "names": named.get(pool.id, 0),
                "ratio": round(1 - states["down"] / len(pool.members), 4) if pool.members else 0.0,
                "sites": _shares(next(iter(found.default.values()), None)) if found else {},
            }
        )
    return rows


def sites(view: View) -> Rows:
    """Return every site that the files name, and how it stands."""
    holding: dict[str, list[tuple[Pool, Member]]] = {name: [] for name in view.model.sites}
    for pool in view.model.pools.values():
        for member in pool.members:
            if member.site:
                holding.setdefault(member.site, []).append((pool, member))
    return [_site(view, name, held) for name, held in holding.items()]


def checks(view: View) -> Rows:
    """Return every check and how its targets stand; a target counts once, by its worst verdict."""
    worst: dict[str, dict[str, State]] = {name: {} for name in view.model.checks}
    for target in view.depends.pools:
        verdict = view.moment.verdicts.get(target)
        state = verdict.state if verdict else State.UNKNOWN
        known = worst.setdefault(target.check, {})
        known[target.address] = min(state, known.get(target.address, State.UP))
    rows = []
    for name, check in view.model.checks.items():
        states = Counter(state.name.lower() for state in worst[name].values())
        counts = {state: states[state] for state in ("up", "down", "unknown")}
        timing = {"interval": check.interval, "timeout": check.timeout}
        counters = {"failures_to_down": check.down, "successes_to_clear": check.ok, "successes_to_up": check.up}
        rows.append({"check": name, "type": check.type, **timing, **counters, "targets": len(worst[name]), **counts})
    return rows


def votes(view: View) -> Rows:
    """Return every vote on what the files name."""
    voters = view.voters
    return [
        {
            **_target(target),
            "prober": name,
            "place": voters[name].place if name in voters else "",
            "state": vote.state.name.lower(),
            "since": vote.since,
            "grade": vote.grade,
            "reason": vote.reason,
            "counted": name in voters and voters[name].fresh and not voters[name].suspect and vote.state is not State.UNKNOWN,
        }
        for target in view.depends.probes
        for name, vote in view.health.votes_on(target).items()
    ]


def verdicts(view: View) -> Rows:
    """Return every verdict that rows depend on."""
    rows = []
    for target, held_by in view.depends.pools.items():
        verdict, quorum = view.moment.verdicts.get(target), quorum_of(target.quorum)
        rows.append(
            {
                **_target(target),
                "quorum": f"{quorum.mode} {quorum.count}" if quorum.count else quorum.mode,
                "state": verdict.state.name.lower() if verdict else "unknown",
                "since": verdict.since if verdict else None,
                "grade": verdict.grade if verdict else 100,
                "reason": verdict.reason if verdict else "",
                "held": verdict is not None and verdict.held,
                "pools": sorted(held_by),
            }
        )
    return rows


def matrix(view: View) -> dict[str, Any]:
    """Return who says what of which target, in few words."""
    voters = sorted(view.voters)
    column = {name: number for number, name in enumerate(voters)}
    rows, cast = [], []
    for number, target in enumerate(view.depends.probes):
        keys = view.depends.quorums.get(target, frozenset())
        held_by = sorted(set().union(*(view.depends.pools.get(key, frozenset()) for key in keys)))
        states = [view.moment.verdicts[key].state for key in keys if key in view.moment.verdicts]
        rows.append({"check": target.check, "address": target.address, "pools": held_by, "state": min(states, default=State.UNKNOWN).name.lower()})
        cast += [
            [column[name], number, vote.state.name.lower(), round(max(0.0, view.moment.now - vote.since), 1), vote.grade]
            for name, vote in view.health.votes_on(target).items()
            if name in column
        ]
    return {"probers": voters, "targets": rows, "votes": cast}


def names(model: Model) -> Counter[str]:
    """Count the names that point to each pool."""
    found: Counter[str] = Counter()
    for zone in model.zones.values():
        whole = zone.names.whole if isinstance(zone.names, PackedNames) else zone.names  # what is packed points to no pool
        found.update(data.pool.pool for data in whole.values() if data.pool)
    return found


def _with_children(model: Model, only: str) -> Model:
    """Return a model of one pool and those that it leans on, so that its members can be judged."""
    return Model(model.sites, model.checks, {name: model.pools[name] for name in targets.leans_on(model, model.pools[only])}, {})


def _site(view: View, name: str, held: list[tuple[Pool, Member]]) -> dict[str, Any]:
    site = view.model.sites.get(name)
    states = Counter(member_state(view.model, member, view.moment.verdicts) for _, member in held)
    said = effective([one for one in view.moment.overrides if one.level is Level.SITE], "", "", name, view.moment.now)
    up, down = states[State.UP], states[State.DOWN]
    state = "unknown" if not held or states[State.UNKNOWN] == len(held) else "down" if down == len(held) else "degraded" if down else "up"
    return {
        "site": name,
        "name": (site.name if site else "") or name,
        "location": list(site.location) if site and site.location else None,
        "capacity": site.capacity if site else None,
        "state": state,
        "forced": said and status.FORCED[said.kind],
        "pools": sorted({pool.id for pool, _ in held}),
        "members": len(held),
        "up": up,
        "down": down,
    }


def _policy(pool: Pool) -> str:
    """Write a policy in a few words: its preset, or its chain."""
    chain = " → ".join(one.name for one in pool.policy.filters)
    return pool.policy.preset or (f"{chain} → {pool.policy.pick}" if chain else pool.policy.pick)


def _shares(row: Row | None) -> dict[str, float]:
    """Return the share of each site in a row's answers; rows inside rows count by their own."""
    found: defaultdict[str, float] = defaultdict(float)
    if row is not None:
        given = shares(row)
        total = sum(given) or 1.0
        for group, share in zip(row.groups, given, strict=True):
            inside = _shares(group.row) if group.row else {group.site: 1.0}
            for site, part in inside.items():
                found[site] += part * share / total
    return {site: round(share, 4) for site, share in found.items() if share and site}


def _target(target: Target) -> dict[str, str]:
    return {"check": target.check, "address": target.address, "digest": target.digest}
