"""`gslb simulate`: who answers whom, now and what if."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gslb.cli.output import AsOutput, Output, write

if TYPE_CHECKING:
    from gslb.cli.progress import Tell
    from gslb.explain.subject import Subject

SettingsPath = Annotated[Path | None, typer.Option("--config", "-c", help="Settings; the default is gslb.yaml here.", show_default=False)]
Names = Annotated[list[str] | None, typer.Argument(metavar="[NAME...]", help="As clients ask them; all that lead to pools, where none is given.")]
Down = Annotated[
    list[str] | None, typer.Option("--assume-down", metavar="SITE|POOL/MEMBER", help="Take it as down; may be repeated.", show_default=False)
]
Drained = Annotated[
    list[str] | None, typer.Option("--assume-drained", metavar="SITE|POOL/MEMBER", help="Take it as drained; may be repeated.", show_default=False)
]
At = Annotated[str, typer.Option(metavar="TIME", help="Another time: 2026-12-24T18:00 (UTC unless it says otherwise), or +2h.")]
Zones = Annotated[
    list[Path] | None, typer.Option("--zones", metavar="PATH", help="These files instead of the settings'; may be repeated.", show_default=False)
]
Sample = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Who asks: lines of NETWORK VOLUME, instead of all countries' addresses.", show_default=False)
]
Load = Annotated[float | None, typer.Option(help="The load of all clients, in the unit of sites' capacities.", show_default=False)]
Live = Annotated[bool, typer.Option("--live", help="Ask the running node: its files, states and overrides, as it serves them now.")]
All = Annotated[bool, typer.Option("--all", help="Every pool and country, not only the first.")]


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("simulate")(simulate)


def simulate(  # noqa: PLR0917  typer makes each an option
    names: Names = None,
    type_: Annotated[str, typer.Option("--type", help="A or AAAA.")] = "A",
    assume_down: Down = None,
    assume_drained: Drained = None,
    at: At = "",
    zones: Zones = None,
    sample: Sample = None,
    load: Load = None,
    live: Live = False,  # noqa: FBT002  typer's way
    all_: All = False,  # noqa: FBT002
    output: AsOutput = Output.TABLE,
    config: SettingsPath = None,
) -> None:
    """Show which part of all clients each site answers: now, and with sites down or drained, at another time, or with other files."""
    from gslb.explain import simulation_text

    said = {
        "names": names or [], "type": type_, "assume_down": assume_down or [], "assume_drained": assume_drained or [], "at": at,
        "load": load, "sample": read_sample(sample),
    }  # fmt: skip
    data = _live(said, zones or [], config) if live else _from_files(said, zones or [], config)
    write(data, output, lambda: simulation_text.text(data, 0 if all_ else simulation_text.FEW))


def read_sample(path: Path | None) -> str:
    """Read a sample file; "" without one. Raises UsageError."""
    from gslb.errors import UsageError

    if path is None:
        return ""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {error}") from None


def _from_files(said: dict[str, Any], zones: list[Path], config: Path | None) -> dict[str, Any]:
    from gslb import explain
    from gslb.cli import progress
    from gslb.cli.serving import load_settings
    from gslb.explain import requests, subject

    now = time.time()
    asked = requests.simulated(said, now)  # mistakes of the command line before files are read
    settings, _path = load_settings(config)
    with progress.bar() as tell:
        tell("reading and compiling", 0, 3)
        base = subject.read(settings, now, cut=False)
        then = _changed(base, zones, settings.geo.networks, tell)
        population = asked.population(base, then or base, progress=tell)
        return explain.simulate(base, population, asked.asked, assumed=asked.assumed, then=then, progress=tell)


def _changed(base: Subject, zones: list[Path], networks: Path | None, tell: Tell) -> Subject | None:
    from gslb.explain import subject

    if not zones:
        return None
    tell("reading and compiling the other files", 1, 3)
    return subject.changed(base, subject.files(zones, networks))


def _live(said: dict[str, Any], zones: list[Path], config: Path | None) -> dict[str, Any]:
    from gslb.cli.serving import ask, load_settings
    from gslb.explain import given

    if zones:
        settings, _path = load_settings(config)
        said["files"] = given.texts(zones, settings.geo.networks)
    return ask("simulate", config, **said)
