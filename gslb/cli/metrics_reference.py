"""The reference page of metrics, written from their definitions: `python -m gslb.cli.metrics_reference > docs/reference/metrics.md`.

A test holds the page equal to this.
"""

from __future__ import annotations

import sys
from typing import Final

from gslb import metrics

_PREFIXES: Final = (  # what a name begins with → its section; the first that fits
    ("gslb_dns_|gslb_answers|gslb_udp_|gslb_tcp_", "Queries and answers"),
    ("gslb_member|gslb_pool|gslb_override|gslb_hold|gslb_transitions|gslb_verdicts|gslb_regist", "Health of sites"),
    ("gslb_prob|gslb_canary", "Probers"),
    ("gslb_store|gslb_state", "The store, and what is kept"),
    ("gslb_config|gslb_geoip", "Files and geo data"),
    ("gslb_plan|gslb_engine|gslb_build|gslb_start|gslb_degraded", "The service itself"),
    ("gslb_", "What is told to others"),
)
_INTRODUCTION: Final = f"""\
# Metrics

<!-- Written by `python -m gslb.cli.metrics_reference`; do not edit. -->

What `/metrics` shows, in Prometheus' text format, on `metrics.listen` of each node, prober and console ([how to use it](../how-to/watch.md)). A
process shows what it knows: a prober counts no queries, a node without a prober no checks, a node with files of its own no version.

Units are seconds and octets. No label holds a client or a name that was asked. Zones past the first {metrics.MOST_ZONES} and pools past the
first {metrics.MOST_POOLS} are `other`, and members of the latter are not shown; changes of targets past the first {metrics.MOST_TARGETS:,} are
counted together; types without a name are `other`.
"""


def page() -> str:
    """Write the page."""
    sections: dict[str, list[str]] = {title: [] for _, title in _PREFIXES}
    for name, series in sorted(metrics.SERIES.items()):
        title = next(title for prefixes, title in _PREFIXES if name.startswith(tuple(prefixes.split("|"))))
        labels = ", ".join(f"`{label}`" for label in series.labels)
        sections[title].append(f"| `{name}` | {series.kind} | {labels} | {series.text} |")
    written = [_INTRODUCTION]
    for title, rows in sections.items():
        written += [f"## {title}\n", "| metric | type | labels | |", "|---|---|---|---|", *rows, ""]
    return "\n".join(written)


if __name__ == "__main__":
    sys.stdout.write(page())
