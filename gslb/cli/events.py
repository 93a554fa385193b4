"""`gslb events` and `gslb audit`: what happened, and who did what, from the running service."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from time import localtime, sleep, strftime
from typing import Annotated, Any, Final

import typer

from gslb.cli.output import AsOutput, Output, as_json, write

SettingsPath = Annotated[Path | None, typer.Option("--config", "-c", help="Settings; the default is gslb.yaml here.", show_default=False)]
Follow = Annotated[bool, typer.Option("--follow", "-f", help="Go on with what happens, until Ctrl-C.")]
Kinds = Annotated[
    list[str] | None,
    typer.Option("--kind", "-k", metavar="KIND", help="Only these: verdict, pool, override, …; may be repeated.", show_default=False),
]
Subject = Annotated[str, typer.Option("--subject", "-s", help="Only what is about this: a pool, a prober, 'site fra'.", show_default=False)]
Count = Annotated[int, typer.Option("-n", min=1, max=1000, help="How many, at most.")]

LOOK: Final = 0.5  # seconds between looks at what is new
LAST: Final = 1 << 33  # seconds since 1970: what stands here may be anybody's, and further no clock goes
MARKS: Final = {"error": "✗", "warning": "!", "info": "·"}


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.command("events")(events)
    app.command("audit")(audit)


def events(  # noqa: PLR0917  typer makes each an option
    follow: Follow = False,  # noqa: FBT002  typer's way
    kind: Kinds = None,
    subject: Subject = "",
    count: Count = 30,
    output: AsOutput = Output.TABLE,
    config: SettingsPath = None,
) -> None:
    """Show what happened, the newest last: changes of state, operators' words, reloads, versions, probers, nodes, the store."""
    from gslb.cli.serving import ask

    wanted: dict[str, Any] = {"kinds": kind or [], "subject": subject}
    rows = ask("events", config, limit=count, **wanted)["items"][::-1]
    if not follow:
        write(rows, output, lambda: lines(rows) or "nothing has happened\n")
        return
    last = ""
    while True:
        for row in rows:
            _one(row, output)
            last = row["id"]
        sleep(LOOK)
        rows = ask("events", config, limit=1000, after=last, **wanted)["items"][::-1]


def audit(count: Count = 30, output: AsOutput = Output.TABLE, config: SettingsPath = None) -> None:
    """Show who said and published what, the newest last: as the store has it, over all nodes."""
    from gslb.cli.serving import ask

    rows = ask("audit", config, limit=count)["items"][::-1]
    write(rows, output, lambda: "".join(f"{_stamp(row['at'])}  {row['by'] or 'nobody named'}  {row['what']}\n" for row in rows) or "nothing yet\n")


def lines(rows: Iterable[Mapping[str, Any]]) -> str:
    """Write events for people, one line each."""
    return "".join(map(_line, rows))


def _one(row: Mapping[str, Any], output: Output) -> None:
    """Write one event of those that follow: a line, a JSON object in a line, or a YAML document."""
    if output is Output.JSON:
        typer.echo(as_json(row))
    elif output is Output.YAML:
        typer.echo("---")
        write(row, output, str)
    else:
        typer.echo(_line(row), nl=False)


def _line(row: Mapping[str, Any]) -> str:
    by = f" (by {row['by']})" if row["by"] else ""
    where = f"  [{row['node']}]" if row["node"] else ""
    text = f"{MARKS.get(row['level'], '?')} {row['kind']:<8} {row['subject']}: {row['what']}{by}"
    return f"{_stamp(row['at'])}  {_coloured(row['level'], text)}{where}\n"


def _coloured(level: str, text: str) -> str:
    colour = {"error": typer.colors.RED, "warning": typer.colors.YELLOW}.get(level)
    return typer.style(text, fg=colour) if colour else text


def _stamp(at: float) -> str:
    return strftime("%Y-%m-%d %H:%M:%S", localtime(min(max(at, 0.0), LAST)))
