"""`gslb top` as a screen: rates with a line of the last minutes, shares of sites and pools, members that are not well, what is wrong."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from rich.columns import Columns
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.markup import escape
from rich.table import Table

from gslb.cli.status_view import COLOURS, causes
from gslb.errors import GslbError

EVERY: Final = 1.0  # seconds between pictures
ROWS: Final = 10  # sites, pools and members that are shown
BARS: Final = "▁▂▃▄▅▆▇█"
SMOOTH: Final = 5  # seconds over which shares are taken: in one of them few may have asked
WIDE: Final = 60  # seconds in the line of the last minute
ORDER: Final = {"down": 0, "unknown": 1, "up": 2}

Data = Mapping[str, Any]


class View:
    """One screen; `ask` gives the service's answer to a command."""

    def __init__(self, ask: Callable[[str], dict[str, Any]]) -> None:
        self._ask = ask
        self._console = Console(highlight=False)

    def show(self) -> None:
        """Print one picture."""
        self._console.print(self._picture())

    def watch(self) -> None:
        """Draw it anew every second until Ctrl-C."""
        with Live(console=self._console, screen=self._console.is_terminal, auto_refresh=False) as live, contextlib.suppress(KeyboardInterrupt):
            while True:
                try:
                    live.update(self._picture(), refresh=True)
                except GslbError as error:
                    live.update(f"[bold red]{escape(str(error))}[/]", refresh=True)
                time.sleep(EVERY)

    def _picture(self) -> Group:
        return Group(*parts(self._ask("status"), self._ask("traffic")["samples"]))


def parts(status: Data, samples: Sequence[Data]) -> Iterator[RenderableType]:
    """Make the picture from what the service says."""
    last: Data = samples[-1] if samples else {"qps": 0.0}
    yield f"[bold]gslb top[/]  node {escape(status['node'])}, generation {status['generation']}, {time.strftime('%H:%M:%S')}"
    lately = samples[-SMOOTH:]
    yield f"[bold]{last['qps']:,.0f}[/] q/s  {line([one['qps'] for one in samples[-WIDE:]])}  {_codes(_mean(lately, 'rcodes'))}"
    if status["degraded"]:
        yield causes(status["degraded"][:ROWS])
    else:
        yield "[green]nothing is wrong[/]"
    yield Columns([_shares("site", _mean(lately, "sites")), _shares("pool", _mean(lately, "pools"))], padding=(1, 6))
    yield _members(status["pools"])


def line(values: Sequence[float]) -> str:
    """Draw values as a line of bars."""
    top = max(values, default=0.0)
    return "".join(BARS[min(len(BARS) - 1, int(value / top * len(BARS)))] if top else BARS[0] for value in values)


def _mean(samples: Sequence[Data], part: str) -> dict[str, float]:
    """Return the mean rate of each name in some samples."""
    names = {name for one in samples for name in one[part]}
    return {name: sum(one[part].get(name, 0.0) for one in samples) / len(samples) for name in names}


def _codes(rcodes: Mapping[str, float]) -> str:
    shown = sorted(rcodes.items(), key=lambda pair: -pair[1])
    return "  ".join(f"{'[bold red]' if name == 'SERVFAIL' else '[dim]'}{name}[/] {rate:,.0f}" for name, rate in shown)


def _shares(title: str, rates: Mapping[str, float]) -> Table:
    table = Table(title, "answers/s", "", box=None, header_style="dim", pad_edge=False)
    total = sum(rates.values()) or 1.0
    for name, rate in sorted(rates.items(), key=lambda pair: -pair[1])[:ROWS]:
        table.add_row(escape(name), f"{rate:,.1f}", f"{'█' * round(rate / total * 20)} {rate / total:.0%}")
    return table


def _members(pools: Sequence[Data]) -> Table:
    """Show the members that are worst, and say how many are well."""
    found = [(pool["pool"], member) for pool in pools for member in pool["members"]]
    found.sort(key=lambda one: (ORDER[one[1]["state"]], not one[1]["forced"]))
    table = Table("worst members", "state", "forced", "why", box=None, header_style="dim", pad_edge=False)
    odd = [(pool, member) for pool, member in found if member["state"] != "up" or member["forced"]]
    for pool, member in odd[:ROWS]:
        why = next((check.get("reason", "") for address in member["addresses"] for check in address["checks"] if check["state"] != "up"), "")
        state = f"[{COLOURS[member['state']]}]{member['state']}[/]"
        table.add_row(escape(f"{pool}/{member['member']}"), state, escape(member["forced"] or ""), escape(why))
    table.add_row(f"[dim]{len(found) - len(odd)} of {len(found)} members are up, as the files have them[/]", "", "", "")
    return table
