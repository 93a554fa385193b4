"""What is explained is what is answered: random worlds, clients and states, and what explanations and both engines say of them.

    worlds ─▶ subject ─┬─▶ explain ─────────▶ members, shares, TTL, scope, rcode
                       └─▶ snapshot ─▶ both engines, many draws ─▶ replies, read by dnspython

`python -m gslb.testing.explained --clients 10000 --jobs 2` asks for as many clients as are wanted. Everything follows from the seed.
"""

from __future__ import annotations

from gslb.testing.explained.check import Check, Difference

__all__ = ["Check", "Difference"]
