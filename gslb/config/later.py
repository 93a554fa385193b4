"""What the design names and this version does not do yet: so that an operator reads "comes later" and not "unknown".

Each entry leaves this table the day its feature arrives. Read by the files of this floor that meet unknown words.
"""

from __future__ import annotations

from typing import Final

_LATER: Final = "comes in a later version"

LATER_CHECKS: Final = dict.fromkeys(("haproxy", "nginx", "envoy", "prometheus"), _LATER)
LATER_FILTERS: Final = dict.fromkeys(("latency", "shed", "least", "capacity"), _LATER)
LATER_PRESETS: Final = dict.fromkeys(("latency", "least-connections", "least-response-time", "least-bandwidth"), _LATER)
