"""Loads with the members that registered themselves: what the files say grows and shrinks between two loads.

Part of control: every load goes through here, and whatever the registrar tells. One at a time, so that an older load never replaces a newer one.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace

from gslb import targets
from gslb.compiler import Compiler
from gslb.model import Model
from gslb.role.loading import Load
from gslb.role.loads import Adopt
from gslb.role.reach import Reach
from gslb.role.registrar import Registrar


class Growth:
    """`adopt` serves a load."""

    def __init__(self, registrar: Registrar, adopt: Adopt) -> None:
        self._registrar = registrar
        self._adopt = adopt
        self._files: Load | None = None
        self._one = asyncio.Lock()

    async def first(self, load: Load) -> Load:
        """Begin with these files and the roll of before a restart."""
        await asyncio.to_thread(self._registrar.begin)
        return await self._grown(load)

    async def adopt(self, load: Load) -> int:
        """Serve these files with whoever is on the roll; returns the generation."""
        async with self._one:
            self._files = load
            return await self._adopt(await self._grown(load))

    async def again(self) -> None:
        """Serve the same files with whoever is on the roll now; before the first ones there is nothing to serve."""
        async with self._one:
            if self._files:
                await self._adopt(await self._grown(self._files))

    async def _grown(self, load: Load) -> Load:
        self._registrar.heed(load.model)
        if not self._registrar.roll:
            return load
        return await asyncio.to_thread(_around, load, self._registrar.served, self._registrar.probed)


def _around(load: Load, served: Model, probed: Model) -> Load:
    """Make a load anew around other models. Whoever only waits is in the index, and so probed and judged, and not among those who are served."""
    compiler = Compiler(served, load.atlas.locations, load.atlas.cut)
    return replace(load, loaded=replace(load.loaded, model=served), index=targets.index(probed), compiler=compiler, reach=Reach(served))
