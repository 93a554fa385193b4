"""`gslb publish`, `gslb rollback`, `gslb config list|show|diff`: the files that all nodes of a fleet follow.

These go to the store itself, with the operator's own key: no service needs to run where they are used.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from gslb.cli.output import AsOutput, Output, shown, write

if TYPE_CHECKING:
    from gslb.role.bundle_desk import BundleDesk, Order

SettingsPath = Annotated[Path | None, typer.Option("--config", "-c", help="Settings; the default is gslb.yaml here.", show_default=False)]
Folder = Annotated[Path, typer.Argument(metavar="DIR", help="A folder of zones.", show_default=False)]
Networks = Annotated[Path | None, typer.Option(help="The operator's networks; the default is the settings' `geo.networks`.", show_default=False)]
Message = Annotated[str, typer.Option("--message", "-m", help="What changes, for those who find it later.", show_default=False)]
By = Annotated[str, typer.Option("--by", help="Who says it; the default is your login name.", show_default=False)]
After = Annotated[int | None, typer.Option("--after", min=0, help="Refuse where another version than this is the newest.", show_default=False)]
Force = Annotated[bool, typer.Option("--force", help="Even where a name is emptied, or much of what is served would be gone.")]
DryRun = Annotated[bool, typer.Option("--dry-run", "-n", help="Say what would change, and publish nothing.")]
Wait = Annotated[str, typer.Option("--wait", help="How long to wait until all nodes that follow serve it; 0 = not at all.")]
Version = Annotated[int, typer.Argument(metavar="N", min=1, help="A version's number.", show_default=False)]
Some = Annotated[int | None, typer.Argument(metavar="N", min=1, help="A version's number.", show_default=False)]

NOT_EVERYWHERE: Final = 3  # exit code: published, and some node refuses it or does not serve it yet
LOOK: Final = 0.2  # seconds between looks at what nodes report; longer where a look takes long

Work = Callable[["BundleDesk"], Awaitable[Any]]


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.command("publish", no_args_is_help=True)(publish)
    app.command("rollback", no_args_is_help=True)(rollback)
    group = typer.Typer(help="Published versions of the files: list, show, diff.", no_args_is_help=True, rich_markup_mode=None)
    group.command("list")(list_)
    group.command("show")(show)
    group.command("diff")(diff)
    app.add_typer(group, name="config")


def publish(  # noqa: PLR0917  typer makes each an option
    folder: Folder,
    message: Message = "",
    by: By = "",
    networks: Networks = None,
    after: After = None,
    force: Force = False,  # noqa: FBT002  typer's way
    dry_run: DryRun = False,  # noqa: FBT002
    wait: Wait = "30s",
    output: AsOutput = Output.TABLE,
    config: SettingsPath = None,
) -> int:
    """Judge a folder of zones, and put it into the store as the version that all nodes follow: whole, signed, numbered.

    Exit code 0: all nodes serve it, 1: it was refused, 3: it is published, and some node refuses it or does not serve it yet, 2: as ever.
    """
    from gslb.cli.progress import bar
    from gslb.config import bundled, report
    from gslb.errors import ConfigError, UsageError

    if not folder.is_dir():
        raise UsageError(f"there is no folder {folder}")
    settings = _settings(config)
    with bar() as tell:
        tell("reading files", 0, 3)
        files, found = bundled.gather(folder, networks or _beside(settings.geo.networks, folder))
        tell("judging them", 1, 3)
        if output is Output.TABLE or found.fatal:
            typer.echo(report.text(found.problems, found.sources), err=True, nl=False)
        if found.fatal:
            raise ConfigError(found.problems)
        tell("publishing", 2, 3)
        order = _order(by, message, after, force=force, dry_run=dry_run)
        return _made(config, output, wait, lambda desk: desk.publish(files, order))


def rollback(  # noqa: PLR0917  as above
    version: Version,
    message: Message = "",
    by: By = "",
    after: After = None,
    force: Force = False,  # noqa: FBT002
    dry_run: DryRun = False,  # noqa: FBT002
    wait: Wait = "30s",
    output: AsOutput = Output.TABLE,
    config: SettingsPath = None,
) -> int:
    """Publish the files of an older version anew: numbers go forward only. Exit codes as of `gslb publish`."""
    order = _order(by, message, after, force=force, dry_run=dry_run)
    return _made(config, output, wait, lambda desk: desk.rollback(version, order))


def list_(output: AsOutput = Output.TABLE, config: SettingsPath = None) -> None:
    """Show the versions that are in the store, newest first, and which nodes run which."""
    from gslb.cli import fleet_view

    async def look(desk: BundleDesk) -> dict[str, Any]:
        return {"versions": await desk.versions(), "nodes": await desk.followers()}

    answer = _ask(config, look)
    write(answer, output, lambda: fleet_view.versions(answer))


def show(
    version: Some = None,
    into: Annotated[Path | None, typer.Option(help="Write the files into this folder, which must be new or empty.", show_default=False)] = None,
    output: AsOutput = Output.TABLE,
    config: SettingsPath = None,
) -> None:
    """Show a version (the newest) and its files."""
    from gslb.cli import fleet_view

    answer = _ask(config, lambda desk: desk.version(version))
    if into is not None:
        fleet_view.write_files(answer["files"], into)
    write(answer, output, lambda: fleet_view.version(answer, files=into is None))


def diff(old: Some = None, new: Some = None, output: AsOutput = Output.TABLE, config: SettingsPath = None) -> int:
    """Show what differs from one version to another, line by line and name by name; without numbers: what the newest one changed.

    Exit code 0: nothing, 3: they differ, 1 and 2: as ever. Whom a change moves: `gslb diff`.
    """
    from gslb.cli import fleet_view

    answer = _ask(config, lambda desk: desk.diff(old, new))
    write(answer, output, lambda: fleet_view.difference(answer))
    return 0 if answer["same"] else NOT_EVERYWHERE


def _made(config: Path | None, output: Output, wait: str, work: Work) -> int:
    """Publish, say what was done, and wait until it is served."""
    from gslb.api.service import InvalidError, RefusedError
    from gslb.cli import fleet_view
    from gslb.config import durations
    from gslb.errors import GslbError, UsageError

    try:
        seconds = durations.seconds(wait) if wait != "0" else 0.0
    except ValueError as error:
        raise UsageError(f"--wait {wait}: {error}") from None

    async def do(desk: BundleDesk) -> dict[str, Any]:
        before = await desk.followers()
        try:
            answer = await work(desk)
        except (InvalidError, RefusedError) as error:  # what was asked makes sense, and is not done
            way_out = "\n      --force does it all the same" if getattr(error, "forceable", False) else ""
            raise GslbError("refused: " + str(error).replace("\n", "\n      ") + way_out) from error
        if answer["dry_run"]:
            return {**answer, "nodes": [], "seconds": 0.0}
        if output is Output.TABLE:
            typer.echo(shown(fleet_view.made(answer)), nl=False)
        return {**answer, **await _spread(desk, answer, seconds, before)}

    answer = _ask(config, do)
    if answer["dry_run"]:
        write(answer, output, lambda: fleet_view.made(answer))
        return 1 if answer["refused"] else 0
    write(answer, output, lambda: fleet_view.spread(answer))
    return 0 if all(one["config"] >= answer["version"] for one in answer["nodes"]) else NOT_EVERYWHERE


async def _spread(desk: BundleDesk, answer: dict[str, Any], seconds: float, before: list[dict[str, Any]]) -> dict[str, Any]:
    """Wait until all that follow serve a version, or have refused it, or the time is over; how they stand then.

    `before`: who followed when it was published; whoever of them is silent since is still waited for. `seconds` are since it was in the store.
    """
    import asyncio

    from gslb.cli.progress import bar

    began, version = time.monotonic(), answer["version"]
    known = {one["node"]: one for one in before}
    with bar() as tell:
        while True:
            looked = time.monotonic()
            known |= {one["node"]: one for one in await desk.followers()}
            nodes = [known[name] for name in sorted(known)]
            on = sum(one["config"] >= version for one in nodes)
            tell(f"version {version} on nodes and probers", on, max(1, len(nodes)))
            now = time.monotonic()
            if all(one["config"] >= version or (one["newest"] >= version and one["refused"]) for one in nodes) or now - began >= seconds:
                return {"nodes": nodes, "seconds": 0.0 if answer["unchanged"] else round(await desk.now() - answer["at"], 2)}
            await asyncio.sleep(max(LOOK, 4 * (now - looked)))


def _order(by: str, message: str, after: int | None, *, force: bool, dry_run: bool) -> Order:
    import getpass

    from gslb.role.bundle_desk import Order

    try:
        author = by or getpass.getuser()
    except (KeyError, OSError):  # a user without a name, as in some containers
        author = ""
    return Order(author, message, after, force=force, dry_run=dry_run)


def _beside(networks: Path | None, folder: Path) -> Path | None:
    """Return the settings' networks, unless they lie in the folder and are read with it."""
    return None if networks is None or networks.parent.resolve() == folder.resolve() else networks


def _settings(config: Path | None) -> Any:
    """Read settings that name a store to publish in. Raises UsageError."""
    from gslb.cli.checking import settings_or_exit
    from gslb.errors import UsageError

    settings = settings_or_exit(config)
    if settings.store.startswith("memory:"):
        raise UsageError("versions are published in a shared store, such as store: redis://…; these settings have none")
    if settings.keys.trust is None:
        raise UsageError("keys.trust is needed: without the operators' public keys no version can be told from a forged one")
    return settings


def _ask(config: Path | None, work: Work) -> Any:
    """Do some work at the desk of the settings' store. Raises GslbError."""
    import asyncio
    import dataclasses

    from gslb.role import identity
    from gslb.role.bundle_desk import BundleDesk
    from gslb.store import open_store

    settings = _settings(config)
    who = dataclasses.replace(identity.of(settings), node="", state_dir=None)  # the marks there are those of a service

    async def do() -> Any:
        store = open_store(settings.store, who)
        try:
            return await work(BundleDesk(store, keep=settings.fleet.keep))
        finally:
            await store.close()

    return asyncio.run(do())
