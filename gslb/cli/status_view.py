"""`gslb status` as tables."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import Any, Final

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.markup import escape
from rich.table import Table

from gslb.cli import override_view
from gslb.errors import GslbError

WATCH: Final = 1.0  # seconds between looks
LEVELS: Final = {"error": ("✗", "bold red"), "warning": ("!", "yellow"), "info": ("·", "cyan")}  # a mark, too: colour is never alone
COLOURS = {"up": "green", "down": "bold red", "unknown": "yellow"}


def show(answer: dict[str, Any]) -> None:
    """Print the service: its store, probers, nodes, pools and planes."""
    console = Console(highlight=False)
    for part in _parts(answer):
        console.print(part)


def watch(ask: Callable[[], dict[str, Any]]) -> None:
    """Show it anew every second until Ctrl-C; `ask` may raise GslbError, which is shown in its place."""
    console = Console(highlight=False)
    with Live(console=console, screen=console.is_terminal, auto_refresh=False) as live, contextlib.suppress(KeyboardInterrupt):
        while True:
            try:
                live.update(Group(*_parts(ask())), refresh=True)
            except GslbError as error:
                live.update(f"[bold red]{escape(str(error))}[/]", refresh=True)
            time.sleep(WATCH)


def _parts(answer: dict[str, Any]) -> Iterator[RenderableType]:
    if wrong := answer.get("degraded"):
        yield "[bold]what is wrong[/]"
        yield causes(wrong)
    listening = ", ".join(answer["listening"]) or "not listening yet"
    yield f"gslb {answer['version']}{_engines(answer['planes'])}, node {answer['node']}, on {listening}"
    version = (answer.get("config") or {}).get("version")
    yield f"{answer['zones']} zones{f' of version {version}' if version else ''}, generation {answer['generation']}, up {_ago(answer['began'])}"
    if answer["store"]["shared"]:
        yield _store(answer["store"])
        yield _probers(answer["probers"])
        yield _nodes(answer["nodes"])
    pools = _table("pool", "member", "forced", "address", "state", "since", "why")
    for row in _rows(answer["pools"]):
        pools.add_row(*row)
    yield pools
    planes = _table("plane", "pid", "generation", "UDP answers", "lost", "TCP open")
    for number, plane in enumerate(answer["planes"]):
        udp, tcp = plane["udp"], plane["tcp"]
        lost = udp.get("kernel_drops", 0) + udp.get("unsent", 0) + udp.get("faults", 0)
        planes.add_row(str(number), str(plane["pid"]), str(plane["generation"]), str(udp.get("sent", 0)), str(lost), str(tcp.get("open", 0)))
    yield planes


def causes(wrong: list[dict[str, Any]]) -> Table:
    """Return what is wrong, the root first: since when, what, and what to do."""
    table = Table(box=None, show_header=False, pad_edge=False)
    for one in wrong:
        mark, colour = LEVELS[one["level"]]
        hint = f"\n[dim]{escape(one['hint'])}[/]" if one["hint"] else ""
        since = _ago(one["since"]) if one["since"] else ""
        table.add_row(f"[{colour}]{mark}[/]", f"[{colour}]{escape(one['text'])}[/]{hint}", f"[dim]{since}[/]")
    return table


def _store(store: dict[str, Any]) -> str:
    """Say how the store stands, and what was not believed."""
    signed = "signed" if store["signed"] else "[yellow]nothing is verified[/]"
    reached = (
        "reached"
        if store["reached"]
        else f"[bold red]out of reach for {store['age']:.0f} s[/] ({escape(store['why'] or 'not read yet')}), verdicts stand"
    )
    refused = ", ".join(f"{count} {reason}" for reason, count in sorted(store["refused"].items()))
    return f"store {escape(store['url'])}: {reached}, {signed}" + (f"; [yellow]refused: {escape(refused)}[/]" if refused else "")


def _probers(probers: list[dict[str, Any]]) -> Table:
    table = _table("prober", "place", "heard", "counts", "targets", "down", "late")
    for one in probers:
        counts = f"[yellow]suspect[/]: {escape(one['suspect'])}" if one["suspect"] else "yes" if one["fresh"] else "[bold red]silent[/]"
        numbers = str(one["targets"]), str(one["down"]), f"{one['lateness']:.2f} s"
        table.add_row(escape(one["name"]), escape(one["place"]), f"{one['age']:.0f} s ago", counts, *numbers)
    return table


def _nodes(nodes: list[dict[str, Any]]) -> Table:
    table = _table("node", "reported", "version", "inputs", "")
    for one in nodes:
        if one.get("role") == "prober":
            continue  # it stands among the probers
        differs = "" if one["same"] else "[yellow]other verdicts or overrides[/]" if one["same_files"] else "[bold red]other files[/]"
        table.add_row(escape(one["node"]), f"{one['age']:.0f} s ago", escape(one["version"]), one["digest"], differs)
    return table


def _table(*titles: str) -> Table:
    return Table(*titles, box=None, header_style="dim", pad_edge=False)


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
                why = escape(worst.get("reason", "")) if checks else "not checked"
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
