"""All operations of the API, by family: one file each, whose table is added here."""

from __future__ import annotations

from typing import Final

from gslb.api.operation import Operation
from gslb.api.resources import health, history, index, overriding, pools, versions, whatif, zones

OPERATIONS: Final[tuple[Operation, ...]] = (
    *index.OPERATIONS,
    *health.OPERATIONS,
    *pools.OPERATIONS,
    *overriding.OPERATIONS,
    *zones.OPERATIONS,
    *versions.OPERATIONS,
    *whatif.OPERATIONS,
    *history.OPERATIONS,
)
