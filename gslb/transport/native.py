"""The native engine as a plane sees it: the twin of `gslb.transport.engine`, with the compiled module `gslb_core` inside.

The only home of that module, which is optional and loaded when it is wanted. UDP belongs to its threads, which never wait for Python;
plans and TCP queries come through here, on the plane's loop.
"""

from __future__ import annotations

import socket
from collections import Counter
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from ipaddress import ip_network
from random import getrandbits
from typing import Any, Final

from gslb import __version__, plan
from gslb.delta import WORDS, Slice
from gslb.errors import PlanError
from gslb.transport.exchange import Decision, Taken, exchange
from gslb.transport.tap import CHANCE_BITS, VERSION
from gslb.transport.udp import kernel_drops
from gslb.transport.untold import WANTED, Kind, Untold
from gslb.transport.watch import Watch

MODULE: Final = "gslb_core"
_PARTS: Final = (*WORDS, plan.RRset, plan.Node, plan.Dynamic, plan.Hinted, plan.Row, plan.Group, plan.Sticky)


class Engine:
    """Answers from one snapshot at a time, over UDP in threads of its own."""

    name: Final = "native"

    def __init__(self, *, max_udp: int = 1232, ecs: bool = True) -> None:
        """Begin with nothing: every name is REFUSED until the first plan. Raises ImportError where the module is not there."""
        import gslb_core  # noqa: PLC0415  it is optional

        self.version = gslb_core.__version__
        self._refused = gslb_core.PlanError
        self._core = gslb_core.Engine(max_udp=max_udp, ecs=ecs)
        self._sockets: list[socket.socket] = []
        self._untold = Untold()
        self._seen: Counter[tuple[Any, ...]] = Counter()

    @property
    def generation(self) -> int:
        """The generation that is answered from."""
        return self._core.generation

    def reset(self) -> None:
        """Forget what was assembled: a delta from nothing begins."""
        self._core.reset()

    def feed(self, message: Slice) -> bool:
        """Take one slice of a delta; at its Commit, answer from the new snapshot. Raises PlanError."""
        try:
            return self._core.feed(*message) is not None
        except self._refused as error:
            raise PlanError(str(error)) from None

    def tidy(self) -> bool:
        """Give back snapshots that no thread reads any more; the rest has time until the next call."""
        self._core.reap()
        return False

    def watch(self, watch: Watch) -> None:
        """Let somebody look on at the sockets to come; what the threads keep for dnstap and the log goes through the tap."""
        telling = watch.telling
        chances = (round(telling.sample * 2**CHANCE_BITS), round(telling.log * 2**CHANCE_BITS))
        networks = [(network.network_address.packed, network.prefixlen) for network in map(ip_network, telling.debug)]
        self._core.watch(*chances, networks, telling.node, VERSION, telling.messages != "responses", telling.messages != "queries", telling.extra)
        if watch.tap:
            watch.tap.add(self._taken)

    def listen(self, sockets: Sequence[socket.socket], core: int | None = None) -> None:
        """Answer at these bound UDP sockets in one more thread; `core`: the one that it is to keep to."""
        self._core.start([sock.fileno() for sock in sockets], core)
        self._sockets += sockets

    def stop(self, seconds: float) -> None:
        """Answer what is queued, for so long at most, then leave the sockets alone."""
        self._core.stop(seconds)

    def tcp(self, query: bytes, client: bytes) -> bytes | None:
        """Answer a query that came by TCP; None for what deserves none."""
        return self._core.tcp(query, client, getrandbits(64))

    def decided_by_tcp(self) -> Decision:
        """Say what was decided about the last answer by TCP."""
        return Decision(*self._core.decided())

    def sums(self) -> dict[str, Any]:
        """Sum up what happened to datagrams since the start, and how long it took."""
        counters = self._core.counters()
        udp = {key: counters[key] for key in ("received", "sent", "unsent", "faults", "restarts")}
        v6 = counters.get("received6", 0)
        more = {"v4": counters["received"] - v6, "v6": v6, "octets": counters.get("octets", 0)}
        return {
            "udp": {**udp, **more, "kernel_drops": sum(map(kernel_drops, self._sockets))},
            "latency": counters["latency"],
            "threads": counters["threads"],
        }

    def tell(self, report: Callable[[dict[str, Any]], bool]) -> None:
        """Report what has been answered since the last time; what finds no listener is told later."""
        counters = self._core.counters()
        for protocol, zone, rcode, pool, reason, number, truncated, site, count in counters["answers"]:
            kind = Kind(protocol, zone.hex() if zone else "", rcode, pool, reason, number, truncated, site)
            if more := self._more(kind, count):
                self._untold.answers[kind] += more
        for protocol, reason, count in counters["dropped"]:
            if more := self._more((protocol, reason), count):
                self._untold.dropped[reason] += more
        self._untold.wanted.update(self._core.wanted(WANTED))
        self._untold.tell(report, self.generation)

    def _taken(self, room: int, lines: int) -> Taken:
        frames, messages, logged, dropped, unlogged = self._core.tap(room, lines)
        return Taken(frames, messages, tuple(map(exchange, logged)), dropped, unlogged)

    def _more(self, what: tuple[Any, ...], count: int) -> int:
        more = count - self._seen[what]
        self._seen[what] = count
        return more


def installed() -> bool:
    """Whether the module is there, fit or not."""
    return find_spec(MODULE) is not None


def unfit() -> str:
    """Say why the module cannot be used by this gslb; "" where it can."""
    try:
        import gslb_core  # noqa: PLC0415

        version, words = gslb_core.__version__, gslb_core.WORDS
    except ImportError as error:
        return f"{MODULE} cannot be loaded: {error}" if installed() else "the package gslb-core is not installed"
    except Exception as error:  # noqa: BLE001  half a module, or a folder of that name: the Python engine must be able to answer all the same
        return f"{MODULE} is no engine: {error}"
    if version != __version__:
        return f"gslb-core {version} is installed, and this is gslb {__version__}"
    # One version for both says nothing about two working copies: the words of a plan do.
    if tuple((part.__name__, len(part._fields)) for part in _PARTS) != words:
        return f"gslb-core {version} was built from other sources: it does not know this plan's words"
    return ""
