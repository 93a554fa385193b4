"""A steady asker: so many UDP queries a second, each answer judged and timed; nothing is retried.

Used by `bench/steady.py` (and by hand) to see what reloads, crashes and stalls do to clients.
One thread, one socket, open loop: a query is sent when its time
has come whether or not earlier ones were answered, so a stalled server cannot slow the asker down and hide its own latency.
"""

from __future__ import annotations

import select
import socket
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class Seen:
    """What one stretch of asking saw; latencies in seconds."""

    sent: int = 0
    lost: int = 0
    wrong: list[str] = field(default_factory=list)
    latency: list[float] = field(default_factory=list)

    def quantile(self, q: float) -> float:
        """Return the latency below which the share `q` of answers came, in milliseconds."""
        ordered = sorted(self.latency)
        return 1e3 * ordered[min(len(ordered) - 1, int(q * len(ordered)))] if ordered else float("nan")

    def line(self) -> str:
        """One row for people."""
        return (
            f"{self.sent:6} asked, {self.lost} lost, {len(self.wrong)} wrong, "
            f"p50 {self.quantile(0.5):.2f} ms, p99 {self.quantile(0.99):.2f} ms, p99.9 {self.quantile(0.999):.2f} ms, max {self.quantile(1):.2f} ms"
        )


def question(name: str, kind: int = 1) -> bytes:
    """Everything of a query but its id."""
    labels = b"".join(bytes([len(part)]) + part.encode() for part in name.rstrip(".").split(".")) + b"\0"
    return b"\0\0\0\1\0\0\0\0\0\0" + labels + struct.pack("!HH", kind, 1)


def ask(port: int, names: list[str], rate: int, until: Callable[[], bool], judge: Callable[[str, bytes], str | None], patience: float = 1.0) -> Seen:
    """Ask `names` in turn, `rate` a second, until `until()`; `judge(name, reply)` returns what is wrong, or None."""
    seen = Seen()
    waiting: dict[int, tuple[float, str]] = {}
    tails = [(name, question(name)) for name in names]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        sock.connect(("127.0.0.1", port))
        sock.setblocking(False)
        began = time.perf_counter()
        number = 0
        while not until():
            now = time.perf_counter()
            while number < (now - began) * rate:
                name, tail = tails[number % len(tails)]
                ident = number & 0xFFFF
                if ident in waiting:
                    seen.lost += 1
                waiting[ident] = (time.perf_counter(), name)
                _send(sock, ident.to_bytes(2, "big") + tail)
                seen.sent += 1
                number += 1
            select.select([sock], [], [], max(0.0, began + number / rate - time.perf_counter()))
            _collect(sock, waiting, seen, judge)
        end = time.perf_counter() + patience
        while waiting and time.perf_counter() < end:
            select.select([sock], [], [], 0.05)
            _collect(sock, waiting, seen, judge)
    seen.lost += len(waiting)
    return seen


def _send(sock: socket.socket, query: bytes) -> None:
    try:
        sock.send(query)
    except (BlockingIOError, ConnectionRefusedError):
        pass  # counted as lost: no answer will come


def _collect(sock: socket.socket, waiting: dict[int, tuple[float, str]], seen: Seen, judge: Callable[[str, bytes], str | None]) -> None:
    while True:
        try:
            reply = sock.recv(4096)
        except BlockingIOError:
            return
        except ConnectionRefusedError:
            continue
        asked = waiting.pop(int.from_bytes(reply[:2], "big"), None)
        if asked is None:
            seen.wrong.append("an answer to no question")
            continue
        seen.latency.append(time.perf_counter() - asked[0])
        fault = judge(asked[1], reply)
        if fault:
            seen.wrong.append(f"{asked[1]}: {fault}")
