"""The service itself: where everything is, who you are, how it stands, whether it lives."""

from __future__ import annotations

from typing import Final

from gslb import __version__
from gslb.api.operation import PREFIX, Call, Operation, Reply
from gslb.api.problem import ProblemError
from gslb.api.service import Scope
from gslb.api.shapes import said, seen

METRICS: Final = "text/plain; version=0.0.4; charset=utf-8"
PLAIN: Final = "text/plain; charset=utf-8"
LINKS: Final = (
    *("whoami", "status", "nodes", "probers", "sites", "pools", "checks", "votes", "verdicts", "matrix", "overrides", "hold", "zones"),
    *("config/versions", "explain", "simulate", "diff", "world", "events", "audit", "traffic", "stream", "openapi.json"),
)


async def root(call: Call) -> Reply:
    """Show where everything is."""
    status = await call.service.status()
    return Reply({"version": __version__, "node": status["node"], "links": {link: f"{PREFIX}/{link}" for link in LINKS}})


async def whoami(call: Call) -> Reply:
    """Show who the caller is, and what it may do."""
    one = call.caller
    return Reply({"name": one.name, "how": one.how, "scopes": list(one.scopes), "zones": list(one.zones), "expires": one.expires})


async def status(call: Call) -> Reply:
    """Show how the service stands: what is wrong, the store, probers, fellow nodes, counts, geo data, the configuration."""
    return Reply(await call.service.status())


async def reload(call: Call) -> Reply:
    """Load the files anew, whole or not at all.

    Ends when what is accepted is served. Files that are refused change nothing.
    """
    body = call.body or said.Reload()
    answer = await call.service.reload(call.caller, force=body.force)
    if not answer["accepted"]:
        raise ProblemError(422, "files_refused", "the files are refused; what was served goes on being served", problems=answer["problems"])
    return Reply(answer)


async def livez(_call: Call) -> Reply:
    """Say whether the process lives."""
    return Reply(content=b"ok\n", content_type=PLAIN)


async def readyz(call: Call) -> Reply:
    """Say whether the service is ready; whatever happens to the store or to sites, it stays so."""
    why_not = call.service.why_not_ready()
    return Reply(status=503 if why_not else 200, content=f"{why_not or 'ok'}\n".encode(), content_type=PLAIN)


async def metrics(call: Call) -> Reply:
    """Show metrics in Prometheus' text format."""
    return Reply(content=call.service.metrics(), content_type=METRICS)


OPERATIONS: Final = (
    Operation("GET", f"{PREFIX}/", root, returns=seen.Index, family="service"),
    Operation("GET", f"{PREFIX}/whoami", whoami, returns=seen.Who, family="service"),
    Operation("GET", f"{PREFIX}/status", status, returns=seen.Status, family="service"),
    Operation("POST", f"{PREFIX}/reload", reload, Scope.WRITE, returns=said.Reloaded, body=said.Reload, family="service"),
    Operation("GET", "/livez", livez, None, content_type=PLAIN, family="service"),
    Operation("GET", "/readyz", readyz, None, content_type=PLAIN, also=(503,), family="service"),
    Operation("GET", "/metrics", metrics, content_type=METRICS, family="service"),
)
