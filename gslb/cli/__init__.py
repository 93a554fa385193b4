"""The command line: `gslb COMMAND`. Arguments, exit codes and one clear line for what goes wrong; no logic.

Command families are in files of their own. They import what they need when they run, so that `gslb --help` does not pay for asyncio,
aiohttp and the rest. Exit codes: 0 fine, 1 it failed or there are problems, 2 wrong usage or settings.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Final

import typer
from typer.exceptions import TyperException

from gslb.cli import (
    asking,
    checking,
    completing,
    consoling,
    demonstrating,
    differing,
    events,
    explaining,
    fleet,
    geography,
    health,
    keys,
    manual,
    overriding,
    probing,
    registering,
    serving,
    simulating,
    tokens,
    top,
    versions,
)
from gslb.errors import GslbError, UsageError

app: Final = typer.Typer(
    name="gslb",
    help="Global server load balancer that works through DNS: geography, weights and live health in every answer.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # plain help: drawing boxes around it would cost 200 ms
    context_settings={"help_option_names": ["-h", "--help"]},
)
serving.add_to(app)
consoling.add_to(app)
checking.add_to(app)
versions.add_to(app)
health.add_to(app)
asking.add_to(app)
explaining.add_to(app)
simulating.add_to(app)
differing.add_to(app)
overriding.add_to(app)
fleet.add_to(app)
events.add_to(app)
top.add_to(app)
geography.add_to(app)
keys.add_to(app)
tokens.add_to(app)
probing.add_to(app)
registering.add_to(app)
demonstrating.add_to(app)
completing.add_to(app)
manual.add_to(app)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and exit with its code."""
    sys.exit(run(sys.argv[1:] if arguments is None else arguments))


def run(arguments: Sequence[str]) -> int:
    """Run one command; every fault becomes one line and a code."""
    try:
        result = app(list(arguments), prog_name="gslb", standalone_mode=False)
    except TyperException as error:
        where = getattr(getattr(error, "ctx", None), "command_path", "gslb")
        if "Usage:" in error.format_message():  # a command without its words: its help, which is no error
            sys.stdout.write(error.format_message() + "\n")
            return 2
        return _fail(error.format_message(), error.exit_code, f"see: {where} --help")
    except UsageError as error:
        return _fail(str(error), 2)
    except GslbError as error:
        return _fail(str(error), getattr(error, "code", 1))
    except (KeyboardInterrupt, typer.Abort):
        return 130
    except BrokenPipeError:  # `gslb … | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        if "GSLB_DEBUG" in os.environ:
            raise
        return _fail(f"unexpected {type(error).__name__}: {error}", 1, "GSLB_DEBUG=1 shows where; please report it")
    return result if isinstance(result, int) else 0


def _fail(message: str, code: int, hint: str = "") -> int:
    text = message if message.startswith("gslb: ") or "\n" in message else f"gslb: {message}"
    sys.stderr.write(text.rstrip("\n") + "\n" + (f"      {hint}\n" if hint else ""))
    return code
