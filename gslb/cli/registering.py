"""`gslb push`, `gslb register`: what a site says of itself in a shared store: that a check passes, or that an address belongs to a pool."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from gslb.store import Push

Config = Annotated[Path | None, typer.Option("--config", "-c", help="Settings; the default is gslb.yaml here, if there is one.", show_default=False)]
Address = Annotated[str, typer.Argument(metavar="ADDRESS", help="IP address, never a name.", show_default=False)]
Lease = Annotated[str, typer.Option("--lease", help="How long a word holds; it is renewed three times as often.")]
As = Annotated[str, typer.Option("--as", help="The site that speaks; the default is the name of its key, or the node's.", show_default=False)]
Once = Annotated[bool, typer.Option("--once", help="Say it once, and end: for a timer, or a health check of your own.")]


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.command("push", no_args_is_help=True)(push)
    app.command("register", no_args_is_help=True)(register)


def push(  # noqa: PLR0917  typer makes each an option
    check: Annotated[str, typer.Argument(metavar="CHECK", help="A check of type push in the zone files.", show_default=False)],
    address: Address,
    grade: Annotated[int, typer.Option(help="How well it is: 100 at full strength.", min=1, max=100)] = 100,
    down: Annotated[bool, typer.Option("--down", help="Say that it is down.")] = False,  # noqa: FBT002  typer's way
    lease: Lease = "30s",
    as_: As = "",
    once: Once = False,  # noqa: FBT002
    config: Config = None,
) -> None:
    """Say that a check passes at an address, and say it again until SIGTERM: then, and when this process dies, the lease runs out."""
    _speak(config, lease, as_, once=once, leave=False, said={"address": _address(address), "check": check, "grade": 0 if down else grade})


def register(  # noqa: PLR0917  as above
    pool: Annotated[str, typer.Argument(metavar="POOL", help="A pool with `register` in the zone files.", show_default=False)],
    address: Address,
    weight: Annotated[int, typer.Option(help="Its share among its equals.", min=0, max=65_536)] = 1,
    lease: Lease = "30s",
    leave: Annotated[bool, typer.Option("--leave", help="Take it back, and end.")] = False,  # noqa: FBT002
    as_: As = "",
    once: Once = False,  # noqa: FBT002
    config: Config = None,
) -> None:
    """Say that an address is a member of a pool, and say it again until SIGTERM: then it is taken back. It joins when its checks have passed."""
    _speak(config, lease, as_, once=once, leave=leave, said={"address": _address(address), "pool": pool, "weight": weight})


def _address(text: str) -> str:
    """Read an IP address. Raises UsageError."""
    from ipaddress import ip_address

    from gslb.errors import UsageError

    try:
        return str(ip_address(text))
    except ValueError:
        raise UsageError(f"{text!r} is not an IP address; names are not resolved") from None


def _speak(config: Path | None, lease: str, name: str, *, once: bool, leave: bool, said: dict[str, Any]) -> None:
    """Say it. Raises GslbError."""
    from gslb.cli.checking import settings_or_exit
    from gslb.config import durations
    from gslb.errors import UsageError
    from gslb.role import site

    try:
        seconds = durations.seconds(lease)
    except ValueError as error:
        raise UsageError(f"--lease {lease}: {error}") from None
    low, high = site.LEASE
    if not low <= seconds <= high:
        raise UsageError(f"--lease {lease}: from {low:g} s to {high:g} s is allowed")

    def told(word: Push) -> None:
        until = f"for {word.until - word.at:g} s" if word.until > word.at else "no longer"
        typer.echo(f"{word.registrant} says of {word.address}: {_gist(word)}, {until}")

    site.speak(settings_or_exit(config), said, seconds, name, times=site.Times(once=once, leave=leave), told=told)


def _gist(word: Push) -> str:
    if word.pool:
        return f"a member of pool {word.pool}, weight {word.weight}"
    return f"check {word.check} passes, grade {word.grade}" if word.grade else f"check {word.check} fails"
