"""One HTTP exchange with one address: the only place where a check meets aiohttp.

Called by `gslb.check.http` inside its deadline. Every exchange has a connection of its own, which is gone when it ends;
what is read is bounded whatever the server sends. Foreign errors are translated here, once.
"""

from __future__ import annotations

import os
import ssl
import time
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

import aiohttp
from yarl import URL

from gslb import __version__
from gslb.check.attempt import OwnFault, Progress, Unfit
from gslb.check.http import Request
from gslb.model import Address

BODY_LIMIT: Final = 64 * 1024  # octets; a health page is small, and a probed site must not fill the prober's memory
_AGENT: Final = f"gslb/{__version__}"
_PORTS: Final = {"http": 80, "https": 443}
_NO_TIMEOUT: Final = aiohttp.ClientTimeout(total=None, sock_connect=None)  # the attempt's deadline is the only one


class _Line(aiohttp.TCPConnector):
    """A connector for one exchange: tells when it is connected, and remembers the certificate."""

    def __init__(self, progress: Progress) -> None:
        super().__init__(force_close=True, limit=1, use_dns_cache=False)
        self.progress = progress
        self.certificate: Mapping[str, Any] = {}

    async def connect(self, *args: Any, **options: Any) -> aiohttp.connector.Connection:
        """Connect, then note that the peer has the word."""
        line = await super().connect(*args, **options)
        self.progress.stage = "waiting for an answer"
        tls = line.transport and line.transport.get_extra_info("ssl_object")
        if tls:
            self.certificate = tls.getpeercert() or {}
        return line


async def exchange(request: Request, address: Address, progress: Progress) -> str:
    """Ask and judge; returns the reason of a success. Raises Unfit, OwnFault, OSError or ssl.SSLError."""
    at = f"[{address}]" if address.version == 6 else str(address)
    origin = at if request.port == _PORTS[request.scheme] else f"{at}:{request.port}"
    path, _, query = request.path.partition("?")
    url = URL.build(scheme=request.scheme, host=at, port=request.port, path=path, query_string=query, encoded=True)
    headers = {"User-Agent": _AGENT, "Accept": "*/*", "Accept-Encoding": "identity", **request.headers, "Host": request.host or origin}
    line = _Line(progress)
    try:
        async with aiohttp.ClientSession(
            connector=line, timeout=_NO_TIMEOUT, cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False, trust_env=False
        ) as session:
            answer = await session.request(
                request.method,
                url,
                headers=headers,
                skip_auto_headers={"Content-Type"},
                allow_redirects=False,
                ssl=_context(request) if request.scheme == "https" else False,
                server_hostname=_name(request.host) if request.scheme == "https" else None,
            )
            try:
                progress.stage = "reading the body"
                body, cut = await _body(answer)
            finally:
                answer.close()
    except aiohttp.ClientError as error:
        raise _translated(error) from error
    unmet = request.expect.unmet(answer.status, body, cut)
    if unmet:
        raise Unfit(unmet)
    return f"status {answer.status}{_days_left(line.certificate)}"


async def _body(answer: aiohttp.ClientResponse) -> tuple[bytes, bool]:
    """Read up to the limit; the second value says whether there was more."""
    body = bytearray()
    while len(body) <= BODY_LIMIT:
        chunk = await answer.content.read(BODY_LIMIT + 1 - len(body))
        if not chunk:
            return bytes(body), False
        body += chunk
    return bytes(body[:BODY_LIMIT]), True


def _translated(error: aiohttp.ClientError) -> Exception:
    """Turn aiohttp's errors into the system's own, or into a reason."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return error.certificate_error
    if isinstance(error, aiohttp.ClientConnectorError):
        return error.os_error
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return Unfit("closed without an answer")
    if isinstance(error, OSError):  # while sending or reading: reset, broken pipe
        return OSError(error.errno, error.strerror) if error.errno else Unfit("connection lost")
    if isinstance(error, aiohttp.ClientPayloadError):
        return Unfit("body broken off")
    if isinstance(error, aiohttp.ClientResponseError):
        return Unfit(f"not HTTP: {' '.join(error.message.split())}")
    return Unfit(" ".join(str(error).split()) or type(error).__name__)


def _name(host: str) -> str | None:
    """Return the host without a port, as certificates and SNI have it; None = the address (RFC 6066 section 3: no SNI then)."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    name = host.partition(":")[0] if host.count(":") == 1 else host
    return name.rstrip(".") or None  # certificates are written without the root's dot


def _context(request: Request) -> ssl.SSLContext:
    """Return the TLS context, made anew when the authorities' file changes. Raises OwnFault where that cannot be read."""
    if not request.verify:
        return _unverified()
    file = request.ca_file or ssl.get_default_verify_paths().cafile or ""
    try:
        stamp = os.stat(file).st_mtime_ns if file else 0  # noqa: PTH116 - a stat, whatever the path is
        return _verified(request.ca_file, stamp)
    except (OSError, ssl.SSLError) as error:
        raise OwnFault(f"ca_file {file}: {error.strerror or error}") from error


@lru_cache(maxsize=64)  # loading the system's authorities takes 10 ms and more
def _verified(ca_file: str, stamp: int) -> ssl.SSLContext:
    del stamp  # part of the key only
    return ssl.create_default_context(cafile=ca_file or None)


@lru_cache(maxsize=1)
def _unverified() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _days_left(certificate: Mapping[str, Any]) -> str:
    """Tell the days until the certificate expires, rounded down."""
    end = certificate.get("notAfter")
    if not end:
        return ""
    days = int((ssl.cert_time_to_seconds(str(end)) - time.time()) // 86400)
    return f", certificate {days} days left"
