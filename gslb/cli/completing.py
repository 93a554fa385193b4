"""`gslb completion`: the script that lets a shell complete commands, options, and the names of sites, pools and members.

Names come from the service that runs here; where none runs, nothing is completed, and nothing is said.
"""

from __future__ import annotations

import os
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Final

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator

VARIABLE: Final = "_GSLB_COMPLETE"  # set by the scripts: the command line is asked to complete, not to run
PATIENCE: Final = 1.0  # seconds the service may take; somebody waits with a finger on a key


class Shell(StrEnum):
    """Shells that can complete."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


def add_to(app: typer.Typer) -> None:
    """Register the command, and completion itself where a shell asks for it."""

    def completion(shell: Annotated[Shell, typer.Argument(help="Which shell.", show_default=False)]) -> int:
        """Print a shell's completion script.

        Put `eval "$(gslb completion bash)"` into ~/.bashrc, the same with zsh into ~/.zshrc; of fish, write it to
        ~/.config/fish/completions/gslb.fish.
        """
        from typer.completion import shell_complete

        _teach()
        return shell_complete(typer.main.get_command(app), {}, "gslb", VARIABLE, f"source_{shell}")

    app.command("completion")(completion)
    if VARIABLE in os.environ:
        _teach()


def _teach() -> None:
    """Let typer know the shells; it does so by itself only where it adds options of its own to every command line."""
    from typer._completion_classes import completion_init

    completion_init()


def names(ctx: typer.Context, incomplete: str) -> list[str]:
    """Complete the names of a level: `gslb site drain f…`, `gslb member drain web/f…`."""
    from gslb.cli.checking import settings_or_exit
    from gslb.errors import GslbError
    from gslb.role import local

    level = (ctx.parent and ctx.parent.info_name) or ""
    said = ctx.params.get("names") or ()
    try:
        status = local.ask(settings_or_exit(ctx.params.get("config")).control_socket, "status", PATIENCE)
    except (GslbError, typer.Exit, OSError, ValueError):
        return []
    return [name for name in dict.fromkeys(_names(level, status["pools"])) if name.startswith(incomplete) and name not in said]


def _names(level: str, pools: list[dict[str, object]]) -> Iterator[str]:
    for pool in pools:
        if level == "pool":
            yield str(pool["pool"])
        for member in pool["members"] if isinstance(pool["members"], list) else ():
            if level == "member":
                yield f"{pool['pool']}/{member['member']}"
            elif level == "site" and member["site"]:
                yield str(member["site"])
