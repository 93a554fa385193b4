"""The engines behind one face, so that a test asks each of them the same and compares what comes back with `==`.

`python` is `gslb.answer` as it stands: the reference. `native` is the module `gslb_core`, whose plan arrives as planes get it: a delta,
word by word. Whatever is compared here must be equal to the octet.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Final, Protocol

from gslb.answer import Drop, Env, NeedRow, Reply, answer
from gslb.compiler.delta import diff, whole
from gslb.delta import Assembler, Slice
from gslb.errors import PlanError
from gslb.plan import EMPTY, GENERATION_NONE, Snapshot
from gslb.transport import native

if TYPE_CHECKING:
    from gslb.testing.native import NativePlane  # it imports the module

Outcome = Reply | Drop | NeedRow

KEPT: Final = 8  # snapshots that a native engine holds for tests that go to and fro between them


class Plane(Protocol):
    """An assembler and an engine: takes a delta slice by slice, and answers from what was committed last."""

    def feed(self, message: Slice) -> bool:
        """Take one slice; whether a new snapshot is live now. Raises PlanError where the delta is refused; the live one stays."""
        ...

    def answer(self, query: bytes, client: bytes, env: Env) -> Outcome:
        """Answer from the live snapshot."""
        ...


class PythonPlane:
    """`gslb.delta` and `gslb.answer`."""

    def __init__(self) -> None:
        self._assembler = Assembler()

    @property
    def live(self) -> Snapshot:
        """What is answered from."""
        return self._assembler.live

    def feed(self, message: Slice) -> bool:
        """Take one slice."""
        return self._assembler.feed(message) is not None

    def answer(self, query: bytes, client: bytes, env: Env) -> Outcome:
        """Answer from the live snapshot."""
        return answer(self._assembler.live, query, client, env)


class Engine(Protocol):
    """Answers from any snapshot."""

    name: str

    def answer(self, snapshot: Snapshot, query: bytes, client: bytes, env: Env) -> Outcome:
        """Answer one packet, as `gslb.answer.answer` does."""
        ...


class PythonEngine:
    """The reference."""

    name = "python"

    def answer(self, snapshot: Snapshot, query: bytes, client: bytes, env: Env) -> Outcome:
        """Answer one packet."""
        return answer(snapshot, query, client, env)


class NativeEngine:
    """`gslb_core`. A snapshot is turned into a delta when it is first asked; several are held, the one asked longest ago goes first."""

    name = "native"

    def __init__(self) -> None:
        self._planes: OrderedDict[int, tuple[Snapshot, Plane]] = OrderedDict()

    def answer(self, snapshot: Snapshot, query: bytes, client: bytes, env: Env) -> Outcome:
        """Answer one packet."""
        held = self._planes.get(id(snapshot))
        if held is None:
            held = self._planes[id(snapshot)] = snapshot, native_plane(snapshot)  # held, so that its id stays its own
            if len(self._planes) > KEPT:
                self._planes.popitem(last=False)
        else:
            self._planes.move_to_end(id(snapshot))
        return held[1].answer(query, client, env)


def native_missing() -> str:
    """Why there is no native engine here; empty where there is one, fit or not: one that is not fit must be built anew, not passed over."""
    return "" if native.installed() else native.unfit()


def engine(name: str) -> Engine:
    """Return a new engine by name."""
    return NativeEngine() if name == "native" else PythonEngine()


def native_inner() -> NativePlane:
    """Return a native plane that has nothing yet."""
    if why := native.unfit():
        raise AssertionError(why)
    from gslb.testing.native import NativePlane  # noqa: PLC0415  # only where the module is built

    return NativePlane()


def native_plane(snapshot: Snapshot = EMPTY) -> Plane:
    """Return a native plane that answers from a snapshot, as if it had just started and been sent it."""
    plane = native_inner()
    if snapshot.generation != GENERATION_NONE:
        offer(plane, EMPTY, snapshot)
    return plane


def offer(plane: Plane, old: Snapshot, new: Snapshot) -> None:
    """Send the difference."""
    *before, last = whole(new) if old is EMPTY else diff(old, new)
    for message in before:
        assert not plane.feed(message)
    assert plane.feed(last), "a commit makes a new snapshot"


def refused(plane: Plane, messages: list[Slice]) -> bool:
    """Whether a delta is refused; none of it is obeyed then."""
    try:
        for message in messages:
            plane.feed(message)
    except PlanError:
        return True
    return False
