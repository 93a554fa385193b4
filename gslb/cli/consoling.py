"""`gslb control`: the API and the dashboard as a process of its own."""

from __future__ import annotations

import typer

from gslb.cli.serving import SettingsPath, load_settings


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("control")(control)


def control(config: SettingsPath = None) -> None:
    """Serve the API and the dashboard of a fleet until Ctrl-C or SIGTERM; SIGHUP reloads. It answers no DNS: nobody's answers depend on it."""
    from gslb.role import console

    settings, _path = load_settings(config)
    console.run(settings)
