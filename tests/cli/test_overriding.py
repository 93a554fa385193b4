"""`gslb site|pool|member …`, `gslb hold`, `gslb overrides`, against a desk that listens like control does."""

from __future__ import annotations

import asyncio
import getpass
import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gslb import cli
from gslb.config.settings import load
from gslb.role import local
from gslb.role.keeper import Keeper
from gslb.role.loading import Loader
from gslb.role.override_desk import OverrideDesk, Scene
from gslb.store import MemoryStore
from gslb.verdict import State, Verdict

ZONE = """
sites: {fra: {location: [50, 8]}, iad: {location: [39, -77]}}
checks: {web: {type: tcp, port: 80, interval: 5s, timeout: 2s, down: 2, ok: 5, up: 2}}
pools: {web: {policy: failover, check: web, ttl: 60/5, members: [{site: fra, address: 192.0.2.1}, {site: iad, address: 192.0.2.2}]}}
zone: example.com
soa: {primary: ns1.example.com., contact: hostmaster.example.com., negative_ttl: 30, serial: 1}
records:
  '': {type: NS, values: [ns1.example.com., ns2.example.com.]}
  ns1: {type: A, value: 192.0.2.53}
  ns2: {type: A, value: 192.0.2.54}
  www: {pool: web}
"""

Run = Callable[..., tuple[int, str, str]]
MIDDAY = 1_000_000_000.0 - 1_000_000_000 % 86_400 + 43_200


@pytest.fixture
def run(tmp_path: Path, geodb: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "zones").mkdir()
    (tmp_path / "zones" / "example.com.yaml").write_text(ZONE)
    settings = {"node": "test", "metrics": {"listen": None}, "control": "control.sock", "geo": {"database": str(geodb)}}
    (tmp_path / "gslb.yaml").write_text(json.dumps(settings))
    ready, loop = threading.Event(), asyncio.new_event_loop()
    ends = asyncio.Event()

    async def serve() -> None:
        settings = load(tmp_path / "gslb.yaml", {})
        load_ = Loader(settings).load()
        verdicts = {target: Verdict(State.UP, 1.0) for target in load_.index.probes}
        desk = OverrideDesk(MemoryStore(lambda: MIDDAY), Keeper(tmp_path / "state", tuple), lambda: Scene(load_.model, verdicts, load_.reach))
        server = await local.serve(settings.control_socket, {"override": desk.override, "hold": desk.hold, "overrides": desk.list})
        ready.set()
        await ends.wait()
        server.close()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()), daemon=True)  # what goes wrong here must not hold pytest up
    thread.start()
    assert ready.wait(60)

    def call(*words: str) -> tuple[int, str, str]:
        code = cli.run(words)
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err
        return code, out, err

    yield call
    loop.call_soon_threadsafe(ends.set)
    thread.join()
    loop.close()


@pytest.fixture
def utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Wide lines and UTC, whatever this machine has."""
    monkeypatch.setenv("COLUMNS", "200")
    with monkeypatch.context() as there:
        there.setenv("TZ", "UTC")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("utc")
def test_words_are_confirmed_listed_and_taken_back(run: Run) -> None:
    code, out, err = run("site", "drain", "fra", "--reason", "new switches", "--for", "2h", "--by", "ann")
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        "site fra is drained until 14:00:00 or `gslb site undrain fra`",
        "  the last cached answers expire by 12:01:00 (in 60 s)",
        "  pool web: left iad",
    ]
    assert run("member", "weight", "7", "web/iad", "-r", "canary [half]", "--by", "bob")[1].splitlines() == [
        "member web/iad is given weight 7 until `gslb member clear web/iad`",
        "  pool web: left iad",
    ]
    assert "  member web/fra stays drained: site fra, by ann, is stronger" in run("member", "up", "web/fra", "-r", "x")[1]
    rows = [" ".join(line.split()) for line in run("overrides")[1].splitlines()]
    assert "site fra drained ann 14:00:00 new switches drained at 12:01:00" in rows
    assert "member web/iad given weight 7 bob taken back canary [half]" in rows
    by = {one["subject"]: one["author"] for one in json.loads(run("overrides", "--json")[1])["overrides"]}
    assert by == {"fra": "ann", "web/iad": "bob", "web/fra": getpass.getuser()}
    assert run("site", "undrain", "fra") == (0, "site fra: drain taken back\n", "")
    assert run("member", "clear", "web/fra", "web/iad")[1].splitlines() == [
        "member web/fra: up or down taken back",
        "member web/iad: weight taken back",
    ]
    assert run("overrides") == (0, "no overrides\n", "")


def test_a_hold_is_confirmed_and_shown(run: Run) -> None:
    assert run("hold", "-r", "probers are moved", "--by", "ann")[1] == "all verdicts are held until `gslb hold --release`\n"
    assert run("overrides")[1].splitlines() == ["all verdicts are held by ann: probers are moved", "no overrides"]
    assert run("hold", "--release") == (0, "checks decide again\n", "")


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("site", "drain", "fro", "-r", "x"), 1, "gslb: there is no site 'fro': did you mean 'fra'?"),
        (("site", "drain", "fra"), 1, "gslb: say why"),
        (("site", "drain", "fra", "-r", "x", "--for", "soon"), 2, "gslb: --for soon: "),
        (("site", "drain", "fra", "iad", "-r", "x"), 1, "refused: pool web would be left with no member: fra is drained by"),
        (("site", "undrain", "fra"), 1, "gslb: site fra is not drained"),
        (("hold",), 1, "gslb: say why"),
        (("hold", "--release"), 1, "gslb: nothing is held"),
        (("member", "weight", "-1", "web/fra", "-r", "x"), 2, "gslb: "),
        (("site", "weight", "much", "fra", "-r", "x"), 2, "gslb: "),
    ],
)
def test_what_cannot_be_done_is_one_clear_line(run: Run, words: tuple[str, ...], code: int, says: str) -> None:
    got, out, err = run(*words)
    assert (got, out) == (code, "")
    assert err.startswith(says)


def test_force_empties_a_pool_and_says_so(run: Run) -> None:
    code, out, _err = run("site", "drain", "fra", "iad", "-r", "x", "--force")
    assert code == 0
    assert "  pool web: left nothing: all of it is answered, as if nobody were out" in out.splitlines()
