"""Who looks on while a plane answers, where its options say so: the tap, and those who may ask why.

Engines are given one before they listen; without one they answer as if there were no such thing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from gslb.transport.debug import Debug
from gslb.transport.tap import Tap
from gslb.transport.telling import Telling


class Watch(NamedTuple):
    """Either may be missing."""

    telling: Telling
    tap: Tap | None = None
    debug: Debug | None = None


def watch(telling: Telling, engine: str, tell: Callable[[dict[str, Any]], bool], *, max_udp: int, ecs: bool) -> Watch | None:
    """Make those who look on, None where nobody does; `tell` brings a report to control."""
    if not (telling.sample or telling.log or telling.debug):
        return None
    debug = Debug(telling.debug, tell, max_udp=max_udp, ecs=ecs) if telling.debug else None
    return Watch(telling, Tap(telling, engine) if telling.sample or telling.log else None, debug)
