"""Operators' words at the desk: who is meant, what is refused and why, what they do, and what is on disk afterwards."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from gslb.config.settings import Settings
from gslb.errors import UsageError
from gslb.override import Kind, Level, Override, Withdrawal
from gslb.role.keeper import Keeper
from gslb.role.loading import Load, Loader
from gslb.role.override_desk import OverrideDesk, Scene
from gslb.store import MemoryStore, Overrides
from gslb.verdict import State, Verdict

ZONE = """
sites: {fra: {location: [50, 8]}, iad: {location: [39, -77]}, sin: {location: [1, 103]}}
checks: {web: {type: tcp, port: 80, interval: 5s, timeout: 2s, down: 2, ok: 5, up: 2}}
pools:
  web:
    policy: failover
    check: web
    ttl: 60/5
    members: [{site: fra, address: 192.0.2.1}, {site: iad, address: 192.0.2.2}, {site: sin, address: 192.0.2.3}]
  api:
    policy: failover
    check: web
    ttl: 30
    when_all_down: {backup: web}
    members: [{site: fra, address: 192.0.2.11}, {site: iad, address: 192.0.2.12}]
  one: {policy: all, members: [{site: sin, address: 192.0.2.21}]}
zone: example.com
soa: {primary: ns1.example.com., contact: hostmaster.example.com., negative_ttl: 30, serial: 1}
records:
  '': {type: NS, values: [ns1.example.com., ns2.example.com.]}
  ns1: {type: A, value: 192.0.2.53}
  ns2: {type: A, value: 192.0.2.54}
  www: {pool: web}
  api: {pool: api}
  one: {pool: one}
"""

NOW = 1_000_000.0


@pytest.fixture
def load(settings: Settings) -> Load:
    (settings.zones[0] / "example.com.yaml").write_text(ZONE)
    return Loader(settings).load()


@pytest.fixture
def verdicts(load: Load) -> dict[Any, Verdict]:
    return {target: Verdict(State.UP, 1.0) for target in load.index.probes}


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore(clock=lambda: NOW)


@pytest.fixture
def keeper(tmp_path: Path) -> Keeper:
    return Keeper(tmp_path / "state", tuple)


@pytest.fixture
def desk(store: MemoryStore, keeper: Keeper, load: Load, verdicts: dict[Any, Verdict]) -> OverrideDesk:
    return OverrideDesk(store, keeper, lambda: Scene(load.model, verdicts, load.reach))


def words(verb: str, level: str, *names: str, **more: Any) -> dict[str, Any]:
    return {"verb": verb, "level": level, "names": list(names), "author": "ann", "reason": "new switches", **more}


async def standing(store: MemoryStore) -> dict[str, Override]:
    return {one.key: one for one in (await store.read()).overrides.standing(NOW)}


async def test_a_drain_says_what_it_does(desk: OverrideDesk, store: MemoryStore, keeper: Keeper) -> None:
    answer = await desk.override(words("drain", "site", "fra", seconds=7200))
    [said] = answer["overrides"]
    assert (said["subject"], said["kind"], said["author"], said["reason"]) == ("fra", "drain", "ann", "new switches")
    assert (said["expires"], said["drained_at"], said["drained"]) == (NOW + 7200, NOW + 60, False)  # 60 s: the longest TTL of those pools
    assert said["pools"] == ["api", "web"]
    assert answer["pools"] == [
        {"pool": "api", "left": ["iad"], "out": {"fra": "drained by ann"}},
        {"pool": "web", "left": ["iad", "sin"], "out": {"fra": "drained by ann"}},
    ]
    assert answer["kept"]
    held = Override(Kind.DRAIN, Level.SITE, site="fra", author="ann", reason="new switches", since=NOW, expires=NOW + 7200)
    assert await standing(store) == {"site/fra/drain": held}
    assert tuple(keeper.said().words.values()) == (held,)
    assert [one["subject"] for one in (await desk.list({}))["overrides"]] == ["fra"]


@pytest.mark.parametrize(
    ("request_", "says"),
    [
        (words("drain", "site", "fro"), "there is no site 'fro': did you mean 'fra'?"),
        (words("drain", "pool", "wbe"), "there is no pool 'wbe': did you mean 'web'?"),
        (words("drain", "member", "web/fro"), "there is no member 'web/fro': did you mean 'web/fra'?"),
        (words("drain", "member", "wbe/fra"), "did you mean 'web/fra'?"),
        (words("drain", "member", "fra"), "there is no member 'fra'"),
        (words("drain", "site"), "which site?"),
        (words("drian", "site", "fra"), "unknown verb 'drian'"),
        (words("drain", "town", "fra"), "an override needs"),
        (words("weight", "site", "fra", weight="much"), "an override needs"),
        (words("weight", "site", "fra", weight=-1), "a weight is a whole number"),
        (words("drain", "site", "fra", reason="  "), "say why"),
        (words("drain", "site", "fra", seconds=0), "--for must be"),
        (words("drain", "site", "fra", seconds="2h"), "--for must be"),
        (words("drain", "site", "fra", seconds=1e9), "at most a year"),
        (words("undrain", "site", "fra"), "site fra is not drained"),
        (words("clear", "pool", "web"), "nothing was said of pool web"),
        ({}, "an override needs verb, level and names"),
    ],
)
async def test_what_makes_no_sense_is_refused_and_nothing_is_written(desk: OverrideDesk, store: MemoryStore, request_: Any, says: str) -> None:
    with pytest.raises(UsageError) as caught:
        await desk.override(request_)
    assert says in str(caught.value)
    assert (await store.read()).overrides == Overrides()


async def test_the_last_of_a_pool_is_not_taken_without_force(desk: OverrideDesk, store: MemoryStore) -> None:
    with pytest.raises(UsageError) as caught:
        await desk.override(words("drain", "site", "sin"))
    assert str(caught.value).splitlines() == [
        "refused: pool one would be left with no member: sin is drained by ann",
        "      --force does it all the same",
    ]
    assert not await standing(store)
    await desk.override(words("drain", "site", "sin", force=True))
    assert (await standing(store)).keys() == {"site/sin/drain"}
    await desk.override(words("drain", "site", "sin", reason="longer"))  # nothing becomes less: said again, with another reason
    await desk.override(words("down", "member", "web/fra"))
    with pytest.raises(UsageError, match=r"pool web would be left with no member: fra is forced down by ann; iad is drained by ann; sin is drained"):
        await desk.override(words("drain", "member", "web/iad"))
    await desk.override(words("weight", "member", "web/iad", weight=0))  # a weight takes nobody out


async def test_dead_members_do_not_count_as_left_and_forced_ones_do(desk: OverrideDesk, verdicts: dict[Any, Verdict]) -> None:
    for target in verdicts:
        if target.address in ("192.0.2.2", "192.0.2.3"):
            verdicts[target] = Verdict(State.DOWN, 1.0)
    with pytest.raises(
        UsageError, match=r"web would be left with no member: fra is drained by ann; iad is down by its checks; sin is down by its checks"
    ):
        await desk.override(words("drain", "member", "web/fra"))
    await desk.override(words("up", "member", "web/iad"))
    await desk.override(words("drain", "member", "web/fra"))
    await desk.override(words("drain", "member", "web/sin"))  # dead anyway: the pool has no less than before
    with pytest.raises(UsageError, match="no member"):  # but then every member would be out
        await desk.override(words("drain", "pool", "web"))


async def test_min_sites_is_a_guard(store: MemoryStore, keeper: Keeper, settings: Settings) -> None:
    (settings.zones[0] / "example.com.yaml").write_text(ZONE.replace("ttl: 60/5", "min_sites: 2"))
    load = Loader(settings).load()
    desk = OverrideDesk(store, keeper, lambda: Scene(load.model, {}, load.reach))
    await desk.override(words("drain", "member", "web/fra"))
    with pytest.raises(UsageError, match=r"left with only iad \(min_sites: 2\): fra is drained by ann; sin is drained by ann"):
        await desk.override(words("drain", "member", "web/sin"))


async def test_up_replaces_down_and_says_what_is_stronger(desk: OverrideDesk, store: MemoryStore) -> None:
    await desk.override(words("down", "site", "fra"))
    await desk.override(words("drain", "member", "web/fra", author="bob"))
    answer = await desk.override(words("up", "site", "fra"))
    assert {key: one.kind for key, one in (await standing(store)).items()} == {"site/fra/state": Kind.UP, "member/web/fra/drain": Kind.DRAIN}
    assert [(one["member"], one["by"]["kind"], one["by"]["author"]) for one in answer["overruled"]] == [("web/fra", "drain", "bob")]


async def test_words_are_taken_back(desk: OverrideDesk, store: MemoryStore, keeper: Keeper) -> None:
    for verb in ("drain", "down", "weight"):
        await desk.override(words(verb, "member", "web/fra", weight=3))
    assert (await desk.override(words("undrain", "member", "web/fra", reason="")))["taken_back"] == ["member/web/fra/drain"]
    assert set(await standing(store)) == {"member/web/fra/state", "member/web/fra/weight"}
    assert len((await desk.override(words("clear", "member", "web/fra")))["taken_back"]) == 2
    assert not await standing(store)
    assert {type(word) for word in keeper.said().words.values()} == {Withdrawal}
    with pytest.raises(UsageError, match="not drained"):  # all or none
        await desk.override(words("undrain", "site", "fra", "iad"))


async def test_guards_are_judged_by_what_is_written_on(desk: OverrideDesk, store: MemoryStore) -> None:
    """Two drains at once, of which either alone is fine: the second is judged again and refused."""
    results = await asyncio.gather(
        desk.override(words("drain", "member", "api/fra")), desk.override(words("drain", "member", "api/iad")), return_exceptions=True
    )
    assert sorted(type(result).__name__ for result in results) == ["UsageError", "dict"]
    assert len(await standing(store)) == 1


async def test_who_is_overtaken_judges_anew(desk: OverrideDesk, store: MemoryStore, monkeypatch: pytest.MonkeyPatch) -> None:
    reading, overtaken = store.read, []

    async def read() -> Any:
        state = await reading()
        if not overtaken:
            overtaken.append(1)
            await store.say([Override(Kind.DRAIN, Level.MEMBER, pool="api", member="fra", author="bob", since=NOW)], state.overrides.version)
        return state

    monkeypatch.setattr(store, "read", read)
    with pytest.raises(UsageError, match="fra is drained by bob; iad is drained by ann"):
        await desk.override(words("drain", "member", "api/iad"))
    assert set(await standing(store)) == {"member/api/fra/drain"}


async def test_a_hold_keeps_the_verdicts_of_its_beginning(desk: OverrideDesk, keeper: Keeper, verdicts: dict[Any, Verdict]) -> None:
    with pytest.raises(UsageError, match="say why"):
        await desk.hold({})
    with pytest.raises(UsageError, match="nothing is held"):
        await desk.hold({"release": True})
    first = next(iter(verdicts))
    verdicts[first] = Verdict(State.DOWN, 5.0, 0, 4.0, reason="refused")
    answer = await desk.hold({"author": "ann", "reason": "probers are moved", "seconds": 60})
    assert answer["hold"] == {"author": "ann", "reason": "probers are moved", "since": NOW, "expires": NOW + 60}
    assert keeper.held() == verdicts
    verdicts[first] = Verdict(State.UP, 6.0)
    await desk.hold({"author": "bob", "reason": "longer"})
    assert keeper.held()[first].state is State.DOWN
    assert (await desk.list({}))["hold"]["author"] == "bob"
    assert (await desk.hold({"release": True}))["hold"] is None


async def test_a_full_disk_is_said(store: MemoryStore, tmp_path: Path, load: Load, verdicts: dict[Any, Verdict]) -> None:
    (tmp_path / "full").write_text("in the way")
    desk = OverrideDesk(store, Keeper(tmp_path / "full", tuple), lambda: Scene(load.model, verdicts, load.reach))
    assert (await desk.override(words("drain", "site", "fra")))["kept"] is False
    assert len(await standing(store)) == 1


def test_reach_is_of_those_that_lean_too(load: Load) -> None:
    def of(**subject: str) -> Override:
        return Override(Kind.DRAIN, Level.SITE if "site" in subject else Level.POOL, **subject, since=10.0)

    assert load.reach.pools([of(site="sin")]) == {"web", "one", "api"}  # api backs itself up with web
    assert load.reach.pools([of(pool="api")]) == {"api"}
    assert load.reach.drained_at(of(pool="api")) == 40.0
    assert load.reach.drained_at(Override(Kind.UP, Level.SITE, site="fra")) is None
    assert load.reach.pools([of(site="gone"), of(pool="gone")]) == frozenset()


async def test_octets_that_are_no_text_are_stored_as_what_they_are_not(desk: OverrideDesk, store: MemoryStore) -> None:
    """A terminal that speaks Latin-1: Python hands its octets on as halves of pairs, which nothing can write."""
    await desk.override({"verb": "drain", "level": "site", "names": ["fra"], "author": "J\udcfcrg", "reason": "St\udcf6rung\n in  Halle 2"})
    (said,) = (await store.read()).overrides.words.values()
    assert (said.author, said.reason) == ("J?rg", "St?rung in Halle 2")
