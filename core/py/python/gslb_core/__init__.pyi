"""The native engine of gslb: plan words in, answers and counts out. The contract of the compiled module; imported by `gslb.transport.native` alone.

One `Engine` holds what `gslb.delta.Assembler` holds, the snapshot that is answered from, and the threads that answer over UDP. These never
take the interpreter's lock. Everything here is called from one thread, the plane's loop.
"""

from collections.abc import Sequence
from typing import Final, TypeAlias, TypedDict, final, type_check_only

__all__ = ["WORDS", "Engine", "PlanError", "__version__"]

__version__: Final[str]
"""The version of the package: it works with the same version of `gslb` only."""

WORDS: Final[tuple[tuple[str, int], ...]]
"""The named tuples that `Engine.feed` reads, words of a delta first, each with how many fields it has; compared with `gslb`'s own."""

_Answer: TypeAlias = tuple[bytes, bytes | None, int, int | None, str, int, bool, str, tuple[int, int, int] | None]
"""The octets; the fields of `gslb.answer.Meta` in their order; and (pool, region, type) of a row that was not compiled."""

_Decided: TypeAlias = tuple[bytes | None, int, str, str, str, bool]
"""The fields of `gslb.transport.exchange.Decision`."""

_Logged: TypeAlias = tuple[tuple[int, int, bytes, int, bytes, int, int, int, bytes, bytes], _Decided]
"""The fields of `gslb.transport.exchange.Exchange`, and those of its decision."""

class PlanError(ValueError):
    """A delta is refused whole: malformed, out of order, incomplete or inconsistent. What was published goes on being served."""

@type_check_only
class Thread(TypedDict):
    """What one thread did since it began; `cpu`: the core it is pinned to."""

    number: int
    cpu: int | None
    received: int
    sent: int
    unsent: int
    faults: int
    restarts: int

@type_check_only
class Counters(TypedDict):
    """What happened since the engine was made, all threads together; `answers` and `dropped` by transport ("udp", "tcp")."""

    received: int
    sent: int
    unsent: int  # replies that the kernel refused
    received6: int  # at sockets of IPv6
    octets: int  # of replies
    faults: int  # panics in answering, each caught: must be 0
    restarts: int  # panics of a thread's loop, which began anew: must be 0
    truncated: int
    dropped: list[tuple[str, str, int]]
    answers: list[tuple[str, bytes | None, int, str | None, str, int, bool, str, int]]
    latency: list[tuple[int, int]]  # upper bounds in ns, the last above all; not cumulative
    threads: list[Thread]

@final
class Engine:
    """Answers from one snapshot at a time; before the first, every name is REFUSED."""

    def __new__(cls, max_udp: int = 1232, ecs: bool = True, batch: int = 64) -> Engine:
        """`max_udp`, `ecs`: as in `gslb.answer.Env`; `batch`: datagrams that a thread takes at once."""

    @property
    def generation(self) -> int:
        """The generation that is answered from; 0 = none yet."""

    def reset(self) -> None:
        """Forget what was assembled: the next delta begins from nothing. What is published goes on being served."""

    def feed(self, number: int, word: tuple[object, ...]) -> int | None:
        """Take one slice of a delta (`gslb.delta.Slice`). Its Commit publishes the snapshot and returns its generation. Raises PlanError."""

    def answer(self, query: bytes, client: bytes, draw: int, udp: bool = True, max_udp: int = 1232, ecs: bool = True) -> _Answer | str:
        """Answer one packet from a client (4 or 16 octets) as `gslb.answer.answer` does; text: say nothing, and why. Counts nothing."""

    def tcp(self, query: bytes, client: bytes, draw: int) -> bytes | None:
        """Answer a query that came by TCP, and count it; None = say nothing."""

    def decided(self) -> _Decided:
        """Say what was decided about the last answer by TCP."""

    def truncated(self, query: bytes, max_udp: int = 1232, ecs: bool = True) -> bytes | None:
        """Write the reply that sends a client to TCP, as `gslb.answer.truncated` does."""

    def watch(
        self,
        dnstap: int,
        log: int,
        debug: Sequence[tuple[bytes, int]],
        identity: str,
        version: str,
        queries: bool,
        responses: bool,
        extra: bool,
    ) -> None:
        """Let the threads to come tell of queries: chances out of 2**32, networks whose clients may ask why, and how dnstap is written."""

    def tap(self, room: int, lines: int) -> tuple[bytes, int, list[_Logged], int, int]:
        """Take what the threads have kept: frames of dnstap, as many octets as there is room for, messages in them; exchanges for the log; and
        how many messages and lines were lost since the last time.
        """

    def start(self, sockets: Sequence[int], cpu: int | None = None) -> int:
        """Start a thread that answers at these bound UDP sockets (duplicated, the caller keeps its own), on this core only; return its number."""

    def stop(self, seconds: float) -> None:
        """Answer what is queued, for so long at most, and end all threads."""

    def counters(self) -> Counters:
        """Sum up what happened."""

    def wanted(self, most: int) -> list[tuple[int, int, int]]:
        """Take (pool, region, type) of rows that were asked for and not compiled."""

    def reap(self) -> int:
        """Free old snapshots that no thread reads; return how many are left."""
