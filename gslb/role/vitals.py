"""`/metrics`, `/livez` and `/readyz` over HTTP, for a monitoring system on this machine.

Part of control, read-only, on loopback unless the operator says otherwise. Neither of the two health answers depends on the store or on any
site: a nameserver that can answer is alive, whatever happens to what it watches.
"""

from __future__ import annotations

from collections.abc import Callable

from aiohttp import web

from gslb import metrics
from gslb.errors import ListenError
from gslb.transport.listen import Endpoint

Ready = Callable[[], str]  # why it is not ready, "" when it is


async def serve(endpoint: Endpoint, refresh: Callable[[], None], ready: Ready) -> web.AppRunner:
    """Listen; `refresh` brings gauges up to date before they are shown. Raises ListenError; ended by `cleanup()`."""

    async def show_metrics(_request: web.Request) -> web.Response:
        refresh()
        return web.Response(body=metrics.exposition(), headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"})

    async def show_live(_request: web.Request) -> web.Response:
        return web.Response(text="ok\n")  # that it is answered at all says that control's loop turns

    async def show_ready(_request: web.Request) -> web.Response:
        why_not = ready()
        return web.Response(status=503, text=f"{why_not}\n") if why_not else web.Response(text="ok\n")

    application = web.Application(client_max_size=1024)
    application.add_routes([web.get("/metrics", show_metrics), web.get("/livez", show_live), web.get("/readyz", show_ready)])
    runner = web.AppRunner(application, access_log=None, handle_signals=False)
    await runner.setup()
    try:
        await web.TCPSite(runner, endpoint.host, endpoint.port).start()
    except OSError as error:
        await runner.cleanup()
        raise ListenError(f"metrics: cannot listen on {endpoint}: {error.strerror}; change metrics.listen") from None
    return runner
