"""The canary: names that every nameserver must answer, asked of each of them from outside.

Run by `gslb.role.probing`. A nameserver that has lost its zones, or that no packet reaches any more, is noticed by every prober; nothing follows
from it but a metric and a line in the log, for delegations are not ours to change.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from ipaddress import ip_address
from typing import Final, NamedTuple

from gslb.check.clock import Clock
from gslb.check.dns import Dns
from gslb.check.observation import Result

INTERVAL: Final = 10.0  # seconds between questions: a lame server is an outage for a share of all clients, so sooner than a person would notice
TIMEOUT: Final = 2.0  # seconds; resolvers give up no later
_DOWN: Final = 2  # failures in a row: one datagram may be lost


class Server(NamedTuple):
    """A nameserver to ask."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


Told = Callable[[Server, bool, str], None]  # whether it answers, and what it said; only when that has changed


class Canary:
    """Asks every server for every name."""

    def __init__(self, names: Sequence[str], servers: Sequence[tuple[str, int]], clock: Clock, told: Told) -> None:
        self._servers = [Server(*server) for server in servers]
        self._questions = {
            server: [Dns({"name": name, "port": server.port, "at_least": 1, "authoritative": True}, TIMEOUT) for name in names]
            for server in self._servers
        }
        self._clock = clock
        self._told = told
        self._failures = dict.fromkeys(self._servers, 0)
        self._up: dict[Server, bool] = {}

    async def run(self) -> None:
        """Ask for ever, until cancelled; at once where there is nothing to ask."""
        if not any(self._questions.values()):
            return
        due = self._clock.steady()
        while True:
            await asyncio.gather(*map(self._ask, self._servers))
            due = max(due + INTERVAL, self._clock.steady())
            await self._clock.sleep_until(due)

    async def _ask(self, server: Server) -> None:
        """Ask one server for all names, and say where it is another than before."""
        seen = await asyncio.gather(*(question.observe(ip_address(server.host)) for question in self._questions[server]))
        wrong = next((one for one in seen if one.result is not Result.OK), None)
        self._failures[server] = self._failures[server] + 1 if wrong else 0
        up = wrong is None
        if wrong and self._up.get(server) and self._failures[server] < _DOWN:
            return
        if self._up.get(server) is not up:
            self._up[server] = up
            self._told(server, up, (wrong or seen[0]).reason)
