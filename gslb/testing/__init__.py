"""Contract suites and false things for tests of gslb and of its plugins; ships with the package, imported by tests only.

`check_check` holds for every check type (`check_silent` for what speaks no TCP), `check_store` for every store; `FalseClock` moves when told
to; `servers` break in every way a site can. A plugin in another package proves itself with the same calls as the built-in ones.
"""

from __future__ import annotations

from gslb.testing.checks import check_check, check_silent
from gslb.testing.clock import FalseClock
from gslb.testing.stores import check_store

__all__ = ["FalseClock", "check_check", "check_silent", "check_store"]
