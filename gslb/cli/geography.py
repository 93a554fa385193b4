"""`gslb geodb`: what the geo databases say, and whether they can be trusted."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from gslb.cli.output import AsOutput, Output, write

Database = Annotated[Path | None, typer.Option("--database", "-d", help="MMDB file or folder; the default is the settings'.", show_default=False)]
SettingsPath = Annotated[Path | None, typer.Option("--config", "-c", help="Settings; the default is gslb.yaml here.", show_default=False)]


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    group = typer.Typer(help="Look into geo databases.", no_args_is_help=True, rich_markup_mode=None)
    group.command("info")(info)
    group.command("lookup", no_args_is_help=True)(lookup)
    group.command("verify")(verify)
    app.add_typer(group, name="geodb")


def info(database: Database = None, output: AsOutput = Output.TABLE, config: SettingsPath = None) -> None:
    """Describe the databases: type, age, networks, what they know."""
    from gslb.geo import inspect

    told = list(inspect.info(_database(database, config)))
    write(told, output, lambda: _text(told))


def lookup(
    addresses: Annotated[list[str], typer.Argument(metavar="ADDRESS...", help="IPv4 or IPv6.")],
    database: Database = None,
    output: AsOutput = Output.TABLE,
    config: SettingsPath = None,
) -> None:
    """Say where addresses are, in which network, and who says so; the operator's networks included."""
    from gslb import config as operator
    from gslb import geo
    from gslb.cli.serving import load_settings
    from gslb.geo import inspect

    settings, _path = load_settings(config)
    model = operator.load(settings.zones, settings.geo.networks).model
    used = database or settings.geo.database or geo.shipped()
    told = [inspect.lookup(address, used, model.networks, model.sites) for address in addresses]
    write(told, output, lambda: _text(told))


def verify(database: Database = None, output: AsOutput = Output.TABLE, config: SettingsPath = None) -> int:
    """Read the databases whole, and compare them with MaxMind's own readers. Exit code 1: they differ."""
    from gslb.geo import inspect, source

    told = [inspect.verify(path) for path in source.files(_database(database, config))]
    write(told, output, lambda: _text(told))
    return 0 if all(one["ok"] for one in told) else 1


def _database(given: Path | None, config: Path | None) -> Path:
    from gslb import geo
    from gslb.cli.serving import load_settings
    from gslb.errors import UsageError

    path = given or load_settings(config)[0].geo.database or geo.shipped()
    if path is None:
        raise UsageError("no geo database came with this installation: name one with --database, or geo.database in gslb.yaml")
    return path


def _text(told: Sequence[dict[str, Any]]) -> str:
    """Write each thing as `key: value` lines; what is nested stays JSON."""
    return "".join("".join(f"{key}: {_value(value)}\n" for key, value in facts.items()) + "\n" for facts in told)


def _value(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
