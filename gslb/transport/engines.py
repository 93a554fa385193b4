"""Which engine answers: what both are to a plane, and the choice between them.

The supervisor chooses once, at the start; planes are told the name. Both engines give the same answers, octet for octet.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from typing import Any, Final, Protocol

from gslb import log
from gslb.delta import Slice
from gslb.errors import UsageError
from gslb.transport import native
from gslb.transport.engine import Engine as PythonEngine
from gslb.transport.exchange import Decision
from gslb.transport.watch import Watch

HINT: Final = "pip install 'gslb[native]'; in a working copy: make native"


class Engine(Protocol):
    """What a plane needs of an engine."""

    @property
    def name(self) -> str:
        """`python` or `native`."""
        ...

    @property
    def version(self) -> str:
        """The version of its code."""
        ...

    @property
    def generation(self) -> int:
        """The generation that is answered from; 0 = none yet."""
        ...

    def reset(self) -> None:
        """Forget what was assembled: a delta from nothing begins. What is served goes on being served."""
        ...

    def feed(self, message: Slice, /) -> bool:
        """Take one slice; whether it completed a plan, which is obeyed from now on. PlanError: the delta is refused whole."""
        ...

    def tidy(self) -> bool:
        """Give back memory of plans that are over, for a millisecond or so; whether there is more to do soon."""
        ...

    def watch(self, watch: Watch, /) -> None:
        """Let somebody look on at the sockets to come: before `listen`."""
        ...

    def listen(self, sockets: Sequence[socket.socket], core: int | None = None) -> None:
        """Answer at these bound UDP sockets, one thread's; `core`: the one it is to keep to. They stay the caller's, and open."""
        ...

    def stop(self, seconds: float) -> None:
        """Answer the datagrams that are queued, for so long at most, then leave the sockets alone."""
        ...

    def tcp(self, query: bytes, client: bytes, /) -> bytes | None:
        """Answer a query that came by TCP; None = say nothing."""
        ...

    def decided_by_tcp(self) -> Decision:
        """Say what was decided about the last answer by TCP."""
        ...

    def sums(self) -> dict[str, Any]:
        """Sum up what happened to datagrams: part of a report (`gslb.role.plane_reports`)."""
        ...

    def tell(self, report: Callable[[dict[str, Any]], bool], /) -> None:
        """Report what has been answered since the last time; what finds no listener is told later."""
        ...


def choose(wanted: str) -> str:
    """Turn `dns.engine` into the name of an engine that is there. Raises UsageError where `native` is asked for and cannot be had."""
    if wanted == "python":
        return "python"
    why = native.unfit()
    if not why:
        return "native"
    if wanted == "native":
        raise UsageError(f"dns.engine: native is not possible here: {why} ({HINT})")
    if native.installed():
        log.warning("the Python engine answers, which is slower: the native one does not fit", reason=why, hint=HINT)
    else:
        log.info("the Python engine answers; the native one is faster in floods", hint=HINT)
    return "python"


def make(name: str, *, max_udp: int = 1232, ecs: bool = True) -> Engine:
    """Make an engine by the name that `choose` returned; the Python one where the native one has gone since: to answer slowly is better than not."""
    if name == "native" and (why := native.unfit()):
        log.error("the Python engine answers: the native one is gone", reason=why, hint="install it again, and restart the service")
        name = "python"
    return native.Engine(max_udp=max_udp, ecs=ecs) if name == "native" else PythonEngine(max_udp=max_udp, ecs=ecs)
