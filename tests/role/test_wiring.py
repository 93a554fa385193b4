"""Small parts of control and supervisor: settings to service, what is kept, what is shown, what is counted."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from gslb import config, metrics
from gslb.config.settings import Settings, load
from gslb.errors import ListenError
from gslb.moment import Moment
from gslb.role import serve, status, vitals
from gslb.role.keeper import Keeper
from gslb.role.loading import Loader
from gslb.role.plane_reports import PlaneReports
from gslb.role.supervisor import Service, usable
from gslb.role.transitions import Transitions
from gslb.store import last_votes
from gslb.transport.listen import AddressMissingError, Endpoint
from gslb.verdict import State, Target, Verdict, Vote


def value(name: str, **labels: str) -> float | None:
    return metrics.REGISTRY.get_sample_value(name, labels)


def test_settings_become_a_service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    default = serve.service(load(None, {}), None, probing=False)
    assert default.endpoints == (Endpoint("127.0.0.1", 5300), Endpoint("::1", 5300))
    assert default.optional == {Endpoint("::1", 5300)}
    assert default.planes >= 1
    assert default.control == ()
    environ = {"GSLB_DNS_LISTEN": "[::1]:53", "GSLB_DNS_THREADS": "3", "GSLB_DNS_USER": "nobody", "GSLB_DNS_TCP_IDLE": "3s", "GSLB_DNS_ECS": "false"}
    chosen = serve.service(load(None, environ), tmp_path / "gslb.yaml", probing=True)
    assert chosen.optional == frozenset()  # asked for by name: then it must be there
    assert (chosen.options.user, chosen.options.tcp.idle, chosen.options.ecs) == ("nobody", 3.0, False)
    assert (chosen.planes, chosen.threads) == ((3, 1) if chosen.options.engine == "python" else (1, 3))
    python = serve.service(load(None, {**environ, "GSLB_DNS_ENGINE": "python", "GSLB_DNS_PIN": "true"}), None, probing=False)
    assert (python.planes, python.threads, python.pin, python.options.engine, python.options.sockets) == (3, 1, True, "python", 3)
    assert chosen.control == ("--settings", str(tmp_path / "gslb.yaml"), "--probing")


def test_only_optional_addresses_may_be_missing() -> None:
    here, elsewhere = Endpoint("127.0.0.1", 0), Endpoint("192.0.2.1", 5300)
    options = serve.service(load(None, {}), None, probing=False).options
    assert usable(Service((here, elsewhere), frozenset({elsewhere}), 1, (), options)) == [here]
    with pytest.raises(AddressMissingError):
        usable(Service((here, elsewhere), frozenset(), 1, (), options))


def test_serving_without_a_prober_is_warned_of(settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)  # where no gslb.yaml is: that of the demonstration has an API, which is warned of, too
    said: list[str] = []
    ran: list[bool] = []
    monkeypatch.setattr("gslb.log.warning", lambda event, **_fields: said.append(event))
    monkeypatch.setattr(serve, "supervise", lambda _settings, _path, *, probing: ran.append(probing))
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    serve.serve(settings, None)
    assert "every member is served" in said[0]
    serve.serve(load(None, {"GSLB_PROBE_NAME": "p"}), None)
    assert ran == [False, True]
    assert len(said) == 1
    monkeypatch.setattr("os.geteuid", lambda: 0)
    serve.serve(load(None, {"GSLB_PROBE_NAME": "p", "GSLB_DNS_USER": "nobody"}), None)
    assert len(said) == 1
    serve.serve(load(None, {"GSLB_PROBE_NAME": "p"}), None)
    assert said[1] == "planes run as root"


async def test_votes_are_kept_soon_after_they_change(tmp_path: Path, wait: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gslb.role.keeper.PAUSE", 0.05)
    vote = Vote(Target("web", "d", "192.0.2.1"), "p", State.DOWN, time.time())
    votes: list[Vote] = []
    keeper = Keeper(tmp_path, lambda: votes)
    task = asyncio.create_task(keeper.run())
    assert keeper.remembered().votes == ()
    votes.append(vote)
    keeper.votes_changed()
    await wait((tmp_path / last_votes.FILE).exists)
    assert keeper.remembered().votes[0].target == vote.target
    task.cancel()


async def test_a_disk_that_takes_nothing_is_counted_and_no_more(tmp_path: Path, settings: Settings) -> None:
    (tmp_path / "file").write_text("in the way")
    keeper = Keeper(tmp_path / "file", tuple)
    before = value("gslb_state_write_failures_total") or 0
    await keeper.save()
    await keeper.keep_files(config.load(settings.zones))
    assert value("gslb_state_write_failures_total") == before + 2


def test_reports_become_metrics_and_survive_a_restart_of_the_plane() -> None:
    plane = PlaneReports(7)
    sums = {"received": 10, "sent": 10, "unsent": 0, "faults": 0, "restarts": 0, "kernel_drops": 4}
    tcp = {"open": 3, "accepted": 3, "refused": 2, "idle": 0, "evicted": 0}
    before = {name: value(name, **labels) or 0 for name, labels in NAMED.items()}
    python = {"engine": ["python", "1.0"]}
    plane.hear({"pid": 1, "generation": 5, "udp": sums, "tcp": tcp, **python})
    plane.hear({"pid": 1, "generation": 5, "udp": {**sums, "unsent": 3, "kernel_drops": 6}, "tcp": {**tcp, "open": 1}, **python})
    plane.hear({"pid": 2, "generation": 1, "udp": {**sums, "unsent": 2, "kernel_drops": 1}, "tcp": {**tcp, "open": 0, "refused": 1}, **python})
    plane.hear({"answers": [["udp", b"\7example\0".hex(), 0, "web", "", 1, True, "fra", 5], ["udp", "", 5, None, "outside", 65280, False, "", 2]]})
    plane.hear({"dropped": {"response": 3}})
    after = {name: (value(name, **labels) or 0) - before[name] for name, labels in NAMED.items()}
    assert after == {
        "gslb_udp_kernel_drops_total": 7,
        "gslb_udp_unsent_total": 5,
        "gslb_tcp_connections": 0,
        "gslb_tcp_limited_total": 3,
        "gslb_plane_starts_total": 2,
        "gslb_dns_requests_total": 5,
        "gslb_dns_responses_total": 2,
        "gslb_answers_total": 5,
        "gslb_dns_truncated_total": 5,
        "gslb_dns_dropped_total": 3,
    }
    assert (plane.status()["pid"], plane.status()["engine"], plane.status()["threads"]) == (2, "python", [])
    assert value("gslb_engine_info", engine="python", version="1.0") == 1


def test_a_native_plane_tells_of_threads_and_times() -> None:
    plane = PlaneReports(8)
    udp = {"received": 9, "sent": 9, "unsent": 0, "faults": 1, "restarts": 2, "kernel_drops": 0}
    tcp = {"open": 0, "accepted": 0, "refused": 0, "idle": 0, "evicted": 0}
    names = {"gslb_plane_faults_total": {}, "gslb_plane_thread_restarts_total": {}, "gslb_dns_request_duration_seconds_count": {}}
    names |= {"gslb_dns_request_duration_seconds_bucket": {"le": "4.096e-06"}}
    before = {name: value(name, **labels) or 0 for name, labels in names.items()}
    told = {"generation": 1, "engine": ["native", "1.0"], "udp": udp, "tcp": tcp, "threads": [{"number": 0}, {"number": 1}]}
    plane.hear({**told, "pid": 1, "latency": [[2048, 3], [4096, 4], [2**64 - 1, 0]]})
    plane.hear({**told, "pid": 1, "latency": [[2048, 5], [4096, 4], [2**64 - 1, 1]]})
    plane.hear({**told, "pid": 2, "latency": [[2048, 1], [4096, 0], [2**64 - 1, 0]]})  # started anew: it counts from nothing
    after = {name: (value(name, **labels) or 0) - before[name] for name, labels in names.items()}
    assert list(after.values()) == [2, 4, 11, 10]
    assert value("gslb_engine_info", engine="native", version="1.0") == 1
    assert value("gslb_engine_info", engine="python", version="1.0") is None
    assert len(plane.status()["threads"]) == 2
    text = metrics.exposition().decode()
    assert 'gslb_dns_request_duration_seconds_bucket{le="2.048e-06"}' in text
    assert 'gslb_dns_request_duration_seconds_bucket{le="+Inf"}' in text
    assert "gslb_dns_request_duration_seconds_sum" not in text


NAMED: dict[str, dict[str, str]] = {
    "gslb_udp_kernel_drops_total": {},
    "gslb_udp_unsent_total": {},
    "gslb_tcp_connections": {},
    "gslb_tcp_limited_total": {"reason": "refused"},
    "gslb_plane_starts_total": {"plane": "7"},
    "gslb_dns_requests_total": {"zone": "example.", "proto": "udp", "type": "A"},
    "gslb_dns_responses_total": {"zone": "", "rcode": "REFUSED"},
    "gslb_answers_total": {"zone": "example.", "pool": "web", "site": "fra", "reason": "chosen"},
    "gslb_dns_truncated_total": {"zone": "example."},
    "gslb_dns_dropped_total": {"reason": "response"},
}


def test_zone_labels_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(metrics._seen, "zone", set())
    assert [metrics.zone_label(f"z{n}.") for n in range(metrics.MOST_ZONES)][-1] == f"z{metrics.MOST_ZONES - 1}."
    assert metrics.zone_label("one-more.") == metrics.OTHER
    assert metrics.zone_label("z0.") == "z0."


def test_members_and_pools_are_shown(settings: Settings) -> None:
    load_ = Loader(settings).load()
    one, two = sorted(load_.index.probes, key=lambda target: target.address)
    verdicts = {one: Verdict(State.DOWN, 1.0, reason="refused"), two: Verdict(State.UP, 2.0)}
    snapshot = load_.compiler.compile(verdicts, 1)
    transitions = Transitions("p")
    transitions.loaded()
    transitions.pools(load_, ["web", "other"], verdicts, snapshot)
    assert value("gslb_member_up", pool="web", member="192.0.2.1", site="") == 0
    assert value("gslb_member_up", pool="other", member="192.0.2.9", site="") == 1
    assert value("gslb_pool_available_ratio", pool="web") == 0.5
    web, other = status.pools(load_.model, Moment(verdicts))
    assert [member["state"] for member in web["members"]] == ["down", "up"]
    assert web["members"][0]["addresses"][0]["checks"] == [
        {
            "check": "web",
            "probed": "192.0.2.1",
            "state": "down",
            "since": 1.0,
            "reason": "refused",
            "quorum": "majority",
            "held": False,
            "votes": [],
        }
    ]
    assert other["members"][0]["addresses"][0] == {"address": "192.0.2.9", "state": "up", "checks": []}


def test_pools_that_answer_in_spite_of_their_health_are_said_once(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr("gslb.log.warning", lambda event, **_fields: said.append(event))
    monkeypatch.setattr("gslb.log.info", lambda event, **_fields: said.append(event))
    load_ = Loader(settings).load()
    transitions = Transitions("p")
    for state in (State.DOWN, State.DOWN, State.UP, State.UP):
        verdicts = {target: Verdict(state, 1.0) for target in load_.index.probes}
        transitions.pools(load_, ["web"], verdicts, load_.compiler.compile(verdicts, 1))
    assert [line.partition(" and ")[0] for line in said] == ["pool web has no member that is up", "pool web has a member that is up again"]


async def test_vitals_over_http() -> None:
    why = ["starting"]
    runner = await vitals.serve(Endpoint("127.0.0.1", 0), lambda: None, lambda: why[0])
    host, port = runner.addresses[0][:2]
    try:
        async with aiohttp.ClientSession(f"http://{host}:{port}") as client:
            async with client.get("/livez") as answer:
                assert (answer.status, await answer.text()) == (200, "ok\n")
            async with client.get("/readyz") as answer:
                assert (answer.status, await answer.text()) == (503, "starting\n")
            why[0] = ""
            async with client.get("/readyz") as answer:
                assert answer.status == 200
            async with client.get("/metrics") as answer:
                text = await answer.text()
                assert "# TYPE gslb_dns_requests_total counter" in text.replace("gslb_dns_requests counter", "gslb_dns_requests_total counter")
            async with client.get("/") as answer:
                assert answer.status == 404
        with pytest.raises(ListenError, match="metrics: cannot listen on"):
            await vitals.serve(Endpoint(host, port), lambda: None, lambda: "")
    finally:
        await runner.cleanup()
