"""An example of every preset, filter and pick, and what it answers; a filter's own stands in its file.

Printed on the reference page and executed by its test (`gslb.policy.example` says under which circumstances).
"""

from __future__ import annotations

from typing import Final

from gslb.policy import FILTERS
from gslb.policy.example import Example, Shown

EXAMPLES: Final[dict[str, Example]] = {
    "preset failover": Example(
        "policy: failover",
        (
            Shown("Germany", "", "fra"),
            Shown("Germany", "fra", "iad"),
            Shown("Germany", "fra iad sjc sin", "fra iad sjc sin"),
        ),
    ),
    "preset round-robin": Example(
        "policy: round-robin",
        (
            Shown("Germany", "", "fra iad sjc sin"),
            Shown("Germany", "fra", "iad sjc sin"),
        ),
    ),
    "preset weighted": Example(
        "policy: weighted",
        (
            Shown("Germany", "", "fra*3 iad*1 sjc*1 sin*1"),
            Shown("Germany", "fra", "iad*1 sjc*1 sin*1"),
        ),
    ),
    "preset nearest": Example(
        "policy: {preset: nearest, bias: {sin: 20}}",
        (
            Shown("Germany", "", "fra"),
            Shown("Singapore", "", "sin"),
            Shown("Germany", "fra", "iad"),
            Shown("anywhere unknown", "", "fra"),
        ),
    ),
    "preset geo": Example(
        "policy: {preset: geo, EU: [fra, iad], US-CA: [sjc, iad], AS: [sin, fra], default: [iad, fra]}",
        (
            Shown("Germany", "", "fra"),
            Shown("Germany", "fra", "iad"),
            Shown("California", "", "sjc"),
            Shown("Singapore", "fra iad sjc sin", "sin fra"),
        ),
    ),
    "preset sticky": Example(
        "policy: {preset: sticky, key: [asn, qname]}",
        (
            Shown("Germany", "", "fra*3 iad*1 sjc*1 sin*1"),
            Shown("Germany", "fra", "iad*1 sjc*1 sin*1"),
        ),
    ),
    "preset all": Example(
        "policy: all",
        (
            Shown("Germany", "", "fra iad sjc sin"),
            Shown("Germany", "fra", "iad sjc sin"),
            Shown("Germany", "fra iad sjc sin", "fra iad sjc sin"),
        ),
    ),
    "preset active-passive": Example(
        "policy: active-passive",
        (
            Shown("Germany", "", "fra"),
            Shown("Germany", "fra", "iad"),
        ),
    ),
    "preset weighted-round-robin": Example(
        "policy: weighted-round-robin",
        (Shown("Germany", "", "fra*3 iad*1 sjc*1 sin*1"),),
    ),
    "preset geoproximity": Example(
        "policy: {preset: geoproximity, bias: {iad: -15}}",
        (Shown("California", "", "sjc"),),
    ),
    "preset ip-hash": Example(
        "policy: {preset: ip-hash, v4: 20, v6: 48}",
        (Shown("Germany", "", "fra*3 iad*1 sjc*1 sin*1"),),
    ),
    "preset consistent-hash": Example(
        "policy: {preset: consistent-hash, key: qname}",
        (Shown("Germany", "", "fra*3 iad*1 sjc*1 sin*1"),),
    ),
    **{name: kind.example for name, kind in FILTERS.items()},
    "pick all": Example(
        "policy: [priority]\npick: all",
        (Shown("Germany", "", "fra"),),
    ),
    "pick first": Example(
        "policy: [nearest]\npick: first",
        (
            Shown("Germany", "", "fra"),
            Shown("California", "", "sjc"),
        ),
    ),
    "pick rotate": Example(
        "policy: [healthy]\npick: rotate\nanswers: 2",
        (
            Shown("Germany", "", "fra iad sjc sin"),
            Shown("Germany", "fra", "iad sjc sin"),
        ),
    ),
    "pick weighted": Example(
        "policy: [nearest]\npick: weighted",
        (
            Shown("Germany", "", "fra"),
            Shown("Singapore", "", "sin"),
        ),
    ),
    "pick sticky": Example(
        "policy: [nearest]\npick: {sticky: {key: net, v4: 20, v6: 48}}",
        (
            Shown("Germany", "", "fra"),
            Shown("California", "", "sjc"),
        ),
    ),
}
