"""`gslb health`: whether the service of these settings is alive, or ready, for HEALTHCHECK of containers and the like.

It asks `/livez` or `/readyz` where the role serves them: on `metrics.listen`, or, of `gslb control`, on `api.listen`. It needs no rights and no
token, and it says nothing of sites: a nameserver is healthy while it answers, whatever happens to what it watches.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Annotated, Final

import typer

from gslb.cli.serving import SettingsPath, load_settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from http.client import HTTPConnection

    from gslb.config.settings import Settings

SECONDS: Final = 2.0  # to connect, and to answer
SHOWN: Final = 500  # octets of what it says against itself

Ready = Annotated[bool, typer.Option("--ready", help="Whether it has what it needs to answer, not only whether it lives.")]


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("health")(health)


def health(config: SettingsPath = None, ready: Ready = False) -> int:  # noqa: FBT002  typer's way
    """Say whether the service here is alive; exit code 1: it is not."""
    from http.client import HTTPException

    settings, _path = load_settings(config)
    path = "/readyz" if ready else "/livez"
    for where, connection in _doors(settings):
        with contextlib.closing(connection), contextlib.suppress(OSError, HTTPException):
            connection.request("GET", path, headers={"Host": "localhost"})
            answer = connection.getresponse()
            said = answer.read(SHOWN).decode(errors="replace").strip()
            typer.echo(said if answer.status == 200 else f"gslb: {said}", err=answer.status != 200)  # RFC 9110 15.3.1
            return 0 if answer.status == 200 else 1
        typer.echo(f"gslb: nobody answers at {where}", err=True)
    return 1


def _doors(settings: Settings) -> Iterator[tuple[str, HTTPConnection]]:
    """Walk the places where it may be asked."""
    from http.client import HTTPConnection

    if endpoint := settings.metrics_endpoint:
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(endpoint.host, endpoint.host)  # noqa: S104  where it listens, not where we do
        yield str(endpoint), HTTPConnection(host, endpoint.port, timeout=SECONDS)
