"""How a node stands, as plain data: what `gslb status` shows and `/api/v1/status` begins with.

Called by control and by the console; `status` has the shapes of what is inside.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from typing import Any, Final

from gslb import __version__, metrics
from gslb.role import status
from gslb.role.causes import Causes, counts
from gslb.role.deciding import Deciding
from gslb.role.plane_reports import PlaneReports

LASTS: Final = 0.5  # seconds for which what is wrong is not looked for anew, whoever asks


class NodeStatus:
    """Of one process, which began at `began` (seconds since 1970)."""

    def __init__(self, deciding: Deciding, planes: Sequence[PlaneReports], began: float) -> None:
        self._deciding = deciding
        self._planes = planes
        self._began = began
        self._causes = Causes()
        self._looked: tuple[float, dict[str, Any]] = (-LASTS, {})
        self.listening: list[str] = []

    def whole(self) -> dict[str, Any]:
        """Return everything, pools and their members too."""
        publisher, moment, steady = self._deciding.publisher, self._deciding.publisher.moment, asyncio.get_running_loop().time()
        pools = status.pools(self._deciding.load.model, moment, publisher.health, steady)
        told = {**self._told(), "pools": pools}
        told["degraded"] = self._causes.look(told, moment.now)
        metrics.degraded_are(counts(told["degraded"]))
        self._looked = steady, told
        return told

    def recent(self) -> dict[str, Any]:
        """Return everything, from no longer than LASTS ago."""
        at, told = self._looked
        return self.whole() if asyncio.get_running_loop().time() - at > LASTS else told

    def _told(self) -> dict[str, Any]:
        deciding, publisher, load = self._deciding, self._deciding.publisher, self._deciding.load
        moment, steady = publisher.moment, asyncio.get_running_loop().time()
        return {
            "version": __version__,
            "node": deciding.settings.node,
            "pid": os.getpid(),
            "began": self._began,
            "listening": self.listening,
            "generation": publisher.snapshot.generation,
            "files": "last accepted" if deciding.loads.on_last else "present",
            "zones": len(load.model.zones),
            "store": deciding.reporter.store(shared=deciding.shared, signed=deciding.identity.signed),
            "probers": status.probers(publisher.health, steady),
            "nodes": status.nodes(publisher.nodes, deciding.reporter.report(), moment.now),
            "overrides": [status.override(one, load.reach, moment.now) for one in moment.overrides],
            "registered": deciding.registrar.status(),
            "hold": status.hold(publisher.overrides.hold(moment.now)),
            "planes": [plane.status() for plane in self._planes],
            "config": _version(deciding),
            "reload": deciding.loads.refusal(),
            "geo": status.geo(load, moment.now),
            "canary": dict(deciding.probing.lame) if deciding.probing else {},
            "failing": deciding.transitions.failing,
        }


def _version(deciding: Deciding) -> dict[str, Any]:
    """Say which published version runs here, and why not the newest one; 0 where files are its own."""
    if deciding.following is None:
        return {"version": 0, "newest": 0, "refused": ""}
    told = deciding.following.told()
    return {"version": told["config"], "newest": told["newest"], "refused": told["refused"]}
