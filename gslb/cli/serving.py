"""`gslb run`, `serve`, `reload`, `status`: the service, and the one that is running."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gslb.cli.output import AsOutput, Output, chosen, write

if TYPE_CHECKING:
    from gslb.config.settings import Settings

SettingsPath = Annotated[
    Path | None, typer.Option("--config", "-c", help="Settings; the default is gslb.yaml here, if there is one.", show_default=False)
]
Listen = Annotated[list[str] | None, typer.Option(help="ADDRESS:PORT instead of the settings' `dns.listen`; may be repeated.", show_default=False)]
AsJson = Annotated[bool, typer.Option("--json", help="Everything, as JSON.")]
Watch = Annotated[bool, typer.Option("--watch", help="Show it anew every second, until Ctrl-C.")]
Force = Annotated[bool, typer.Option("--force", help="Even where most zones or names that are served would be gone.")]


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.command("run")(run)
    app.command("serve")(serve)
    app.command("reload")(reload)
    app.command("status")(status)


def run(config: SettingsPath = None, listen: Listen = None) -> None:
    """Serve and probe, all in one, until Ctrl-C or SIGTERM; SIGHUP reloads."""
    from gslb.role import embedded

    settings, path = load_settings(config, listen)
    embedded.run(settings, path)


def serve(config: SettingsPath = None, listen: Listen = None) -> None:
    """Serve from the votes in the store; probe only where the settings have `probe`."""
    from gslb.role import serve as role

    settings, path = load_settings(config, listen)
    role.serve(settings, path)


def reload(config: SettingsPath = None, json_: AsJson = False, force: Force = False) -> int:  # noqa: FBT002  typer's way
    """Make the running service load its files anew: whole, or not at all."""
    answer = ask("reload", config, force=force)
    if json_:
        typer.echo(json.dumps(answer))
    else:
        typer.echo(answer["text"], nl=False, err=not answer["accepted"])
        for warning in answer.get("warnings", ()):
            typer.echo(f"gslb: warning: {warning}", err=True)
        if answer["accepted"]:
            served = "served now" if answer["served"] else "a plane does not serve it yet, see `gslb status`"
            typer.echo(f"accepted: {answer['zones']} zones in {answer['seconds']:.1f} s, generation {answer['generation']}, {served}")
        else:
            typer.echo("gslb: refused; what was served goes on being served", err=True)
    return 0 if answer["accepted"] else 1


def status(
    config: SettingsPath = None,
    output: AsOutput = Output.TABLE,
    json_: AsJson = False,  # noqa: FBT002
    watch: Watch = False,  # noqa: FBT002
) -> None:
    """Show the running service: its store, probers and fellow nodes, pools, members, checks, planes."""
    output = chosen(output, as_json=json_)
    if watch and output is Output.TABLE:
        from gslb.cli import status_view

        status_view.watch(lambda: ask("status", config))
        return
    answer = ask("status", config)

    def table() -> None:
        from gslb.cli import status_view

        status_view.show(answer)

    write(answer, output, table)


def load_settings(config: Path | None, listen: list[str] | None = None) -> tuple[Settings, Path | None]:
    """Read the settings; what the command line says is put into the environment, so that child processes see it too."""
    from gslb.cli.checking import settings_or_exit

    if listen:
        os.environ["GSLB_DNS_LISTEN"] = ",".join(listen)
    return settings_or_exit(config), config


def ask(command: str, config: Path | None, **said: Any) -> dict[str, Any]:
    """Ask the running service. Raises GslbError with what it says against it."""
    from gslb.errors import GslbError
    from gslb.role import local

    settings, _path = load_settings(config)
    answer = local.ask(settings.control_socket, command, **said)
    if "error" in answer:
        raise GslbError(answer["error"])
    return answer
