"""One HTTP exchange with one address: what is asked, and how the answer is judged.

Called by `gslb.check.http` inside its deadline. Every exchange has a connection of its own; no name is resolved, no redirect
followed, no proxy asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from gslb import __version__
from gslb.check.answer import Dialogue
from gslb.check.attempt import Progress, Unfit
from gslb.check.expectation import Expectation
from gslb.check.line import Tls, connected
from gslb.model import Address

_PORTS: Final = {"http": 80, "https": 443}
_USUAL: Final = (("User-Agent", f"gslb/{__version__}"), ("Accept", "*/*"))  # the operator's own headers win over these


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
    dialogues: dict[Address | None, Dialogue] = field(default_factory=dict, compare=False, repr=False)  # by address, where the request names it

    def dialogue(self, address: Address) -> Dialogue:
        """Return the request to this address, ready to be sent. Raises Unfit."""
        to = None if self.host else address
        if to not in self.dialogues:
            self.dialogues[to] = Dialogue(self.method, self.path, self.fields(address))
        return self.dialogues[to]

    def fields(self, address: Address) -> list[tuple[str, str]]:
        """Return the header fields; `Connection: close`, for this request is the only one (RFC 9112 section 9.6)."""
        at = f"[{address}]" if address.version == 6 else str(address)
        origin = at if self.port == _PORTS[self.scheme] else f"{at}:{self.port}"
        ours = [("Host", self.host or origin), ("Accept-Encoding", "identity"), ("Connection", "close")]
        if self.method == "POST":
            ours.append(("Content-Length", "0"))  # RFC 9110 section 8.6
        written = {name.lower() for name in self.headers}
        return [*ours, *((name, value) for name, value in _USUAL if name.lower() not in written), *self.headers.items()]


async def exchange(request: Request, address: Address, progress: Progress) -> str:
    """Ask and judge; returns the reason of a success. Raises Unfit, OwnFault, OSError or ssl.SSLError."""
    async with connected(address, request.port, progress, request.tls) as line:
        progress.stage = "waiting for an answer"
        progress.fact("request", f"{request.method} {request.path}")
        dialogue = request.dialogue(address)
        line.writer.write(dialogue.request)
        heard = await dialogue.answer(line.reader, progress)
    progress.stage = "judging the answer"
    unmet = await request.expect.unmet(heard, progress)
    if unmet:
        raise Unfit(unmet)
    return ", ".join(filter(None, (f"status {heard.status}", line.remark)))
