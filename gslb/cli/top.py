"""`gslb top`: what is asked and answered now, in a terminal, until Ctrl-C."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

SettingsPath = Annotated[Path | None, typer.Option("--config", "-c", help="Settings; the default is gslb.yaml here.", show_default=False)]
Once = Annotated[bool, typer.Option("--once", help="One picture, and end: for a file, or a look from afar.")]


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("top")(top)


def top(once: Once = False, config: SettingsPath = None) -> None:  # noqa: FBT002  typer's way
    """Watch queries a second, response codes, sites, pools, the worst members, and what is wrong; until Ctrl-C."""
    from gslb.cli import top_view
    from gslb.cli.serving import ask

    view = top_view.View(lambda command: ask(command, config))
    if once:
        view.show()
    else:
        view.watch()
