"""The demonstration's screen: what to type, what it shows, and how long changes take.

Its figures come from the model that is served, so they hold for edited files too.
"""

from __future__ import annotations

import contextlib
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from gslb import config
from gslb.config.settings import Settings
from gslb.model import Model

CLIENTS: Final = (  # networks of universities and hosters that have been where they are for decades
    ("Germany", "88.198.0.0/24", "2a01:4f8::/56", "fra"),
    ("California", "169.229.0.0/24", "2607:f140::/56", "sjc"),
    ("Virginia", "128.143.0.0/24", "2600:1f18::/56", "iad"),
    ("Singapore", "137.132.0.0/24", "2406:da18::/56", "sin"),
)


def text(settings: Settings, listening: Sequence[str]) -> str:
    """Write the screen of a service that listens there."""
    model = config.load(settings.zones, settings.geo.networks).model
    gslb = _program()
    lines = [
        "",
        f"gslb answers on {', '.join(listening)} (UDP and TCP). Sites: fra Frankfurt, iad Ashburn, sjc San Jose, sin Singapore.",
        "",
        "Ask as clients in different places (another terminal, this folder):",
        *_asking(gslb, listening[0].rpartition(":")[2]),
        "",
        *_breaking(gslb, model),
        "",
        f"See and change: {gslb} status    {gslb} check zones/    edit zones/, then {gslb} reload",
        *([f"Dashboard: http://{settings.api.listen}    its API: http://{settings.api.listen}/api/v1"] if settings.api else []),
        *([f"Metrics: http://{settings.metrics_endpoint}/metrics"] if settings.metrics_endpoint else []),
        "Geo data: IP Geolocation by DB-IP (https://db-ip.com). Ctrl-C stops everything.",
        "",
    ]
    return "\n".join(lines)


def _asking(gslb: str, port: str) -> list[str]:
    dig, subnet, short, tcp = f"dig @127.0.0.1 -p {port}", "+subnet=", "+short", "+tcp"
    if not shutil.which("dig"):
        dig, subnet, short, tcp = f"{gslb} query -p {port}", "--subnet ", "--short", "--tcp"
    asks = [(f"{dig} www.example.com A {subnet}{v4}", f"{place}: {site}") for place, v4, _v6, site in CLIENTS]
    asks += [(f"{dig} www.example.com AAAA {subnet}{v6}", f"{place}: {site}, over IPv6") for place, _v4, v6, site in CLIENTS[:1]]
    asks += [
        (f"{dig} www.example.com A {tcp} {short}", "no subnet: by the resolver's own address"),
        (f"{dig} api.example.com A {short}", "three quarters fra, one quarter iad"),
    ]
    return _columns(asks)


def _breaking(gslb: str, model: Model) -> list[str]:
    pool = model.pools.get("web")
    checks = pool.members[0].checks if pool and pool.members else ()
    down, up = [], []
    if pool and checks:
        check = model.checks[checks[0]]
        down = [
            f"    down after {check.down} failed checks, {check.interval:g} s apart: within {check.down * check.interval + check.timeout + 0.5:g} s;",
            f"    resolvers keep old answers for their TTL: 30 s at rest, down to {pool.ttl_min} s while a state may be changing",
        ]
        up = [f"    up again after {check.up} good checks: about {check.up * check.interval:g} s"]
    return [
        "Break a site, watch the log here, and ask again:",
        *_columns([(f"{gslb} site-sim break fra", "Germany is sent to iad, the next nearest")]),
        *down,
        *_columns([(f"{gslb} site-sim break all", "all down: all members are answered, never none")]),
        "Bring it back:",
        f"  {gslb} site-sim mend all",
        *up,
    ]


def _columns(commands: Sequence[tuple[str, str]]) -> list[str]:
    """Write commands with what they show beside them, lined up."""
    width = max(len(command) for command, _ in commands)
    return [f"  {command:<{width}}  # {shows}" for command, shows in commands]


def _program() -> str:
    """Return how this program is called from here."""
    found = Path(sys.executable).with_name("gslb")
    if shutil.which("gslb") == str(found):
        return "gslb"
    if not found.exists():
        return f"{sys.executable} -m gslb"
    with contextlib.suppress(ValueError):
        return str(found.relative_to(Path.cwd()))
    return str(found)
