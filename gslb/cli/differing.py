"""`gslb diff`: what a change of files does, before it is applied."""

from __future__ import annotations

import time
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from gslb.cli.simulating import All, Load, Sample, SettingsPath, read_sample

if TYPE_CHECKING:
    from gslb.config.settings import Settings
    from gslb.explain.subject import Subject

DIFFERS: Final = 3  # exit code
REFUSED: Final = 4  # exit code: it differs, and a guard refuses it


class Form(StrEnum):
    """How the difference is written."""

    TABLE = "table"
    MARKDOWN = "markdown"
    JSON = "json"
    YAML = "yaml"


Old = Annotated[str, typer.Argument(metavar="OLD", help="A folder, a file, or a git revision of one: HEAD~1:zones/.")]
New = Annotated[str, typer.Argument(metavar="NEW", help="The same; with --live the only one.", show_default=False)]
Now = Annotated[bool, typer.Option("--now", help="In the states of the last votes and overrides on this machine's disk, not as if all were well.")]
Live = Annotated[bool, typer.Option("--live", help="From what the running node serves, in its states, to the files that are named.")]


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("diff", no_args_is_help=True)(diff)


def diff(  # noqa: PLR0917  typer makes each an option
    old: Old,
    new: New = "",
    load: Load = None,
    sample: Sample = None,
    now: Now = False,  # noqa: FBT002  typer's way
    live: Live = False,  # noqa: FBT002
    all_: All = False,  # noqa: FBT002
    output: Annotated[Form, typer.Option("--output", "-o", help="markdown: a merge request's comment; json, yaml: everything.")] = Form.TABLE,
    config: SettingsPath = None,
) -> int:
    """Show what a change does before it is applied: names, records, pools, and how many clients of which countries go to other sites.

    Exit code 0: no difference, 3: they differ, 4: they differ and a guard refuses it (`gslb publish` would, too), 1 and 2: as ever.
    """
    from gslb.errors import UsageError

    if live and new:
        raise UsageError("--live compares the running node with one thing: gslb diff --live zones/")
    if not live and not new:
        raise UsageError("compare with what? gslb diff HEAD:zones/ zones/")
    data = _live(old, load, read_sample(sample), config) if live else _from_files((old, new), load, read_sample(sample), now, config)
    _write(data, output, 0 if all_ else None)
    refused = any(one["level"] == "refuse" for one in data["guards"])
    return 0 if data["same"] else REFUSED if refused else DIFFERS


def _write(data: dict[str, Any], form: Form, few: int | None) -> None:
    from gslb.cli.output import as_json, shown, yaml
    from gslb.explain import difference_text, simulation_text

    few = simulation_text.FEW if few is None else few
    match form:
        case Form.TABLE:
            typer.echo(shown(difference_text.text(data, few)), nl=False)
        case Form.MARKDOWN:
            typer.echo(shown(difference_text.markdown(data, few)), nl=False)
        case Form.JSON:
            typer.echo(as_json(data, indent=2))
        case Form.YAML:
            typer.echo(yaml(data), nl=False)


def _from_files(named: tuple[str, str], load: float | None, sample: str, now: bool, config: Path | None) -> dict[str, Any]:  # noqa: FBT001  as told
    from gslb import explain
    from gslb.cli import progress, revision
    from gslb.cli.serving import load_settings
    from gslb.explain import population, subject

    settings, _path = load_settings(config)
    with progress.bar() as tell:
        tell(f"reading {named[0]}", 0, 4)
        before = revision.model(named[0], settings.geo.networks)
        tell(f"reading {named[1]}", 1, 4)
        after = revision.model(named[1], settings.geo.networks)
        tell("compiling", 2, 4)
        old = _compiled(settings, before, states=now)
        tell("compiling", 3, 4)
        new = subject.changed(old, after)
        found = population.sample(sample, "the sample", old, new, progress=tell) if sample else population.built_in(old, new)
        return explain.difference(old, new, found, load=load, progress=tell)


def _compiled(settings: Settings, model: Any, *, states: bool) -> Subject:
    from gslb.explain import subject

    return subject.of_model(settings, model, time.time(), states=states, cut=False)


def _live(named: str, load: float | None, sample: str, config: Path | None) -> dict[str, Any]:
    from gslb.cli import revision
    from gslb.cli.serving import ask, load_settings

    settings, _path = load_settings(config)
    return ask("diff", config, files=revision.texts(named, settings.geo.networks), load=load, sample=sample)
