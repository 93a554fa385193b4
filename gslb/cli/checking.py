"""`gslb check`, `schema`: files judged without serving them."""

from __future__ import annotations

import json
import os
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gslb.cli.output import Output, write

if TYPE_CHECKING:
    from gslb.config.settings import Settings


class Format(StrEnum):
    """How problems are written."""

    TEXT = "text"
    JSON = "json"
    GITHUB = "github"


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.command("check", no_args_is_help=True)(check)
    app.command("schema")(schema)


def check(  # noqa: PLR0917  typer makes each an option
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Files and folders; together they are one namespace.")],
    format_: Annotated[Format, typer.Option("--format", help="github: annotations beside the lines of a change.")] = Format.TEXT,
    output: Annotated[
        Output | None, typer.Option("--output", "-o", help="table: as --format text; json, yaml: for programs.", show_default=False)
    ] = None,
    networks: Annotated[Path | None, typer.Option(help="The operator's networks.", show_default=False)] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings are errors.")] = False,  # noqa: FBT002  typer's way
    silence: Annotated[
        list[str] | None, typer.Option(metavar="CODE", help="Leave warnings of this code out; may be repeated.", show_default=False)
    ] = None,
) -> int:
    """Judge zones, pools, sites and checks: all problems at once. Exit code 0: fine, 1: problems, 2: wrong usage."""
    from gslb import config
    from gslb.config import report
    from gslb.errors import UsageError

    for path in paths:
        if not path.exists():
            raise UsageError(f"there is no {path}")
    loaded = config.load(paths, networks, silence=frozenset(silence or ()))
    if output in {Output.JSON, Output.YAML}:
        write(json.loads(report.as_json(loaded.problems, loaded.sources)), output, str)
        return 1 if loaded.fatal or (strict and loaded.problems) else 0
    render = {Format.TEXT: report.text, Format.JSON: report.as_json, Format.GITHUB: report.github}[format_]
    typer.echo(render(loaded.problems, loaded.sources), nl=False)
    if format_ is Format.TEXT and not loaded.problems:
        model = loaded.model
        typer.echo(f"no problems: {len(model.zones)} zones, {len(model.pools)} pools, {len(model.sites)} sites")
    return 1 if loaded.fatal or (strict and loaded.problems) else 0


def schema() -> None:
    """Print the JSON Schema of the operator's YAML files, for editors."""
    from gslb.config.schema import json_schema

    typer.echo(json.dumps(json_schema(), indent=2))


def settings_or_exit(path: Path | None) -> Settings:
    """Read the settings; their problems are shown whole, and the exit code is 2."""
    from gslb.config import report
    from gslb.config.settings import FILE, load
    from gslb.errors import ConfigError, UsageError

    try:
        return load(path, os.environ)
    except ConfigError as error:
        file = path or FILE
        sources = {str(file): file.read_text(errors="replace")} if file.is_file() else {}
        raise UsageError(report.text(error.problems, sources)) from None
