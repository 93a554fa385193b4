"""The pipe between control and one plane: plan deltas one way, reports the other.

A SOCK_SEQPACKET pair whose ends outlive both processes. Control's end (`Feed`) is driven by level, not by events: it knows what
the plane has and what it should have, so nothing is lost or piled up while a plane is slow, and a plane that starts anew says hello and
is fed from nothing. The plane's end (`Intake`) takes one slice per turn of its loop, between packets. Deltas are pickles,
from the more trusted side to the less, read by an unpickler that knows the plan's words only; reports are JSON.
Neither side ever waits: a report that finds no room is dropped, and the next one says the same or more.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import pickle
import socket
from collections.abc import Callable, Iterator
from typing import Any, Final, Protocol

from gslb import delta, plan
from gslb.delta import Slice
from gslb.errors import PlanError
from gslb.transport.deltas import ANEW, ASIDE, FIRST, LAST, PACKET, Deltas

BURST: Final = 4  # packets control makes per turn of its loop: 4 ms, then checks get their turn
LARGEST_REPORT: Final = 60 << 10

Report = dict[str, Any]
Told = Callable[[Report], None]


class Assembler(Protocol):
    """What puts a plan together at a plane's end: the plane's engine."""

    def reset(self) -> None:
        """Forget what was assembled: a delta from nothing begins. What is served goes on being served."""
        ...

    def feed(self, message: Slice, /) -> bool:
        """Take one slice; whether it completed a plan, which is obeyed from now on. PlanError: the delta is refused whole."""
        ...


class Feed:
    """Control's end: brings one plane to the snapshot it should have."""

    def __init__(self, sock: socket.socket, deltas: Deltas, on_report: Callable[[Report], None]) -> None:
        """Take a non-blocking socket; `deltas` are shared by all feeds, `on_report` hears the plane, hello too."""
        self._sock = sock
        self._deltas = deltas
        self._on_report = on_report
        self._loop = asyncio.get_running_loop()
        self._has = plan.EMPTY  # what the plane has once everything sent so far is applied
        self._wanted = plan.EMPTY
        self._packets: Iterator[bytes] | None = None  # of the delta that is on its way
        self._towards = plan.EMPTY
        self._unsent: bytes | None = None
        self._skip_old_reports()
        self._loop.add_reader(sock, self._read)

    def offer(self, snapshot: plan.Snapshot) -> None:
        """Make this what the plane should have; several offers while it is busy become one delta."""
        self._wanted = snapshot
        if self._packets is None:
            self._begin()

    def start_anew(self) -> None:
        """Feed from nothing: the plane has lost what it had."""
        self._has = plan.EMPTY
        self._unsent = None  # whole packets only: the plane skips the rest of that delta by itself
        self._begin()

    def say(self, message: Report) -> bool:
        """Say something to the plane itself; False where it does not listen now or the message is too long: then it is dropped."""
        data = bytes((ASIDE,)) + json.dumps(message, separators=(",", ":")).encode()
        if len(data) > PACKET:
            return False
        try:
            self._sock.send(data)
        except OSError:
            return False
        return True

    @property
    def idle(self) -> bool:
        """Whether everything offered has been sent."""
        return self._packets is None

    def close(self) -> None:
        """Leave the socket alone."""
        self._loop.remove_writer(self._sock)
        self._loop.remove_reader(self._sock)

    def _begin(self) -> None:
        self._loop.remove_writer(self._sock)
        self._packets = None
        if self._wanted is plan.EMPTY or self._wanted is self._has:
            return
        self._towards = self._wanted
        self._packets = self._deltas.packets(self._has, self._towards)
        self._loop.add_writer(self._sock, self._send)

    def _send(self) -> None:
        for _ in range(BURST):
            if self._unsent is None:
                assert self._packets is not None
                self._unsent = next(self._packets, None)
            if self._unsent is None:
                self._has = self._towards
                self._begin()
                return
            try:
                self._sock.send(self._unsent)
            except BlockingIOError:
                return
            self._unsent = None

    def _skip_old_reports(self) -> None:
        """Forget what was said to a control that is dead; a plane that needs us says so again."""
        with contextlib.suppress(BlockingIOError):
            while self._sock.recv(1):  # one packet, the rest of which is dropped
                pass

    def _read(self) -> None:
        try:
            data = self._sock.recv(LARGEST_REPORT)
        except BlockingIOError:
            return
        if not data:  # the other end is closed, as it never is while a supervisor lives
            self.close()
            return
        report = json.loads(data)
        if "hello" in report:
            self.start_anew()
        self._on_report(report)


class Intake:
    """A plane's end: assembles deltas, one packet per turn, and reports."""

    def __init__(self, sock: socket.socket, assembler: Assembler, swapped: Callable[[], None], told: Told | None = None) -> None:
        """Take a non-blocking socket; `swapped` is called whenever the assembler has completed a plan, `told` with what is no part of one."""
        self._sock = sock
        self._assembler = assembler
        self._swapped = swapped
        self._told = told
        self._lost = True
        self._message = bytearray()
        self._assembling = False
        self._loop = asyncio.get_running_loop()

    def start(self) -> None:
        """Begin to read."""
        self._loop.add_reader(self._sock, self._read)

    def stop(self) -> None:
        """Read no more."""
        self._loop.remove_reader(self._sock)

    @property
    def assembling(self) -> bool:
        """Whether part of a delta is here and the rest is not."""
        return self._assembling

    @property
    def lost(self) -> bool:
        """Whether there is nothing to build on, so that control must begin anew: say hello until it does."""
        return self._lost

    def report(self, report: Report) -> bool:
        """Tell control; False where it does not listen now or the report is too long: then it is dropped."""
        data = json.dumps(report, separators=(",", ":")).encode()
        if len(data) > LARGEST_REPORT:
            return False
        try:
            self._sock.send(data)
        except OSError:
            return False
        return True

    def _read(self) -> None:
        try:
            packet = self._sock.recv(PACKET + 1)
        except BlockingIOError:
            return
        if not packet:
            self.stop()
            return
        flags = packet[0]
        if flags & ASIDE:
            if self._told:
                self._told(json.loads(packet[1:]))
            return
        if flags & ANEW:
            self._assembler.reset()
            self._lost = False
        if self._lost:  # the rest of a delta that was refused, or of one to a plane before us
            return
        if flags & FIRST:
            self._message.clear()
        self._message += packet[1:]
        if not flags & LAST:
            return
        try:
            completed = self._assembler.feed(decode(self._message))
        except PlanError:
            self._lost = True
            self._assembling = False
            raise
        finally:
            self._message.clear()
        self._assembling = not completed
        if completed:
            self._swapped()


def decode(data: bytes | bytearray) -> Slice:
    """Read one message; PlanError where it holds anything but the words of plans and deltas."""
    try:
        message = _Words(io.BytesIO(data)).load()
    except PlanError:
        raise
    except Exception as error:  # noqa: BLE001  pickle promises no particular exceptions
        raise PlanError(f"a delta cannot be read: {error!r}") from None
    if not isinstance(message, Slice):
        raise PlanError(f"{type(message).__name__} is no slice of a delta")
    return message


_ALLOWED: Final = (*delta.WORDS, Slice, plan.RRset, plan.Node, plan.Dynamic, plan.Row, plan.Group, plan.Pick, plan.Sticky, plan.Hinted)
_CLASSES: Final = {(word.__module__, word.__name__): word for word in _ALLOWED}


class _Words(pickle.Unpickler):
    """Finds the words of plans and deltas; nothing else can be made."""

    def find_class(self, module: str, name: str) -> Any:
        """Return the class of a word."""
        try:
            return _CLASSES[module, name]
        except KeyError:
            raise PlanError(f"a delta may not hold {module}.{name}") from None
