"""The role `gslb control`: the API and the dashboard of a fleet, as a process of its own. It follows the store, judges, compiles and explains.

It has no planes and no DNS sockets: nobody's answers depend on it, and it decides like every node does, from the same votes and words. SIGHUP loads
the files anew.
"""

from __future__ import annotations

import asyncio
import gc
import signal
import time
from typing import Any

from gslb import log
from gslb.config.settings import Settings
from gslb.config.settings_api import Api
from gslb.role import claims, managed
from gslb.role.control import make_folder
from gslb.role.deciding import Deciding
from gslb.role.doors import Doors
from gslb.role.excuses import Excuses
from gslb.role.node_status import NodeStatus
from gslb.role.notify_systemd import Systemd
from gslb.role.works import Works


def run(settings: Settings) -> None:
    """Serve the API until SIGTERM. Raises GslbError."""
    log.configure(settings.log.level, settings.log.format, role="console")
    settings = settings if settings.api else settings.model_copy(update={"api": Api()})
    settings = managed.prepared(settings)
    make_folder(settings.state_dir)
    if settings.store.startswith("memory:"):
        log.warning("a memory store is nobody else's: this console sees no votes and reaches no node", hint="name the store of the fleet")
    asyncio.run(_run(settings))


async def _run(settings: Settings) -> None:
    async with claims.taken(settings.state_dir, []):
        await Console(settings).run()


class Console:
    """One console on its running loop."""

    def __init__(self, settings: Settings) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        self._works = Works("the console", self._stop)
        self._deciding = Deciding(settings, [], self._works, lambda: self._status.listening, probing=False)
        self._deciding.role = "control"
        self._status = NodeStatus(self._deciding, [], time.time())
        self._doors = Doors(self._deciding, self._status, self._reload, self._why_not_ready)

    async def run(self) -> None:
        """Work until SIGTERM or SIGINT. Raises GslbError where it cannot begin."""
        for number in (signal.SIGTERM, signal.SIGINT):
            self._loop.add_signal_handler(number, self._stop.set)
        self._loop.add_signal_handler(signal.SIGHUP, lambda: self._works.start(self._on_hangup()))
        self._loop.set_exception_handler(Excuses(self._loop.time))
        systemd = Systemd()
        gc.disable()  # until the first load is accepted, as in control
        publisher = self._deciding.publisher
        self._works.show(lambda: self._deciding.traffic.run(lambda: (publisher.nodes, publisher.now)))
        await self._deciding.begin()
        await self._doors.open_local()
        await self._doors.open_api()
        await self._doors.open_vitals()
        self._doors.notify()
        systemd.ready()
        await self._stop.wait()
        systemd.stopping()
        self._works.cancel()
        await self._doors.close()
        await self._deciding.end()
        if self._works.failed:
            raise SystemExit(1)

    async def _reload(self, *, force: bool = False) -> dict[str, Any]:
        """Load anew, whole or not at all; here nothing is served, so what is accepted is what is explained."""
        answer = await self._deciding.reload(force=force)
        return answer | {"served": True} if answer["accepted"] else answer

    async def _on_hangup(self) -> None:
        await self._reload()

    def _why_not_ready(self) -> str:
        return "" if self._doors.api else "not listening yet"
