"""The kinds of queries that servers are compared with."""

from __future__ import annotations

from typing import NamedTuple


class Work(NamedTuple):
    """What is asked. `name`: None = the server's geographic one; `mode`: blast's; `rcode`: of a right answer."""

    title: str
    name: str | None
    mode: str
    rcode: int


WORK = {
    "static": Work("plain, static", "static.example.org", "plain", 0),
    "dynamic": Work("plain, dynamic", None, "plain", 0),
    "ecs": Work("ECS geo, random subnets", None, "ecs", 0),
    "random": Work("random names (NXDOMAIN)", "example.org", "random", 3),
}
