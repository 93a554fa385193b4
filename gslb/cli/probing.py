"""`gslb probe`: a prober on its own; `gslb probe --once`: one look at one address, with every step and time."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from gslb.check.observation import Observation
    from gslb.check.trace import Trace
    from gslb.config.settings import Settings
    from gslb.model import Address, Check


class Format(StrEnum):
    """How the look is written."""

    TEXT = "text"
    JSON = "json"


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("probe")(probe)


def probe(
    check: Annotated[str, typer.Argument(metavar="CHECK", help="With --once: name of a check in the zone files.", show_default=False)] = "",
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help="With --once: IP address to look at, never a name.", show_default=False)] = "",
    once: Annotated[bool, typer.Option("--once", help="Look once at one address, and show every step.")] = False,  # noqa: FBT002  typer's way
    config: Annotated[Path | None, typer.Option("--config", "-c", help="Settings file; default: gslb.yaml.", show_default=False)] = None,
    format_: Annotated[Format, typer.Option("--format", help="How a look is shown.")] = Format.TEXT,
) -> int:
    """Probe all that the zone files name, and vote in the shared store, until SIGTERM; SIGHUP loads the files anew.

    With --once, run one check against one address, as a prober here would. Exit code 0: passed, 1: failed, 2: wrong usage, 3: could not look.
    """
    from gslb.cli.checking import settings_or_exit
    from gslb.errors import UsageError

    if once and check and address:
        return _once(check, address, config, format_)
    if once:
        raise UsageError("--once needs a check and an address: gslb probe --once CHECK ADDRESS")
    if check:
        raise UsageError("to look once at one address, say --once; a prober on its own takes what to look at from the zone files")
    from gslb.role import probe as role

    role.run(settings_or_exit(config))
    return 0


def _once(check: str, address: str, config: Path | None, format_: Format) -> int:
    """Look once and show it."""
    import asyncio
    import json
    from ipaddress import ip_address

    from gslb.cli import look_view
    from gslb.cli.checking import settings_or_exit
    from gslb.cli.output import shown
    from gslb.errors import UsageError

    try:
        there = ip_address(address)
    except ValueError:
        raise UsageError(f"{address!r} is not an IP address; names are not resolved") from None
    settings = settings_or_exit(config)
    definition = _definition(check, settings)
    seen, trace = asyncio.run(_look(definition, there, programs=settings.probe is not None and settings.probe.exec))
    if format_ is Format.JSON:
        typer.echo(json.dumps(look_view.as_json(definition, there, seen, trace), indent=2))
    else:
        typer.echo(shown(look_view.text(definition, there, seen, trace)))
    return {"ok": 0, "fail": 1}.get(seen.result, 3)


def _definition(name: str, settings: Settings) -> Check:
    """Find the check in the files. Raises UsageError, with all problems where there are any."""
    from gslb import config
    from gslb.config import report
    from gslb.errors import UsageError

    loaded = config.load(settings.zones, settings.geo.networks)
    if loaded.fatal:
        raise UsageError(report.text(loaded.problems, loaded.sources))
    if name not in loaded.model.checks:
        raise UsageError(f"there is no check {name!r}; there are: {', '.join(sorted(loaded.model.checks)) or 'none'}")
    return loaded.model.checks[name]


async def _look(definition: Check, there: Address, *, programs: bool) -> tuple[Observation, Trace]:
    """Look as the prober does, recording."""
    from gslb.check import once, trace

    with trace.recording() as recorded:
        return await once.look_as(definition, there, programs=programs), recorded
