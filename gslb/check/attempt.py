"""One look at an address under one total deadline, every way it can go wrong turned into an Observation.

Used by the check types; a new one writes only `look`. It never raises (but lets a cancellation through) and it tells the
target's faults, which count, from the prober's own, which are no vote (`Result.UNKNOWN`).
"""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import ssl
from collections.abc import Awaitable, Callable
from typing import Final

from gslb.check.observation import Observation, Result
from gslb.check.trace import RECORDER, Line, Trace
from gslb.model import Address

# What only this machine can be blamed for: descriptors, memory, buffers, ports, permission, protocol family.
_OWN: Final = frozenset(
    {
        errno.EMFILE,
        errno.ENFILE,
        errno.ENOMEM,
        errno.ENOBUFS,
        errno.EPERM,
        errno.EACCES,
        errno.EADDRNOTAVAIL,
        errno.EAFNOSUPPORT,
        errno.EPROTONOSUPPORT,
        errno.ENETDOWN,
    }
)
_REASON: Final = 160  # characters of a reason; it travels with every vote


class Unfit(Exception):  # noqa: N818 - not an error: the answer was heard, and it does not do
    """The target answered, but not as it should; the text is the reason."""


class OwnFault(Exception):  # noqa: N818 - as above
    """The prober cannot look; the text says what it lacks."""


class Progress:
    """How far an attempt has come: its stage, for the reason of a timeout, and what lowers the grade of a success."""

    __slots__ = ("_stage", "_trace", "grade", "why")

    def __init__(self, trace: Trace | None = None) -> None:
        self.grade = 100
        self.why: list[str] = []
        self._trace = trace
        self.stage = "connecting"

    @property
    def stage(self) -> str:
        """What is being done now, as a participle: "connecting"."""
        return self._stage

    @stage.setter
    def stage(self, stage: str) -> None:
        self._stage = stage
        if self._trace:
            self._trace.begin(stage)

    def fact(self, what: str, text: object) -> None:
        """Note something seen, for who records."""
        if self._trace:
            self._trace.add(Line(what, _short(text)))

    def judged(self, what: str, passed: bool, text: object) -> None:  # noqa: FBT001 - a verdict is a truth value
        """Note an assertion and its verdict, for who records."""
        if self._trace:
            self._trace.add(Line(what, _short(text), passed))

    def degrade(self, grade: int, why: str) -> None:
        """Lower the grade of a success to `grade` (1 to 100) at most, and say why."""
        self.grade = min(self.grade, grade)
        self.why.append(why)

    def end(self) -> None:
        """Note that it is over."""
        if self._trace:
            self._trace.end()


Look = Callable[[Progress], Awaitable[str]]


async def attempt(address: Address, timeout: float, look: Look) -> Observation:  # noqa: ASYNC109 - the deadline is what this is about
    """Run `look` for at most `timeout` seconds in all; it returns the reason of a success, and raises for a failure."""
    loop = asyncio.get_running_loop()
    started, grade = loop.time(), 100
    progress = Progress(RECORDER.get())
    deadline = asyncio.timeout(timeout)
    try:
        async with deadline:
            reason = await look(progress)
        result, grade = Result.OK, progress.grade
        reason = ", ".join([reason, *progress.why])
    except Unfit as unfit:
        result, reason = Result.FAIL, str(unfit)
    except OwnFault as fault:
        result, reason = Result.UNKNOWN, f"own fault: {fault}"
    except Exception as error:  # noqa: BLE001 - a check never raises
        if deadline.expired():
            result, reason = Result.FAIL, f"timeout: {timeout:g} s over while {progress.stage}"
        else:
            result, reason = _blame(error, address)
    finally:
        progress.end()
    return Observation(result, loop.time() - started, " ".join(reason.split())[:_REASON], grade)


def _blame(error: Exception, address: Address) -> tuple[Result, str]:
    """Say whose fault it is, and name it."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return Result.FAIL, f"certificate: {error.verify_message or error.reason}"
    if isinstance(error, ssl.SSLError):
        reason = getattr(error, "reason", None) or str(error)  # only OpenSSL's own errors have one
        return Result.FAIL, f"TLS: {reason.replace('_', ' ').lower()}"
    if isinstance(error, EOFError):
        return Result.FAIL, "closed by the other side"
    if isinstance(error, OSError):
        text = _words(error)
        own = error.errno in _OWN or (error.errno in {errno.ENETUNREACH, errno.EHOSTUNREACH} and not _has_route(address))
        return (Result.UNKNOWN, f"own fault: {text}") if own else (Result.FAIL, text)
    return Result.UNKNOWN, f"own fault: {type(error).__name__}: {error}"


def _words(error: OSError) -> str:
    """Return the system's words for it: "connection refused"."""
    text = os.strerror(error.errno) if error.errno else str(error)
    return text[:1].lower() + text[1:] or type(error).__name__


def _short(text: object) -> str:
    """Make one short line of it."""
    return " ".join(str(text).split())[:_REASON]


def _has_route(address: Address) -> bool:
    """Whether this machine has any route there; if not, "unreachable" says nothing of the target.

    Connecting a datagram socket sends nothing and only asks the routing table.
    """
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((str(address), 9))
    except OSError:
        return False
    return True
