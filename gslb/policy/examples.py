"""An example of every preset, filter and pick, and what it answers: written by hand, printed on the reference page, executed by its test.

Each stands in a pool with members at fra (weight 3), iad, sjc and sin (weight 1), on a Friday at noon UTC; iad came up two minutes ago.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Shown(NamedTuple):
    """One answer: for a client there, with these sites down, groups in order (`*`: with their weights)."""

    client: str
    down: str
    answer: str


class Example(NamedTuple):
    """Keys of a pool, and what comes of them."""

    text: str
    shown: tuple[Shown, ...]


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
    "healthy": Example(
        "policy: [healthy, {limit: {members: 2}}]\npick: all\nfail_if: {members_below: 2}",
        (
            Shown("Germany", "", "fra iad"),
            Shown("Germany", "fra", "iad sjc"),
            Shown("Germany", "fra iad sjc sin", "fra iad sjc sin"),
        ),
    ),
    "priority": Example(
        "policy: [{priority: {at_least: 2}}]\npick: all",
        (
            Shown("Germany", "", "fra iad"),
            Shown("Germany", "fra", "iad sjc"),
        ),
    ),
    "geo": Example(
        "policy: [{geo: {EU: [fra], NA: [iad, sjc], default: [iad, fra], fence: true}}]\nwhen_all_down: {backup: sorry}",
        (
            Shown("Germany", "", "fra"),
            Shown("California", "", "iad sjc"),
            Shown("Germany", "fra", "sorry"),
        ),
    ),
    "geofence": Example(
        "policy: [{geofence: {fra: [EU], sin: [AS, OC]}}, nearest]",
        (
            Shown("Germany", "", "fra"),
            Shown("Singapore", "", "sin"),
            Shown("California", "", "sjc"),
            Shown("Singapore", "fra iad sjc sin", "sin sjc iad"),
        ),
    ),
    "networks": Example(
        "policy: [{networks: {203.0.113.0/24: [fra], 'tag:office': [iad, fra]}}, nearest]",
        (
            Shown("203.0.113.9", "", "fra"),
            Shown("California", "", "sjc"),
            Shown("203.0.113.9", "fra", "iad"),
        ),
    ),
    "asn": Example(
        "policy: [{asn: {AS64500: [sjc, iad]}}, nearest]",
        (
            Shown("AS64500", "", "iad"),
            Shown("Germany", "", "fra"),
        ),
    ),
    "schedule": Example(
        "policy: [{schedule: {zone: Europe/Berlin, fra: ['mon-fri 07:00-20:00', 'sat 09:00-13:00'], sin: 2026-12-01..}}, priority]",
        (
            Shown("Germany", "", "fra"),
            Shown("Germany", "fra", "iad"),
        ),
    ),
    "ramp": Example(
        "policy: [{ramp: {over: 10m}}]\npick: weighted",
        (
            Shown("Germany", "", "fra*300 iad*28 sjc*100 sin*100"),
            Shown("Germany", "fra", "iad*28 sjc*100 sin*100"),
        ),
    ),
    "nearest": Example(
        "policy: [{nearest: {bias: {sin: 20, iad: -10}, default: [fra, iad]}}]\npick: weighted",
        (
            Shown("California", "", "sjc"),
            Shown("Singapore", "", "sin"),
            Shown("anywhere unknown", "", "fra"),
        ),
    ),
    "limit": Example(
        "policy: [{geo: {AS: [sin, fra], default: [iad, fra]}}, {limit: {sites: 2, per_site: 1}}]\npick: rotate",
        (
            Shown("Singapore", "", "sin fra"),
            Shown("Singapore", "fra", "sin"),
        ),
    ),
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
