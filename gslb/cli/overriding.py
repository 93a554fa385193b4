"""`gslb site|pool|member VERB NAME…`, `gslb hold`, `gslb overrides`: what an operator says against or beside what checks say."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from gslb.cli import completing
from gslb.cli.output import AsOutput, Output, chosen, write

SettingsPath = Annotated[
    Path | None, typer.Option("--config", "-c", help="Settings; the default is gslb.yaml here, if there is one.", show_default=False)
]
Reason = Annotated[str, typer.Option("--reason", "-r", help="Why, for those who find it later.", show_default=False)]
For = Annotated[str, typer.Option("--for", help="How long: 30s, 90m, 2h, 3d; without it until it is taken back.", show_default=False)]
By = Annotated[str, typer.Option("--by", help="Who says it; the default is your login name.", show_default=False)]
Force = Annotated[bool, typer.Option("--force", help="Even where a pool is left with nothing, or with fewer sites than its `min_sites`.")]
AsJson = Annotated[bool, typer.Option("--json", help="Everything, as JSON.")]
Names = Annotated[list[str], typer.Argument(metavar="NAME...", help="As the files name them.", show_default=False, autocompletion=completing.names)]
Weight = Annotated[int, typer.Argument(metavar="WEIGHT", min=0, max=1_000_000, help="Instead of the file's.", show_default=False)]

LEVELS: Final = {
    "site": "Sites: their members in all pools.",
    "pool": "Pools: all of their members.",
    "member": "Members of pools, named POOL/MEMBER.",
}
VERBS: Final = {
    "drain": "No new answers; still probed. Says when the last cached answer expires.",
    "down": "As if their checks had failed.",
    "up": "As if their checks had passed; replaces `down`.",
}
BACK: Final = {
    "undrain": "Take a drain back.",
    "clear": "Take everything back that was said of them.",
}


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    for level, help_ in LEVELS.items():
        family = typer.Typer(name=level, help=f"{help_} Verbs: drain, undrain, down, up, weight, clear.", no_args_is_help=True, rich_markup_mode=None)
        for verb, text in VERBS.items():
            family.command(verb, help=text, no_args_is_help=True)(_saying(level, verb))
        family.command("weight", help="Another weight than the file's.", no_args_is_help=True)(_weighing(level))
        for verb, text in BACK.items():
            family.command(verb, help=text, no_args_is_help=True)(_taking_back(level, verb))
        app.add_typer(family)
    app.command("hold")(hold)
    app.command("overrides")(overrides)


def _saying(level: str, verb: str) -> Callable[..., None]:
    def command(  # noqa: PLR0917  typer makes each an option
        names: Names,
        reason: Reason = "",
        seconds: For = "",
        by: By = "",
        force: Force = False,  # noqa: FBT002  typer's way
        json_: AsJson = False,  # noqa: FBT002
        config: SettingsPath = None,
    ) -> None:
        _say(config, as_json=json_, level=level, verb=verb, names=names, force=force, **_signed(reason, seconds, by))

    return command


def _weighing(level: str) -> Callable[..., None]:
    def command(  # noqa: PLR0917  as above
        weight: Weight,
        names: Names,
        reason: Reason = "",
        seconds: For = "",
        by: By = "",
        json_: AsJson = False,  # noqa: FBT002
        config: SettingsPath = None,
    ) -> None:
        _say(config, as_json=json_, level=level, verb="weight", weight=weight, names=names, **_signed(reason, seconds, by))

    return command


def _taking_back(level: str, verb: str) -> Callable[..., None]:
    def command(  # noqa: PLR0917  as above
        names: Names,
        reason: Reason = "",
        by: By = "",
        force: Force = False,  # noqa: FBT002
        json_: AsJson = False,  # noqa: FBT002
        config: SettingsPath = None,
    ) -> None:
        _say(config, as_json=json_, level=level, verb=verb, names=names, force=force, **_signed(reason, "", by))

    return command


def hold(  # noqa: PLR0917  as above
    reason: Reason = "",
    seconds: For = "",
    by: By = "",
    release: Annotated[bool, typer.Option("--release", help="Let checks decide again.")] = False,  # noqa: FBT002
    json_: AsJson = False,  # noqa: FBT002
    config: SettingsPath = None,
) -> None:
    """Freeze all verdicts as they are: what checks find changes no answer until the hold ends. Overrides go on working."""
    from gslb.cli import override_view
    from gslb.cli.serving import ask

    answer = ask("hold", config, release=release, **_signed(reason, seconds, by))
    typer.echo(json.dumps(answer) if json_ else override_view.hold(answer))


def overrides(output: AsOutput = Output.TABLE, json_: AsJson = False, config: SettingsPath = None) -> None:  # noqa: FBT002
    """Show what stands: overrides and the hold, with author, reason and end."""
    from gslb.cli import override_view
    from gslb.cli.serving import ask

    answer = ask("overrides", config)
    write(answer, chosen(output, as_json=json_), lambda: override_view.show(answer))


def _say(config: Path | None, *, as_json: bool, **said: Any) -> None:
    from gslb.cli import override_view
    from gslb.cli.serving import ask

    answer = ask("override", config, **said)
    typer.echo(json.dumps(answer) if as_json else override_view.said(answer))


def _signed(reason: str, duration: str, by: str) -> dict[str, Any]:
    """Say who says it, why, and for how long. Raises UsageError."""
    import getpass

    from gslb.config import durations
    from gslb.errors import UsageError

    try:
        seconds = durations.seconds(duration) if duration else None
    except ValueError as error:
        raise UsageError(f"--for {duration}: {error}") from None
    try:
        author = by or getpass.getuser()
    except (KeyError, OSError):  # a user without a name, as in some containers
        author = ""
    return {"reason": reason, "seconds": seconds, "author": author}
