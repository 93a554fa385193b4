"""Overrides for people: what was just said and what it does, and the list of all that stands."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any, Final

DONE: Final = {"drain": "drained", "down": "forced down", "up": "forced up", "weight": "given weight"}


def said(answer: dict[str, Any]) -> str:
    """Confirm an override: what holds now, until when, what is left, when caches are empty."""
    return "\n".join([*_said(answer), *_warned(answer)])


def hold(answer: dict[str, Any]) -> str:
    """Confirm a hold or its end."""
    now, held = answer["now"], answer["hold"]
    what = f"all verdicts are held {_until(held['expires'], now, 'gslb hold --release')}" if held else "checks decide again"
    return "\n".join([what, *_warned(answer)])


def show(answer: dict[str, Any]) -> None:
    """Print all that stands."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console(highlight=False)
    now, held = answer["now"], answer["hold"]
    if held:
        console.print(
            f"[bold yellow]all verdicts are held[/] by {held['author'] or 'nobody named'}{_ends(held['expires'], now)}: {held['reason']}", markup=True
        )
    if not answer["overrides"]:
        console.print("no overrides")
        return
    table = Table("what", "is", "by", "until", "why", "caches", box=None, header_style="dim", pad_edge=False)
    for one in answer["overrides"]:
        until = clock(one["expires"], now) if one["expires"] else "taken back"
        table.add_row(f"{one['level']} {one['subject']}", _is(one), one["author"], until, escape(one["reason"]), _caches(one, now))
    console.print(table)


def clock(moment: float, now: float) -> str:
    """Write a time of day, with the date where it is not today."""
    shape = "%H:%M:%S" if time.localtime(moment)[:3] == time.localtime(now)[:3] else "%Y-%m-%d %H:%M:%S"
    return time.strftime(shape, time.localtime(moment))


def _said(answer: dict[str, Any]) -> Iterator[str]:
    now = answer["now"]
    for one in answer["overrides"]:
        back = "undrain" if one["kind"] == "drain" else "clear"
        what = f"{one['level']} {one['subject']}"
        undo = f"gslb {one['level']} {back} {one['subject']}"
        yield f"{what} is {_is(one)} {_until(one['expires'], now, undo)}"
        if one["drained_at"] is not None:
            yield f"  the last cached answers expire by {clock(one['drained_at'], now)} (in {one['drained_at'] - now:.0f} s)"
    for pool in answer["pools"]:
        left = ", ".join(pool["left"]) or "nothing: all of it is answered, as if nobody were out"
        yield f"  pool {pool['pool']}: left {left}"
    for one in answer["overruled"]:
        by = one["by"]
        yield f"  member {one['member']} stays {_is(by)}: {by['level']} {by['subject']}, by {by['author'] or 'nobody named'}, is stronger"
    for key in answer["taken_back"]:
        level, _, rest = key.partition("/")
        subject, _, kind = rest.rpartition("/")
        yield f"{level} {subject}: {'up or down' if kind == 'state' else kind} taken back"


def _warned(answer: dict[str, Any]) -> list[str]:
    return [] if answer["kept"] else ["  it could not be saved: a restart forgets it (see the service's log)"]


def _is(one: dict[str, Any]) -> str:
    return DONE[one["kind"]] + (f" {one['weight']}" if "weight" in one else "")


def _until(expires: float | None, now: float, back: str) -> str:
    return f"until {clock(expires, now)} or `{back}`" if expires else f"until `{back}`"


def _ends(expires: float | None, now: float) -> str:
    return f" until {clock(expires, now)}" if expires else ""


def _caches(one: dict[str, Any], now: float) -> str:
    if one["drained_at"] is None:
        return ""
    return "drained" if one["drained"] else f"drained at {clock(one['drained_at'], now)}"
