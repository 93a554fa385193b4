"""The operator's files: read whole, judged whole, every mistake at once; and the settings of a node.

`load` reads zones, sites, checks, pools and networks (`loaded`), `settings.load` the settings. Every command and process reads settings, few
read zones: what does that takes 0.2 s to import, and is imported when it is asked for (PEP 562).
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gslb.config.loaded import Loaded, Role, Source, build, load

__all__ = ["Loaded", "Role", "Source", "build", "load"]


def __getattr__(name: str) -> object:
    if name in __all__:
        return getattr(importlib.import_module("gslb.config.loaded"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
