"""How a plan travels: the words of a delta, and the assembler that builds the next snapshot from them.

Shared by control, which makes words (`gslb.compiler.delta.diff`), and planes, which feed them to an `Assembler`.
"""

from gslb.delta.assembler import Assembler
from gslb.delta.words import (
    WORDS,
    Begin,
    Commit,
    PartitionGone,
    PartitionRuns,
    PartitionStart,
    PoolGone,
    PoolMap,
    PoolRows,
    PoolStart,
    Slice,
    Word,
    ZoneDrop,
    ZoneGlue,
    ZoneGone,
    ZoneNames,
    ZoneStart,
)

__all__ = [
    "WORDS",
    "Assembler",
    "Begin",
    "Commit",
    "PartitionGone",
    "PartitionRuns",
    "PartitionStart",
    "PoolGone",
    "PoolMap",
    "PoolRows",
    "PoolStart",
    "Slice",
    "Word",
    "ZoneDrop",
    "ZoneGlue",
    "ZoneGone",
    "ZoneNames",
    "ZoneStart",
]
