"""`gslb geodb`: what the geo databases say, and whether they can be trusted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

Database = Annotated[Path | None, typer.Option("--database", "-d", help="MMDB file or folder; the default is the settings'.", show_default=False)]
SettingsPath = Annotated[Path | None, typer.Option("--config", "-c", help="Settings; the default is gslb.yaml here.", show_default=False)]


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    group = typer.Typer(help="Look into geo databases.", no_args_is_help=True, rich_markup_mode=None)
    group.command("info")(info)
    group.command("lookup", no_args_is_help=True)(lookup)
    group.command("verify")(verify)
    app.add_typer(group, name="geodb")


def info(database: Database = None, config: SettingsPath = None) -> None:
    """Describe the databases: type, age, networks, what they know."""
    from gslb.geo import inspect

    for one in inspect.info(_database(database, config)):
        _show(one)


def lookup(
    addresses: Annotated[list[str], typer.Argument(metavar="ADDRESS...", help="IPv4 or IPv6.")],
    database: Database = None,
    config: SettingsPath = None,
) -> None:
    """Say where addresses are, in which network, and who says so; the operator's networks included."""
    from gslb import config as operator
    from gslb import geo
    from gslb.cli.serving import load_settings
    from gslb.geo import inspect

    settings, _path = load_settings(config)
    model = operator.load(settings.zones, settings.geo.networks).model
    for address in addresses:
        _show(inspect.lookup(address, database or settings.geo.database or geo.shipped(), model.networks, model.sites))


def verify(database: Database = None, config: SettingsPath = None) -> int:
    """Read the databases whole, and compare them with MaxMind's own readers. Exit code 1: they differ."""
    from gslb.geo import inspect, source

    told = [inspect.verify(path) for path in source.files(_database(database, config))]
    for one in told:
        _show(one)
    return 0 if all(one["ok"] for one in told) else 1


def _database(given: Path | None, config: Path | None) -> Path:
    from gslb import geo
    from gslb.cli.serving import load_settings
    from gslb.errors import UsageError

    path = given or load_settings(config)[0].geo.database or geo.shipped()
    if path is None:
        raise UsageError("no geo database came with this installation: name one with --database, or geo.database in gslb.yaml")
    return path


def _show(facts: dict[str, Any]) -> None:
    """Print one thing as `key: value` lines; what is nested stays JSON."""
    for key, value in facts.items():
        typer.echo(f"{key}: {value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}")
    typer.echo("")
