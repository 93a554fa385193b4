"""What the design names and this version does not do yet: so that an operator reads "comes later" and not "unknown".

Each entry leaves this table the day its feature arrives. Read by the files of this floor that meet unknown words.
"""

from __future__ import annotations

from typing import Final

_LATER: Final = "comes in a later version"

LATER_CHECKS: Final = dict.fromkeys(("push", "haproxy", "nginx", "envoy", "prometheus"), _LATER)
LATER_FILTERS: Final = dict.fromkeys(("latency", "shed", "least", "capacity"), _LATER)
LATER_PRESETS: Final = dict.fromkeys(("latency", "least-connections", "least-response-time", "least-bandwidth"), _LATER)
LATER_PICKS: Final = {"sticky": _LATER}
LATER_ALL_DOWN: Final = dict.fromkeys(("last_known_good", "nodata", "servfail"), _LATER)
LATER_POOL_KEYS: Final = dict.fromkeys(
    ("fail_if", "families", "when_family_down", "couple", "expose_sites", "quorum", "max_stale", "failback_delay", "cooldown", "ramp", "min_sites"),
    _LATER,
)
LATER_MEMBER_KEYS: Final = {"name": _LATER, "pool": _LATER}
