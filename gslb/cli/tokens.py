"""`gslb token`: who may use the API from elsewhere."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from gslb.cli.serving import AsJson, SettingsPath

Name = Annotated[str, typer.Argument(metavar="NAME", help="Who will use it: it is the author of all that is said with it.", show_default=False)]
File = Annotated[Path | None, typer.Option("--file", "-f", help="The file of tokens; the default is the settings' `api.tokens`.", show_default=False)]
Scope = Annotated[str, typer.Option("--scope", "-s", help="What it may do: read, drain, write or admin, each with all before it.")]
Zones = Annotated[
    list[str] | None, typer.Option("--zone", "-z", help="May change records of this zone and those below, and nothing else; may be repeated.")
]
Expires = Annotated[str, typer.Option("--expires", help="When it ends: 90d, 12h, or never.")]


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    group = typer.Typer(help="Make, list and revoke tokens of the API.", no_args_is_help=True, rich_markup_mode=None)
    group.command("create", no_args_is_help=True)(create)
    group.command("list")(list_)
    group.command("revoke", no_args_is_help=True)(revoke)
    group.command("check")(check)
    app.add_typer(group, name="token")


def create(  # noqa: PLR0917  typer makes each an option
    name: Name, scope: Scope = "read", zones: Zones = None, expires: Expires = "90d", file: File = None, config: SettingsPath = None
) -> None:
    """Make a token and print it, this once: the file keeps its digest only."""
    from gslb.api import tokens
    from gslb.api.service import Scope as Scopes
    from gslb.errors import UsageError

    if scope not in list(Scopes):
        raise UsageError(f"there is no scope {scope!r}: {', '.join(Scopes)}")
    path = _file(file, config)
    secret = tokens.create(path, name, Scopes(scope), tuple(zone.lower().rstrip(".") for zone in zones or ()), _end(expires))
    typer.echo(f"the token of {name}, which may {scope}; {path} knows its digest, and nobody can show it again:", err=True)
    typer.echo(secret)


def list_(file: File = None, json_: AsJson = False, config: SettingsPath = None) -> None:  # noqa: FBT002  typer's way
    """Show the tokens there are: names, scopes, zones, when they end."""
    import json

    from gslb.api import tokens

    now = time.time()
    rows: list[dict[str, Any]] = [
        {
            "name": one.name,
            "scope": one.scope.value,
            "zones": list(one.zones),
            "created": tokens.told(one.created),
            "expires": tokens.told(one.expires),
            "expired": not one.holds(now),
        }
        for one in tokens.load(_file(file, config)).values()
    ]
    if json_:
        typer.echo(json.dumps(rows))
        return
    for row in rows:
        end = "for ever" if row["expires"] is None else f"expired {row['expires']}" if row["expired"] else f"until {row['expires']}"
        typer.echo(f"{row['name']:<24} {row['scope']:<6} {end}" + (f"  zones: {', '.join(row['zones'])}" if row["zones"] else ""))
    if not rows:
        typer.echo("no tokens: make one with gslb token create NAME")


def revoke(name: Name, file: File = None, config: SettingsPath = None) -> None:
    """Take a token away: a running service heeds it within two seconds."""
    from gslb.api import tokens

    tokens.revoke(_file(file, config), name)
    typer.echo(f"the token of {name} is no more")


def check(file: File = None, config: SettingsPath = None) -> int:
    """Read a token from standard input and say whose it is. Exit code 0: it counts, 1: it does not."""
    from gslb.api import tokens

    found = tokens.Tokens(_file(file, config)).find(sys.stdin.readline().strip())
    if found is None:
        typer.echo("nobody's token", err=True)
        return 1
    holds = found.holds(time.time())
    end = f"until {tokens.told(found.expires)}" if found.expires else "for ever"
    typer.echo(f"{found.name} {found.scope.value} {end}{'' if holds else ': expired'}")
    return 0 if holds else 1


def _file(file: Path | None, config: Path | None) -> Path:
    """Find the file of tokens. Raises UsageError."""
    if file is not None:
        return file
    from gslb.cli.serving import load_settings
    from gslb.errors import UsageError

    settings, _path = load_settings(config)
    if settings.api is None or settings.api.tokens is None:
        raise UsageError("which file? name it with --file, or as api.tokens in the settings")
    return settings.api.tokens


def _end(text: str) -> float | None:
    """Read when a token ends. Raises UsageError."""
    from gslb.config import durations
    from gslb.errors import UsageError

    if text == "never":
        return None
    try:
        return time.time() + durations.seconds(text)
    except ValueError as error:
        raise UsageError(f"--expires {text}: {error}; or never") from None
