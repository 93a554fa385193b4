"""The load generator tells the truth: against a server whose losses, delays and answers are known."""

import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from dnslib import DNSRecord

from gslb.testing import stall

SOURCE = Path(__file__).parents[2] / "bench" / "blast.c"


@pytest.fixture(scope="module")
def blast(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., dict[str, str]]:
    if not shutil.which("cc"):
        pytest.skip("no C compiler")
    program = tmp_path_factory.mktemp("blast") / "blast"
    subprocess.run(["cc", "-O2", "-Wall", "-Wextra", "-Werror", "-o", program, SOURCE], check=True)

    def run(port: int, seconds: float, mode: str, *rate: str) -> dict[str, str]:
        command = [program, str(port), "example.org", str(seconds), "16", "2", mode, *rate]
        line = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30).stdout
        return dict(word.split("=", 1) for word in line.split())

    return run


@contextmanager
def server(answer: Callable[[int, bytes], bytes | None]) -> Iterator[tuple[int, list[bytes]]]:
    """Answer datagrams with what `answer` makes of their number and content."""
    queries: list[bytes] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))

        def serve() -> None:
            while True:
                query, client = sock.recvfrom(4096)
                if query == b"end":
                    return
                queries.append(query)
                if reply := answer(len(queries), query):
                    sock.sendto(reply, client)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield sock.getsockname()[1], queries
        finally:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
                end.sendto(b"end", sock.getsockname())
            thread.join()


def refused(query: bytes) -> bytes:
    return query[:2] + b"\x84\x05" + query[4:]


def test_every_loss_is_counted(blast) -> None:
    with server(lambda number, query: None if number % 50 == 0 else refused(query)) as (port, queries):
        seen = blast(port, 0.6, "plain")
    assert int(seen["sent"]) == len(queries) > 100
    assert int(seen["lost"]) == len(queries) // 50
    assert int(seen["received"]) == len(queries) - len(queries) // 50
    assert seen["rcodes"] == f"5:{seen['received']}"
    assert seen["late"] == seen["answered"] == "0"


def test_a_late_answer_is_lost_and_told(blast) -> None:
    def answer(number: int, query: bytes) -> bytes:
        if number == 1:
            time.sleep(1.3)
        return refused(query)

    with server(answer) as (port, queries):
        seen = blast(port, 1.5, "plain")
    assert int(seen["late"]) >= 1
    assert int(seen["lost"]) >= int(seen["late"])
    assert int(seen["sent"]) == len(queries) == int(seen["received"]) + int(seen["lost"])


def test_an_open_loop_keeps_its_rate_and_counts_latency_from_when_a_query_was_due(blast) -> None:
    def answer(number: int, query: bytes) -> bytes:
        if number == 200:
            time.sleep(0.2)
        return refused(query)

    watch = stall.Stopwatch()
    with server(answer) as (port, queries):
        seen = blast(port, 1, "plain", "500")
    stalled = watch.stalled
    assert 450 - 500 * stalled <= int(seen["sent"]) <= 501  # fewer where a busy machine ran it late at the end
    assert len(queries) == int(seen["received"])
    assert float(seen["max"]) > 190_000  # microseconds; the one that met the stall
    assert float(seen["p99"]) > 150_000  # of a hundred that were due meanwhile, five waited nearly as long
    assert float(seen["p50"]) < 50_000 + stalled * 1e6


def test_modes_ask_what_they_say(blast) -> None:
    asked = {}
    for mode in ("plain", "edns", "ecs", "random", "random-ecs", "names:3"):
        with server(lambda _number, query: refused(query)) as (port, queries):
            blast(port, 0.05, mode)
        asked[mode] = [DNSRecord.parse(query) for query in queries]
    names = {mode: {str(query.q.qname) for query in queries} for mode, queries in asked.items()}
    assert names["plain"] == names["edns"] == names["ecs"] == {"example.org."}
    assert names["names:3"] == {f"n{i}.example.org." for i in range(3)}
    for mode in ("random", "random-ecs"):
        assert len(names[mode]) == len(asked[mode])
        assert all(len(name) == len("0123456789.example.org.") for name in names[mode])
    assert all(not query.ar for mode in ("plain", "random", "names:3") for query in asked[mode])
    assert all(query.ar[0].edns_len == 1232 and not query.ar[0].rdata for query in asked["edns"])
    subnets = [query.ar[0].rdata[0].data for mode in ("ecs", "random-ecs") for query in asked[mode]]
    assert all(subnet[:4] == b"\0\1\x18\0" and len(subnet) == 7 and 0 < subnet[4] < 224 and subnet[4] != 127 for subnet in subnets)
    assert len(set(subnets)) > len(subnets) * 0.99
