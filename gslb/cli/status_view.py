"""`gslb status` as tables."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from gslb.cli import override_view

COLOURS = {"up": "green", "down": "bold red", "unknown": "yellow"}


def show(answer: dict[str, Any]) -> None:
    """Print the service, its pools and its planes."""
    console = Console(highlight=False)
    listening = ", ".join(answer["listening"]) or "not listening yet"
    console.print(f"gslb {answer['version']}{_engines(answer['planes'])}, node {answer['node']}, on {listening}")
    console.print(f"{answer['zones']} zones, generation {answer['generation']}, up {_ago(answer['began'])}")
    if answer["files"] != "present":
        console.print("[bold red]the files are broken: this is served from the last accepted ones[/]")
    if answer["hold"]:
        console.print(f"[bold yellow]all verdicts are held[/] by {answer['hold']['author'] or 'nobody named'}: {escape(answer['hold']['reason'])}")
    pools = Table("pool", "member", "forced", "address", "state", "since", "why", box=None, header_style="dim", pad_edge=False)
    for row in _rows(answer["pools"]):
        pools.add_row(*row)
    console.print(pools)
    planes = Table("plane", "pid", "generation", "UDP answers", "lost", "TCP open", box=None, header_style="dim", pad_edge=False)
    for number, plane in enumerate(answer["planes"]):
        udp, tcp = plane["udp"], plane["tcp"]
        lost = udp.get("kernel_drops", 0) + udp.get("unsent", 0) + udp.get("faults", 0)
        planes.add_row(str(number), str(plane["pid"]), str(plane["generation"]), str(udp.get("sent", 0)), str(lost), str(tcp.get("open", 0)))
    console.print(planes)


def _engines(planes: list[dict[str, Any]]) -> str:
    """Say which engine answers, once the planes have told it."""
    told = sorted({plane["engine"] for plane in planes if plane["engine"]})
    count = sum(len(plane["threads"]) or 1 for plane in planes)
    return f", {' and '.join(told)} engine ({count} {'processes' if told == ['python'] else 'threads'})" if told else ""


def _rows(pools: list[dict[str, Any]]) -> Iterator[tuple[str, ...]]:
    """One row per address; the pool and the member are named once."""
    for pool in pools:
        name = pool["pool"]
        for member in pool["members"]:
            label, forced = member["member"], _forced(member)
            for address in member["addresses"]:
                state = address["state"]
                checks = address["checks"]
                worst: dict[str, Any] = min(checks, key=lambda check: {"down": 0, "unknown": 1, "up": 2}[check["state"]], default={})
                why = worst.get("reason", "") if checks else "not checked"
                since = _ago(worst["since"]) if "since" in worst else ""
                yield name, label, forced, address["address"], f"[{COLOURS[state]}]{state}[/]", since, why
                name = label = forced = ""


def _forced(member: dict[str, Any]) -> str:
    """Say what an operator made of a member, beside its real state."""
    said = member["override"]
    if not said:
        return ""
    weight = f" {said['weight']}" if "weight" in said else ""
    until = f" until {override_view.clock(said['expires'], time.time())}" if said["expires"] else ""
    by = f" by {said['author']}" if said["author"] else ""
    return f"[yellow]{member['forced']}{weight}[/]{escape(by + until)}: {escape(said['reason'])}"


def _ago(moment: float) -> str:
    seconds = max(0, time.time() - moment)
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"
