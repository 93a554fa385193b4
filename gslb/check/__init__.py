"""Health checks: one file per type, found here by name.

Read by `gslb.config` and `gslb.lint` (option schemas), run by `gslb.check.prober`. A name that is not in the
table is looked for among the entry points `gslb.checks` of installed packages. Importing this module
opens nothing and pulls in no library that others have to install: those are imported when a check runs.
"""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import Final, cast

from gslb.check.dns import Dns
from gslb.check.exec import Exec
from gslb.check.grpc import Grpc
from gslb.check.http import Http, Https
from gslb.check.icmp import Icmp
from gslb.check.observation import Check
from gslb.check.push import Push
from gslb.check.tcp import Tcp

CHECKS: Final[dict[str, type[Check]]] = {
    "http": Http,
    "https": Https,
    "tcp": Tcp,
    "dns": Dns,
    "grpc": Grpc,
    "icmp": Icmp,
    "exec": Exec,
    "push": Push,
}


def check_named(name: str) -> type[Check] | None:
    """Find a check type, built in or installed beside us; None where there is none of that name."""
    if name in CHECKS:
        return CHECKS[name]
    for entry in entry_points(group="gslb.checks", name=name):
        return cast("type[Check]", entry.load())
    return None
