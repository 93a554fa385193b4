"""The native engine at its border: every word of a plan, whole and malformed; the same reports for the same traffic as the Python one."""

from __future__ import annotations

import asyncio
import socket
import sys
import time
from array import array
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gslb import delta, plan
from gslb.compiler.delta import diff, whole
from gslb.delta import Slice
from gslb.errors import PlanError, UsageError
from gslb.plan import Dynamic, Group, Hinted, Node, Pick, Pool, Row, RRset, Snapshot, Sticky, Zone
from gslb.testing import engines as testing
from gslb.transport import engines, native
from gslb.transport.engine import Engine as PythonEngine
from gslb.transport.listen import Endpoint, bind

WHY = testing.native_missing()
built = pytest.mark.skipif(bool(WHY), reason=WHY)

APEX = b"\7example\0"
WWW, SVC, TXT, CUT, GLUE = (label + APEX for label in (b"\3www", b"\3svc", b"\3txt", b"\3cut", b"\2ns\3cut"))
SOA = RRset(6, 300, (b"\2ns" + APEX + b"\1h" + APEX + bytes(20),))
CLIENT = bytes([192, 0, 2, 7])

INNER = Row(Pick.ALL, 0, 30, (Group(1, (b"\xc0\0\2\2",), site="iad", key=7),))
ROW = Row(Pick.STICKY, 1, 30, (Group(3, (b"\xc0\0\2\1",), None, "fra", 2**64 - 1), Group(1, (), INNER, "", 5)), "backup", 0, Sticky(9, 24, 56, True))
COMES: list[delta.Word] = [
    delta.Begin(0, 2),
    delta.PartitionStart(5, 24, 56),
    delta.PartitionRuns(5, 4, array("I", [0, 9]).tobytes(), b"", array("H", [0, 1]).tobytes()),
    delta.PartitionRuns(5, 6, array("Q", [0]).tobytes(), array("Q", [0]).tobytes(), array("H", [0]).tobytes()),
    delta.PoolStart(1, "web", 5, Sticky(1, 24, 56)),
    delta.PoolRows(1, (ROW, INNER)),
    delta.PoolMap(1, 1, 1, array("I", [1, 2]).tobytes()),
    delta.PoolMap(1, 28, 2, array("I", [2, 2]).tobytes()),
    delta.PoolStart(2, "none", -1, None),
    delta.ZoneStart(APEX, SOA, 300, True),
    delta.ZoneNames(APEX, ((APEX, Node((SOA,))), (WWW, Node((RRset(16, 60, (b"\1x",)),), Dynamic(1, (1, 28), 60))))),
    delta.ZoneNames(
        APEX, ((SVC, Node((), None, False, (Hinted(65, 60, 1, b"\0\1\0", b"", b""),))), (CUT, Node((RRset(2, 60, (GLUE,), (GLUE,)),), None, True)))
    ),
    delta.ZoneGlue(APEX, ((GLUE, (RRset(1, 60, (b"\xc0\0\2\3",)),)),)),
    delta.Commit(2),
]
CHANGES: list[delta.Word] = [
    delta.Begin(2, 3),
    delta.ZoneStart(APEX, SOA, 300, False),
    delta.ZoneDrop(APEX, (SVC,), (GLUE,)),
    delta.PoolGone(2),
    delta.Commit(3),
]
GOES: list[delta.Word] = [delta.Begin(3, 4), delta.ZoneGone(APEX), delta.PoolGone(1), delta.PartitionGone(5), delta.Commit(4)]
OPTIONAL = {"couple", "dynamic", "row", "sticky"}  # fields that may be None


def feed(engine: native.Engine, words: list[Any]) -> list[bool]:
    return [engine.feed(Slice(number, word)) for number, word in enumerate(words)]


def answer(engine: native.Engine, name: bytes) -> bytes | None:
    return engine.tcp(question(name), CLIENT)


def question(name: bytes, kind: int = 1) -> bytes:
    return b"\x12\x34\0\0\0\1" + bytes(6) + name + kind.to_bytes(2) + b"\0\1"


@built
def test_every_word_is_taken() -> None:
    assert {type(word) for word in (*COMES, *CHANGES, *GOES)} == set(delta.WORDS)
    engine = native.Engine()
    for generation, words in ((2, COMES), (3, CHANGES), (4, GOES)):
        assert feed(engine, words) == [False] * (len(words) - 1) + [True]
        assert engine.generation == generation
        engine.tidy()
    reply = answer(engine, WWW)
    assert reply is not None
    assert reply[3] & 15 == 5  # REFUSED: the zone is gone


def malformed(value: Any, name: str = "") -> Iterator[Any]:
    """The value with one thing wrong in it, each thing in turn."""
    match value:
        case bool():
            yield from (1, None, "x")
        case int():
            yield from ("1", 1.5, None, 2**64, *(() if name == "partition" else (-1,)))
        case bytes():
            yield from ("text", 7, None, list(value), bytearray(value))
        case str():
            yield from (b"", None, 5, "\ud800")
        case tuple():
            yield from (list(value), None, 3, b"") if name not in OPTIONAL else (list(value), 3, b"")
            fields = getattr(value, "_fields", ("",) * len(value))
            if value and hasattr(value, "_fields"):
                yield from (tuple(value)[:-1], (*value, 0))
            for at, one in enumerate(value):
                for bad in malformed(one, fields[at]):
                    yield type(value)(*value[:at], bad, *value[at + 1 :]) if hasattr(value, "_fields") else (*value[:at], bad, *value[at + 1 :])
        case None:
            yield from (0, b"", "x", [])


def bad_words() -> Iterator[tuple[int, Any]]:
    """Words with one thing wrong in a field or deeper, and their places."""
    for at, word in enumerate(COMES):
        for field, value in zip(word._fields, word, strict=True):
            for bad in malformed(value, field):
                yield at, word._replace(**{field: bad})


def refused(engine: native.Engine, message: Slice) -> bool:
    try:
        engine.feed(message)
    except PlanError:
        return True
    return False


@built
def test_whatever_is_malformed_is_refused_whole() -> None:
    engine = native.Engine()
    feed(engine, [*COMES[:-1], delta.Commit(2)])
    tried = 0
    for place, bad in bad_words():
        tried += 1
        engine.reset()
        feed(engine, COMES[:place])
        assert refused(engine, Slice(place, bad)), f"taken: {bad}"
        at = max(place, 1)  # a Begin would begin anew
        assert refused(engine, Slice(at, COMES[at]))  # nothing of it is left
        assert engine.generation == 2
    assert tried > 400
    assert answer(engine, WWW) is not None
    assert feed(engine, [delta.Begin(0, 7), *COMES[1:-1], delta.Commit(7)])[-1]  # the next delta finds it ready


@built
@pytest.mark.parametrize("number", [-1, 2**64, "0", None, 0.0])
def test_places_are_numbers(number: Any) -> None:
    engine = native.Engine()
    with pytest.raises(PlanError):
        engine.feed(Slice(number, COMES[0]))


@built
@pytest.mark.parametrize("word", [(), None, 5, ("Begin", 0, 2), Slice(0, COMES[0]), Node(), Snapshot(1, {}, {}, {}), plan.Zone])
def test_only_words_are_words(word: Any) -> None:
    with pytest.raises(PlanError):
        native.Engine().feed(Slice(0, word))


@built
def test_rows_without_an_end_exhaust_nothing() -> None:
    row = INNER
    for _ in range(100_000):
        row = Row(Pick.ALL, 0, 30, (Group(1, (), row),))
    engine = native.Engine()
    feed(engine, COMES[:5])
    with pytest.raises(PlanError, match="nested deeper"):
        engine.feed(Slice(5, delta.PoolRows(1, (row,))))
    while (inner := row.groups[0].row) is not None:  # taken apart from outside, for Python's own sake
        row = inner


@built
def test_a_delta_that_cannot_be_read_ends_there() -> None:
    engine = native.Engine()
    feed(engine, COMES[:9])
    with pytest.raises(PlanError, match="malformed plan: OverflowError: soa: ttl: "):
        engine.feed(Slice(9, delta.ZoneStart(APEX, SOA._replace(ttl=-1), 300, True)))
    with pytest.raises(PlanError, match="outside a delta"):
        engine.feed(Slice(9, COMES[9]))
    assert engine.generation == 0


@built
def test_a_large_zone_is_read_quickly() -> None:
    nodes = {b"\6%06d" % n + APEX: Node((RRset(1, 60, (n.to_bytes(4),)),)) for n in range(100_000)}
    words = list(whole(Snapshot(1, {APEX: Zone(APEX, SOA, 300, {APEX: Node((SOA,)), **nodes}, {})}, {}, {})))
    engine = native.Engine()
    began = time.process_time()
    for word in words:
        engine.feed(word)
    assert time.process_time() - began < 0.8  # 0.1 s where nothing else runs
    assert answer(engine, b"\6%06d" % 99_999 + APEX)[-4:] == (99_999).to_bytes(4)  # type: ignore[index]  # it is no None


def served(generation: int, pool: str, row: Row | None) -> Snapshot:
    default = Row(Pick.FIRST, 1, 30, (Group(1, (b"\xc0\0\2\1",), site="fra"),))
    nodes = {
        APEX: Node((SOA,)),
        WWW: Node((), Dynamic(5, (1,))),
        TXT: Node((RRset(16, 60, tuple(b"\xc8" + bytes([n]) * 200 for n in range(20))),)),
    }
    return Snapshot(generation, {APEX: Zone(APEX, SOA, 300, nodes, {})}, {5: Pool(pool, plan.NO_PARTITION, {1: (row,)}, {1: default})}, {})


class Asked:
    """One engine that is asked over a real socket, and all that it tells."""

    def __init__(self, engine: engines.Engine, host: str = "127.0.0.1") -> None:
        self.engine = engine
        self.pair = bind(Endpoint(host, 0))
        self.client = socket.socket(self.pair.udp.family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self.client.connect((host, self.pair.endpoint.port))
        self.answers: Counter[tuple[Any, ...]] = Counter()
        self.dropped: Counter[str] = Counter()
        self.wanted: list[Any] = []
        self.has = plan.EMPTY

    def offer(self, snapshot: Snapshot) -> None:
        messages = list(whole(snapshot) if self.has is plan.EMPTY else diff(self.has, snapshot))
        assert [self.engine.feed(message) for message in messages][-1]
        self.has = snapshot

    async def ask(self, name: bytes, kind: int = 1) -> bytes:
        self.client.send(question(name, kind))
        return await asyncio.wait_for(asyncio.get_running_loop().sock_recv(self.client, 65_535), 20)

    def hear(self, report: dict[str, Any]) -> bool:
        for *kind, count in report.get("answers", ()):
            self.answers[tuple(kind)] += count
        self.dropped.update(report.get("dropped", {}))
        if "wanted" in report:
            self.wanted.append((report["generation"], [tuple(row) for row in report["wanted"]]))
        return True

    def close(self) -> None:
        self.client.close()
        self.pair.close()


async def traffic(engine: engines.Engine) -> tuple[list[bytes], Asked]:
    """The same story for every engine."""
    asked = Asked(engine)
    try:
        row = Row(Pick.FIRST, 1, 30, (Group(1, (b"\xc0\0\2\1",), site="fra"),))
        asked.offer(served(1, "web", row))
        engine.listen([asked.pair.udp])
        replies = [await asked.ask(name, kind) for name, kind in ((WWW, 1), (WWW, 1), (TXT, 16), (b"\2no" + APEX, 1), (b"\5other\0", 1))]
        asked.client.send(b"short")
        asked.client.send(b"\x12\x34\x80\0" + bytes(8))  # a response
        replies += [engine.tcp(question(name, kind), CLIENT) or b"" for name, kind in ((WWW, 1), (TXT, 16))]
        assert engine.tcp(b"\x12\x34\x80\0" + bytes(8), CLIENT) is None
        replies.append(await asked.ask(WWW))
        engine.tell(lambda _report: False)  # nobody listens: told later
        asked.offer(served(2, "web2", None))  # another name, and a row that is not compiled
        engine.tidy()
        replies.append(await asked.ask(WWW))
        replies.append(engine.tcp(question(WWW), CLIENT) or b"")
        engine.stop(1.0)
        engine.tell(asked.hear)
        engine.tell(asked.hear)  # what is told is not told again
    finally:
        asked.close()
    return replies, asked


@built
async def test_the_same_traffic_gives_the_same_replies_and_reports() -> None:
    replies, there = await traffic(PythonEngine())
    native_replies, here = await traffic(native.Engine())
    assert native_replies == replies
    assert here.answers == there.answers
    assert here.dropped == there.dropped == {"short": 1, "response": 2}
    assert here.wanted == there.wanted == [(2, [(5, 0, 1)])]
    assert {kind[3]: count for kind, count in here.answers.items() if kind[3] and kind[0] == "udp"} == {"web": 3, "web2": 1}
    udp = here.engine.sums()["udp"]
    assert udp == there.engine.sums()["udp"]
    assert (udp["received"], udp["sent"], udp["faults"], udp["restarts"]) == (9, 7, 0, 0)
    sums = here.engine.sums()
    assert sum(count for _bound, count in sums["latency"]) == 9
    assert [thread["sent"] for thread in sums["threads"]] == [7]


@built
@pytest.mark.usefixtures("has_ipv6")
async def test_one_thread_answers_at_several_addresses() -> None:
    engine = native.Engine()
    four, six = Asked(engine), Asked(engine, "::1")
    try:
        four.offer(served(1, "web", None))
        engine.listen([four.pair.udp, six.pair.udp])
        assert (await four.ask(WWW))[-4:] == (await six.ask(WWW))[-4:] == b"\xc0\0\2\1"
        engine.stop(0.5)
        assert len(engine.sums()["threads"]) == 1
        four.client.send(question(WWW))
        assert four.pair.udp.recv(100) == question(WWW)  # the sockets stay open, for who comes after us
    finally:
        four.close()
        six.close()


@built
async def test_a_socket_that_is_none_is_refused() -> None:
    engine = native.Engine()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as closed:
        closed.close()
        with pytest.raises((OSError, ValueError)):
            engine.listen([closed])
    with pytest.raises(OSError, match="descriptor"):
        engine._core.start([9999])
    assert engine.sums()["threads"] == []


@built
def test_what_was_built_from_other_sources_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    import gslb_core

    assert native.unfit() == ""
    assert engines.choose("auto") == engines.choose("native") == "native"
    monkeypatch.setattr(gslb_core, "WORDS", gslb_core.WORDS[:-1])
    assert "built from other sources" in native.unfit()
    warned: list[str] = []
    monkeypatch.setattr("gslb.log.warning", lambda _event, **fields: warned.append(fields["reason"]))
    assert engines.choose("auto") == "python"
    assert warned == [native.unfit()]
    monkeypatch.setattr(gslb_core, "__version__", "0.0.9")
    assert "gslb-core 0.0.9 is installed" in native.unfit()
    with pytest.raises(UsageError, match=r"dns\.engine: native is not possible here: gslb-core 0\.0\.9 .*pip install 'gslb\[native\]'"):
        engines.choose("native")


def test_without_the_module_the_python_engine_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gslb_core", None)
    said: list[str] = []
    monkeypatch.setattr("gslb.log.info", lambda event, **_fields: said.append(event))
    assert native.unfit() == "the package gslb-core is not installed"
    assert engines.choose("auto") == engines.choose("python") == "python"
    assert len(said) == 1
    with pytest.raises(UsageError, match="gslb-core is not installed"):
        engines.choose("native")
    assert isinstance(engines.make("python"), PythonEngine)


@pytest.mark.parametrize("module", ["", "raise RuntimeError('broken')"])
def test_what_is_no_engine_does_not_keep_the_python_engine_from_answering(module: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "gslb_core.py").write_text(module)
    monkeypatch.delitem(sys.modules, "gslb_core", raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    warned: list[str] = []
    monkeypatch.setattr("gslb.log.warning", lambda _event, **fields: warned.append(fields["reason"]))
    assert engines.choose("auto") == "python"
    assert warned == [native.unfit()]
    with pytest.raises(UsageError, match="gslb_core is no engine"):
        engines.choose("native")
    sys.modules.pop("gslb_core", None)


def test_a_plane_that_is_started_again_without_the_module_answers_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gslb_core", None)
    said: list[str] = []
    monkeypatch.setattr("gslb.log.error", lambda _event, **fields: said.append(fields["reason"]))
    assert isinstance(engines.make("native"), PythonEngine)
    assert said == ["the package gslb-core is not installed"]
