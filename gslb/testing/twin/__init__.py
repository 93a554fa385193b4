"""Two engines, one behaviour: random plans, random packets, and what both engines say of them, compared to the octet.

    worlds ─▶ snapshot ─▶ delta ─▶ both planes ◀─ packets
                 │edits             │ Reply | Drop | NeedRow, whole: octets, meta, the row that is wanted
                 └─▶ next delta     └─▶ a difference is shrunk, and printed with the line that runs it again

`python -m gslb.testing.twin --cases 5000000 --seed 1 --jobs 2` runs as many as are asked for. Everything follows from the seed.
"""

from __future__ import annotations

from gslb.testing.twin.duel import Difference, Duel
from gslb.testing.twin.packets import Asked, Packets
from gslb.testing.twin.worlds import World

__all__ = ["Asked", "Difference", "Duel", "Packets", "World"]
