"""Where the one server is that holds the store now: as the URL says, as Sentinels say, or as a Cluster's nodes say of our slot.

Asked at every connect, in an order of its own each time, so that one that is dead or wrong is not asked first by everybody for ever.
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, Final

from redis.crc import key_slot

from gslb.errors import StoreError
from gslb.store.redis.connection import DeniedError, Endpoint, OutOfReachError, Wire
from gslb.store.redis.layout import Layout
from gslb.store.redis.url import Place

_EACH: Final = 0.5  # seconds for one to connect, and to answer: three that are dead leave time for a fourth


async def connect(place: Place, client: str = "") -> Wire:
    """Find the server and connect to it. Raises OutOfReachError."""
    match place.kind:
        case "sentinel":
            wire = await Wire.open(await _ask_one(place, _by_sentinel), client)
            return await _primary(wire)
        case "cluster":
            return await Wire.open(await _ask_one(place, _by_slot), client)
        case _:
            return await Wire.open(_endpoint(place, *(place.hosts[0] if place.hosts else ("", 0))), client)


def _endpoint(place: Place, host: str, port: int) -> Endpoint:
    return Endpoint(host, port, place.path, place.login, place.db, place.tls)


async def _ask_one(place: Place, ask: Callable[[Place, Wire], Awaitable[Endpoint]]) -> Endpoint:
    """Ask one after the other until one knows."""
    reasons = []
    login = place.sentinel_login if place.kind == "sentinel" else place.login
    for host, port in random.sample(place.hosts, len(place.hosts)):
        try:
            wire = await Wire.open(replace(_endpoint(place, host, port), login=login, db=0), limit=_EACH)
            try:
                return await ask(place, wire)
            finally:
                await wire.close()
        except StoreError as error:
            reasons.append(str(error))
    raise OutOfReachError("; ".join(reasons))


async def _by_sentinel(place: Place, wire: Wire) -> Endpoint:
    try:
        found = await wire.ask("SENTINEL", "GET-MASTER-ADDR-BY-NAME", place.service, limit=_EACH)
    except DeniedError as error:
        raise OutOfReachError(str(error)) from error
    if not found:
        raise OutOfReachError(f"{wire.endpoint.shown}: this Sentinel knows no service {place.service!r}")
    host, port = found
    return _endpoint(place, host.decode(), int(port))


async def _by_slot(place: Place, wire: Wire) -> Endpoint:
    slot = key_slot(Layout(place.name).prefix.encode())
    answer: list[Any] = await wire.ask("CLUSTER", "SLOTS", limit=_EACH)
    for first, last, primary, *_ in answer:
        if first <= slot <= last:
            return _endpoint(place, (primary[0] or b"").decode() or wire.endpoint.host, int(primary[1]))
    raise OutOfReachError(f"{wire.endpoint.shown}: nobody in this Cluster holds slot {slot}")


async def _primary(wire: Wire) -> Wire:
    """Make sure that it is one: a Sentinel may not yet know better. Reading from a replica would be reading the past."""
    try:
        about = await wire.ask("INFO", "replication")
    except BaseException:
        await wire.close()
        raise
    if b"role:master" not in about:
        await wire.close()
        raise OutOfReachError(f"{wire.endpoint.shown}: no primary any more, or not yet")
    return wire
