"""One HTTP exchange with one address: what is asked, and how the answer is judged.

Called by `gslb.check.http` inside its deadline. Every exchange has a connection of its own; no name is resolved, no redirect
followed, no proxy asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from gslb import __version__
from gslb.check import answer
from gslb.check.attempt import Progress, Unfit
from gslb.check.expectation import Expectation
from gslb.check.line import Tls, connected
from gslb.model import Address

_PORTS: Final = {"http": 80, "https": 443}
_ALWAYS: Final = {"user-agent": ("User-Agent", f"gslb/{__version__}"), "accept": ("Accept", "*/*")}


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent, and what must come back."""

    scheme: str
    port: int
    method: str
    path: str
    host: str  # "" = the address itself
    headers: Mapping[str, str]
    expect: Expectation
    tls: Tls | None

    def octets(self, address: Address) -> bytes:
        """Write the request; `Connection: close`, for it is the only one (RFC 9112 section 9.6)."""
        at = f"[{address}]" if address.version == 6 else str(address)
        origin = at if self.port == _PORTS[self.scheme] else f"{at}:{self.port}"
        fields = _ALWAYS | {name.lower(): (name, value) for name, value in self.headers.items()}
        lines = [f"{self.method} {self.path} HTTP/1.1", f"Host: {self.host or origin}"]
        lines += [f"{name}: {value}" for name, value in fields.values()]
        lines += ["Accept-Encoding: identity", "Connection: close"]
        if self.method == "POST":
            lines.append("Content-Length: 0")  # RFC 9110 section 8.6
        return "\r\n".join([*lines, "", ""]).encode("latin-1")


async def exchange(request: Request, address: Address, progress: Progress) -> str:
    """Ask and judge; returns the reason of a success. Raises Unfit, OwnFault, OSError or ssl.SSLError."""
    async with connected(address, request.port, progress, request.tls) as line:
        progress.stage = "waiting for an answer"
        progress.fact("request", f"{request.method} {request.path}")
        line.writer.write(request.octets(address))
        heard = await answer.read(line.reader, request.method, progress)
    progress.stage = "judging the answer"
    unmet = await request.expect.unmet(heard, progress)
    if unmet:
        raise Unfit(unmet)
    return ", ".join(filter(None, (f"status {heard.status}", line.remark)))
