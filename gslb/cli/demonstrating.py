"""`gslb demo`: the service with four simulated sites and a screen that says what to try; `gslb site-sim` breaks and mends them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

SettingsPath = Annotated[Path | None, typer.Option("--config", "-c", help="Settings; the default is gslb.yaml here.", show_default=False)]


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.command("demo")(demo)
    app.command("site-sim", no_args_is_help=True)(site_sim)


def demo(config: SettingsPath = None) -> None:
    """Try it: simulated sites, the service, and what to type. Ctrl-C stops everything."""
    from gslb.cli.demonstration import Demonstration
    from gslb.cli.serving import load_settings
    from gslb.errors import UsageError

    settings, path = load_settings(config)
    if not any(zone.exists() for zone in settings.zones):
        raise UsageError(
            f"no zones to demonstrate with in {settings.zones[0]}: run it where gslb.yaml and zones/ are, or name settings with --config"
        )
    Demonstration(settings, path).run()


def site_sim(
    command: Annotated[str, typer.Argument(metavar="break|mend|status|run", help="run: only the sites, in the foreground.")],
    site: Annotated[str, typer.Argument(help="fra, iad, sjc, sin, or all.")] = "",
    how: Annotated[str, typer.Argument(help="break by: stop, hang, error, slow.")] = "",
    config: SettingsPath = None,
) -> None:
    """Break and mend the demonstration's sites."""
    from gslb.cli.demonstration import run_sites, sites_socket
    from gslb.cli.serving import load_settings
    from gslb.role import simulated

    control = sites_socket(load_settings(config)[0])
    if command == "run":
        run_sites(control)
        return
    for status in simulated.tell(control, " ".join(word for word in (command, site, how) if word)):
        typer.echo(f"{status.site}  {status.address}:{status.port}  {status.mode:<5}  {status.requests} requests")
