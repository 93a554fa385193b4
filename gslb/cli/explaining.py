"""`gslb explain`: why a client gets what it gets."""

from __future__ import annotations

import time
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from gslb.cli.output import AsOutput, Output, chosen, write

SettingsPath = Annotated[Path | None, typer.Option("--config", "-c", help="Settings; the default is gslb.yaml here.", show_default=False)]


class Format(StrEnum):
    """How the explanation is written."""

    TEXT = "text"
    JSON = "json"


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("explain", no_args_is_help=True)(explain)


def explain(  # noqa: PLR0917  typer makes each an option
    name: Annotated[str, typer.Argument(help="As a client asks: www.example.com.")],
    type_: Annotated[str, typer.Argument(metavar="[TYPE]", help="A, AAAA, or any other type.")] = "A",
    client: Annotated[str, typer.Option(help="The address that asks; a resolver's, where there is a --subnet.")] = "",
    subnet: Annotated[str, typer.Option(help="The client subnet that a resolver sends along: 203.0.113.0/24.")] = "",
    country: Annotated[str, typer.Option(help="Clients of this country, by two letters; every part that is answered differently is shown.")] = "",
    assume_down: Annotated[
        list[str] | None,
        typer.Option(metavar="SITE|POOL/MEMBER", help="Take it as down; may be repeated. Also site:SITE, pool:POOL.", show_default=False),
    ] = None,
    assume_drained: Annotated[
        list[str] | None, typer.Option(metavar="SITE|POOL/MEMBER", help="Take it as drained; may be repeated.", show_default=False)
    ] = None,
    at: Annotated[str, typer.Option(metavar="TIME", help="Another time: 2026-12-24T18:00 (UTC unless it says otherwise), or +2h.")] = "",
    live: Annotated[bool, typer.Option("--live", help="Ask the running node: its files, states and overrides, as it serves them now.")] = False,  # noqa: FBT002  typer's way
    output: AsOutput = Output.TABLE,
    format_: Annotated[Format, typer.Option("--format", help="json: as --output json.")] = Format.TEXT,
    config: SettingsPath = None,
) -> None:
    """Explain why a client gets an answer: place, region, each filter with whom it dropped and why, shares, TTL, scope."""
    from gslb.explain import text

    said = {
        "name": name, "type": type_, "client": client, "subnet": subnet, "country": country,
        "assume_down": assume_down or [], "assume_drained": assume_drained or [], "at": at,
    }  # fmt: skip
    data = _live(said, config) if live else _from_files(said, config)
    write(data, chosen(output, as_json=format_ is Format.JSON), lambda: text(data))


def _from_files(said: dict[str, Any], config: Path | None) -> dict[str, Any]:
    from gslb import explain
    from gslb.cli.serving import load_settings
    from gslb.explain import subject

    now = time.time()
    question = explain.read(said, now)  # mistakes of the command line before files are read
    settings, _path = load_settings(config)
    return explain.explain(subject.read(settings, now), question)


def _live(said: dict[str, Any], config: Path | None) -> dict[str, Any]:
    from gslb.cli.serving import load_settings
    from gslb.errors import GslbError
    from gslb.role import local

    settings, _path = load_settings(config)
    answer = local.ask(settings.control_socket, "explain", question=said)
    if "error" in answer:
        raise GslbError(answer["error"])
    return answer
