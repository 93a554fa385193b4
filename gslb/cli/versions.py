"""`gslb version`: what runs here, which engine answers, and what extends it."""

from __future__ import annotations

from typing import Annotated, Final

import typer

GROUPS: Final = ("gslb.policies", "gslb.checks", "gslb.stores")


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("version")(version)


def version(json_: Annotated[bool, typer.Option("--json", help="Everything, as JSON.")] = False) -> None:  # noqa: FBT002  typer's way
    """Print the version, the engine that `dns.engine: auto` means here, and the extensions."""
    import json
    import platform

    from gslb import __version__
    from gslb.transport import engines, native

    why_not = native.unfit()
    engine = "python" if why_not else "native"  # of the same version, or it is not used
    python = platform.python_version()
    extensions = _extensions()
    if json_:
        typer.echo(json.dumps({"version": __version__, "engine": engine, "not_native": why_not, "python": python, "extensions": extensions}))
        return
    typer.echo(f"gslb {__version__}, engine {engine}, Python {python}")
    if why_not:
        typer.echo(f"not the native engine: {why_not} ({engines.HINT})")
    for one in extensions:
        typer.echo(f"{one['kind']} {one['name']}: {one['package']} {one['version']}")


def _extensions() -> list[dict[str, str]]:
    """Name what other packages add."""
    from importlib.metadata import entry_points

    found = []
    for group in GROUPS:
        for entry in entry_points(group=group):
            package, version_ = (entry.dist.name, entry.dist.version) if entry.dist else (entry.module, "")
            found.append({"kind": group, "name": entry.name, "package": package, "version": version_})
    return found
