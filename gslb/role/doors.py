"""The doors of a process that decides: the local socket, metrics, and the API with the dashboard. One implementation behind all of them.

Used by control and by the console. None of them is a reason not to serve DNS: what cannot be opened is said, and left out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from gslb import log
from gslb.errors import GslbError, ListenError
from gslb.role import local
from gslb.role.deciding import Deciding
from gslb.role.explaining import Explaining
from gslb.role.history import History
from gslb.role.node_status import NodeStatus
from gslb.transport.listen import Endpoint

if TYPE_CHECKING:
    from aiohttp.web import AppRunner

    from gslb.api.server import ApiServer
    from gslb.role.notifying import Notifying

Reload = Callable[..., Awaitable[dict[str, Any]]]


class Doors:
    """Of one process. `reload(force=…)` ends when what was loaded is served; `why_not_ready` says "" when the process is ready."""

    def __init__(self, deciding: Deciding, status: NodeStatus, reload: Reload, why_not_ready: Callable[[], str]) -> None:
        self._deciding, self._status = deciding, status
        self._reload, self._why_not_ready = reload, why_not_ready
        self._why = Explaining(deciding.settings.node, deciding.publisher)
        self._local: asyncio.Server | None = None
        self._web: AppRunner | None = None
        self._notifying: Notifying | None = None
        self.api: ApiServer | None = None

    async def open_local(self) -> None:
        """Serve `gslb status`, `gslb reload`, overrides and the rest on the local socket. Raises UsageError where another service does."""
        desk = self._deciding.desk
        commands: dict[str, local.Command] = {
            "reload": self._do_reload,
            "status": self._tell_status,
            "override": desk.override,
            "hold": desk.hold,
            "overrides": desk.list,
            "explain": self._why.explain,
            "simulate": self._why.simulate,
            "diff": self._why.diff,
            "world": self._why.world,
            **History(self._deciding.journal, self._deciding.store, self._deciding.traffic).commands,
        }
        try:
            self._local = await local.serve(self._deciding.settings.control_socket, commands)
        except ListenError as error:
            log.error("no local control: `gslb reload`, `gslb status` and overrides will not work", reason=str(error))

    async def open_vitals(self) -> None:
        """Serve metrics and health."""
        endpoint = self._deciding.settings.metrics_endpoint
        if endpoint is None:
            return
        from gslb.role import vitals  # noqa: PLC0415  a web server takes 0.3 s to import: not before the first answer

        try:
            self._web = await vitals.serve(Endpoint(*endpoint), self._refresh, self._why_not_ready)
        except ListenError as error:
            log.error("no metrics are served", reason=str(error))

    def _refresh(self) -> None:
        """Bring gauges up to date before they are shown; a look at what is wrong counts that, too."""
        self._deciding.refresh()
        self._status.recent()

    async def open_api(self) -> None:
        """Serve the API and the dashboard, as the settings say. Raises GslbError."""
        settings = self._deciding.settings.api
        if settings is None:
            return
        from gslb.api import static  # noqa: PLC0415  as above
        from gslb.api.server import ApiServer  # noqa: PLC0415
        from gslb.role.operating import Operating  # noqa: PLC0415

        service = Operating(self._deciding, self._status, self._why, self._reload, self._why_not_ready)
        api = ApiServer(settings, service, static.routes())
        await api.start()
        self.api = api

    async def try_api(self) -> None:
        """Serve the API where that can be; DNS is not given up for it."""
        try:
            await self.open_api()
        except GslbError as error:
            log.error("no API is served", reason=str(error))

    def notify(self) -> None:
        """Tell people and programs what happens, as the settings say."""
        deciding = self._deciding
        if not deciding.settings.notify:
            return
        from gslb.role.notifying import Notifying, Place  # noqa: PLC0415  as above: aiohttp

        place = Place(deciding.settings.node, deciding.role, lambda: (deciding.publisher.nodes, deciding.publisher.now))
        self._notifying = Notifying(deciding.settings.notify, deciding.journal, place, self._why_not_ready)
        for work in self._notifying.works():
            deciding.works.show(work)

    async def close(self) -> None:
        """Close all of them."""
        if self._notifying:
            await self._notifying.end()
        if self._local:
            self._local.close()
            self._deciding.settings.control_socket.unlink(missing_ok=True)
        if self.api:
            await self.api.close()
        if self._web:
            await self._web.cleanup()

    async def _do_reload(self, request: local.Request) -> local.Answer:
        return await self._reload(force=request.get("force") is True)

    async def _tell_status(self, _request: local.Request) -> local.Answer:
        return self._status.whole()
