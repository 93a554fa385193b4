"""One connection with one address: TCP, and TLS over it where wanted; the only place where a check shakes hands.

Used by the check types that speak over streams. A connection serves one look and is gone when it ends. Certificates are
verified unless the operator said otherwise, and their days left are judged here.
"""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final, Protocol

from gslb.check.attempt import OwnFault, Progress, Unfit
from gslb.check.grade import linear
from gslb.check.wire import Wire, connect
from gslb.model import Address
from gslb.option import Complaint, Kind, Option

OPTIONS: Final[Mapping[str, Option]] = MappingProxyType(
    {
        "verify": Option(Kind.BOOLEAN, "verify the certificate and its name", default=True),
        "ca_file": Option(Kind.STRING, "PEM file of the authorities to trust instead of the system's", ""),
        "days_left": Option(
            Kind.MAPPING,
            "days the certificate must be valid for: below `warn` the reason says so, below `degrade` the grade falls, below `down` it fails",
            MappingProxyType({}),
        ),
    }
)
_FAREWELL: Final = 0.1  # seconds for the end of TLS where a look is over; nobody waits for it
_WARN: Final = 21  # days; certificates are renewed with 30 left: a week of failed renewals is worth a word


@dataclass(frozen=True, slots=True)
class Tls:
    """How to shake hands. `name`: what SNI says and the certificate must be good for, "" = the address. Days are None where none are judged."""

    name: str = ""
    verify: bool = True
    ca_file: str = ""
    alpn: tuple[str, ...] = ()
    days: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def read(cls, name: str, options: Mapping[str, Any], alpn: tuple[str, ...] = ()) -> Tls:
        """Make it from options that `problems` has nothing against."""
        return cls(_bare(name), options.get("verify", True), options.get("ca_file", ""), alpn, options.get("days_left", {}))


@dataclass(frozen=True, slots=True)
class Line:
    """An open connection. `remark` is what a success should say of its certificate."""

    reader: Reader
    writer: Writer
    remark: str = ""


class Reader(Protocol):
    """What checks need of `asyncio.StreamReader`."""

    async def read(self, n: int, /) -> bytes:
        """Return what has come, waiting for something; b"" at the end."""
        ...

    async def readexactly(self, n: int, /) -> bytes:
        """Return so many octets."""
        ...

    def at_eof(self) -> bool:
        """Whether nothing more will come."""
        ...


class Writer(Protocol):
    """What checks need of `asyncio.StreamWriter`."""

    def write(self, data: bytes, /) -> None:
        """Send it, now or soon."""
        ...

    async def drain(self) -> None:
        """Wait until it is sent."""
        ...


@asynccontextmanager
async def connected(address: Address, port: int, progress: Progress, tls: Tls | None = None) -> AsyncIterator[Line]:
    """Connect, shake hands, and hang up at the end. Raises OSError, ssl.SSLError, Unfit, OwnFault."""
    raw = socket.socket(socket.AF_INET if address.version == 4 else socket.AF_INET6, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    try:
        context = _context(tls) if tls else None
        await connect(raw, str(address), port)
    except BaseException:
        raw.close()
        raise
    if tls and context:
        async with _shaken(raw, context, tls, address, progress) as line:
            yield line
        return
    wire = Wire(raw)
    try:
        yield Line(wire, wire)
    finally:
        raw.close()


@asynccontextmanager
async def _shaken(raw: socket.socket, context: ssl.SSLContext, tls: Tls, address: Address, progress: Progress) -> AsyncIterator[Line]:
    """Shake hands over a connected socket."""
    progress.stage = "shaking hands (TLS)"
    try:
        # An address is not sent as SNI, only verified: RFC 6066 section 3.
        reader, writer = await asyncio.open_connection(
            sock=raw, ssl=context, server_hostname=tls.name or str(address), ssl_shutdown_timeout=_FAREWELL
        )
    except BaseException:
        # The loop owns the socket now, and may still listen on it: after a handshake that ended together with our time it says farewell. Closing
        # the socket under its feet would give its number to another look, which would then be heard by the wrong one.
        with suppress(OSError):
            raw.shutdown(socket.SHUT_RDWR)
        raise
    try:
        yield Line(reader, writer, _certificate(writer, tls, progress))
    finally:
        writer.transport.abort()  # nothing more is wanted, and nothing is waited for


def problems(options: Mapping[str, Any]) -> Iterator[Complaint]:
    """Judge what concerns TLS in a check's options."""
    if options.get("verify") is False:
        for key in ("ca_file", "days_left"):
            if options.get(key):
                yield Complaint("H008", (key,), f"{key} without verification has no effect", "drop one of them")
    days = options.get("days_left", {})
    if not isinstance(days, Mapping):
        return
    for key, value in days.items():
        if key not in ("warn", "degrade", "down"):
            yield Complaint("H012", ("days_left", key), f"unknown key {key!r} in days_left", "such as {warn: 21, degrade: 7, down: 0}")
        elif type(value) is not int or not 0 <= value <= 3650:
            yield Complaint("H012", ("days_left", key), f"{key} is a whole number of days, from 0 to 3650")
    warn, degrade, down = (days.get(key) for key in ("warn", "degrade", "down"))
    if type(degrade) is int and type(down) is int and down >= degrade:
        yield Complaint("H012", ("days_left", "down"), f"down {down} is not less than degrade {degrade}")
    if type(warn) is int and type(degrade) is int and degrade > warn:
        yield Complaint("H012", ("days_left", "degrade"), f"degrade {degrade} is more than warn {warn}")


def _certificate(writer: asyncio.StreamWriter, tls: Tls, progress: Progress) -> str:
    """Judge the days left, and return them for the reason."""
    line = writer.get_extra_info("ssl_object")
    progress.fact("TLS", f"{line.version()}, {line.cipher()[0]}{', ' + alpn if (alpn := line.selected_alpn_protocol()) else ''}")
    certificate = line.getpeercert() or {}  # empty where it was not verified
    end = certificate.get("notAfter")
    if not end:
        return ""
    progress.fact("certificate for", ", ".join(name for _, name in certificate.get("subjectAltName", ())))
    progress.fact("certificate by", ", ".join(value for part in certificate.get("issuer", ()) for _, value in part))
    progress.fact("certificate until", end)
    left = (ssl.cert_time_to_seconds(str(end)) - time.time()) / 86400
    days = int(left // 1)
    said = f"certificate {days} days left"
    warn, degrade, down = tls.days.get("warn", _WARN), tls.days.get("degrade"), tls.days.get("down")
    fails = down is not None and left < down
    if tls.days:
        progress.judged("days left", not fails, days)
    if fails:
        raise Unfit(f"{said}, fewer than {down}")
    if degrade is not None and left < degrade:
        progress.degrade(max(1, linear(left, degrade, down or 0)), "renew it")
    elif left < warn:
        return f"{said}: renew it"
    return said


def _bare(host: str) -> str:
    """Return the host without a port, as certificates and SNI have it."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    name = host.partition(":")[0] if host.count(":") == 1 else host
    return name.rstrip(".")  # certificates are written without the root's dot


def _context(tls: Tls) -> ssl.SSLContext:
    """Return the TLS context, made anew when the authorities' file changes. Raises OwnFault where that cannot be read."""
    if not tls.verify:
        return _unverified(tls.alpn)
    file = tls.ca_file or ssl.get_default_verify_paths().cafile or ""
    try:
        stamp = os.stat(file).st_mtime_ns if file else 0  # noqa: PTH116 - a stat, whatever the path is
        return _verified(tls.ca_file, stamp, tls.alpn)
    except (OSError, ssl.SSLError) as error:
        raise OwnFault(f"ca_file {file}: {error.strerror or error}") from error


@lru_cache(maxsize=64)  # loading the system's authorities takes 10 ms and more
def _verified(ca_file: str, stamp: int, alpn: tuple[str, ...]) -> ssl.SSLContext:
    del stamp  # part of the key only
    context = ssl.create_default_context(cafile=ca_file or None)
    if alpn:
        context.set_alpn_protocols(alpn)
    return context


@lru_cache(maxsize=8)
def _unverified(alpn: tuple[str, ...]) -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if alpn:
        context.set_alpn_protocols(alpn)
    return context
