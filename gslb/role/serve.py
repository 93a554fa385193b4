"""The roles `gslb serve` and `gslb run`: settings turned into a service, and the supervisor that runs it.

`serve` answers from votes in the store and probes only where the settings say so; `run` is everything in one, prober and
memory store inside control (`gslb.role.embedded`).
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Final

from gslb import log
from gslb.config.settings import Settings
from gslb.role.options import Options
from gslb.role.supervisor import Service, Supervisor
from gslb.transport import engines
from gslb.transport.connections import Limits
from gslb.transport.listen import Endpoint
from gslb.transport.telling import Telling

SOCKETS: Final = 3  # of one thread at one address: UDP, which the native engine holds twice, and TCP


def serve(settings: Settings, path: Path | None) -> None:
    """Run a nameserver until SIGTERM; `path`: where the settings came from, for control reads them too. Raises GslbError."""
    if settings.store.startswith("memory:") and settings.probe is None:
        log.warning(
            "nobody probes: with a memory store and no `probe` in the settings every check stays unknown, and every member is served",
            hint="use `gslb run`, add `probe: {}`, or name a shared store",
        )
    if os.geteuid() == 0 and not settings.dns.user:
        log.warning("planes run as root", hint="set dns.user: the planes become that user before they see a packet")
    if settings.api:
        log.warning(
            "`gslb serve` serves no API: a nameserver carries metrics and health only", hint="use `gslb control`, or `gslb run` for all in one"
        )
    supervise(settings, path, probing=settings.probe is not None)


def supervise(settings: Settings, path: Path | None, *, probing: bool, api: bool = False) -> None:
    """Run supervisor, control and planes."""
    log.configure(settings.log.level, settings.log.format, role="supervisor")
    asyncio.run(_run(service(settings, path, probing=probing, api=api)))


async def _run(what: Service) -> None:
    await Supervisor(what).run()


def service(settings: Settings, path: Path | None, *, probing: bool, api: bool = False) -> Service:
    """Spell out what to run. Raises UsageError for an engine that is not there."""
    dns = settings.dns
    engine = engines.choose(dns.engine)
    threads = dns.threads or len(os.sched_getaffinity(0))
    planes = 1 if engine == "native" else threads  # threads of one Python process would take turns
    endpoints = tuple(Endpoint(*endpoint) for endpoint in dns.listen)
    by_default = "listen" not in dns.model_fields_set
    options = Options(
        user=dns.user or "",
        engine=engine,
        sockets=SOCKETS * len(endpoints) * threads // planes,
        max_udp=dns.max_udp,
        ecs=dns.ecs,
        tcp=Limits(dns.tcp.connections, dns.tcp.per_client, dns.tcp.idle),
        telling=telling(settings),
        log_level=settings.log.level,
        log_format=settings.log.format,
    )
    control = (*(("--settings", str(path)) if path else ()), *(("--probing",) if probing else ()), *(("--api",) if api else ()))
    return Service(
        endpoints=endpoints,
        optional=frozenset(e for e in endpoints if by_default and ":" in e.host),  # not every machine has IPv6
        planes=planes,
        threads=threads // planes,
        pin=dns.pin,
        control=control,
        options=options,
        stall_limit=settings.stall_limit,
        state_dir=settings.state_dir,
    )


def telling(settings: Settings) -> Telling:
    """Spell out what planes tell of queries."""
    dnstap, lines = settings.dnstap, settings.query_log
    reader = dnstap.socket if dnstap else None
    return Telling(
        node=settings.node,
        socket=str(reader.absolute()) if isinstance(reader, Path) else "",
        address=(reader.host, reader.port) if isinstance(reader, tuple) else ("", 0),
        sample=dnstap.sample if dnstap else 0.0,
        messages=dnstap.messages if dnstap else "both",
        extra=dnstap.extra if dnstap else True,
        log=lines.sample if lines else 0.0,
        clients=lines.clients if lines else "truncated",
        debug=tuple(map(str, settings.debug.clients)),
    )
