"""`gslb key`: keys under votes, overrides and what sites say of themselves."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

Name = Annotated[str, typer.Argument(metavar="NAME", help="Who will sign: the prober's name, the operator's, or the site's.")]
Into = Annotated[Path | None, typer.Option("--file", "-f", help="Where the private key is written; the default is NAME.key.", show_default=False)]


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    group = typer.Typer(help="Make and show keys for a shared store.", no_args_is_help=True, rich_markup_mode=None)
    group.command("generate", no_args_is_help=True)(generate)
    group.command("show", no_args_is_help=True)(show)
    app.add_typer(group, name="key")


def generate(name: Name, file: Into = None) -> None:
    """Make a key: the private half into a file of mode 0600, the public line for keys.yaml to standard output. Never writes over a file."""
    from gslb.errors import UsageError
    from gslb.store import keys

    text, public = keys.generate(name)
    path = file or Path(f"{name}.key")
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(descriptor, "w", encoding="utf-8") as out:  # noqa: PTH123  a descriptor, so that nobody can read it for a moment
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
    except FileExistsError:
        raise UsageError(f"{path} is there already: a key is never written over; name another file with --file") from None
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}") from None
    typer.echo(f"the private key of {name} is in {path}; in keys.yaml it is known by:", err=True)
    typer.echo(public)


def show(files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Files with private keys.")]) -> None:
    """Show whose private keys these are, and their public lines."""
    from gslb.store import keys

    for path in files:
        signer = keys.read_signer(path)
        typer.echo(f"{signer.name} {signer.public}")
