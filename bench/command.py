"""What every script here does alike: `--help` from its docstring, a clean end for Ctrl-C and SIGTERM, results in one folder.

Called by the scripts' `main` only.
"""

from __future__ import annotations

import argparse
import csv
import signal
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import astuple, fields
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "bench" / "results"


class StartError(Exception):
    """A server did not start; the text is the end of its log."""


def parser(doc: str | None) -> argparse.ArgumentParser:
    """Return a parser that shows a script's docstring and its defaults."""

    class Format(argparse.ArgumentDefaultsHelpFormatter, argparse.RawDescriptionHelpFormatter):
        def _get_help_string(self, action: argparse.Action) -> str | None:
            return super()._get_help_string(action) if action.default not in {None, ""} else action.help

    return argparse.ArgumentParser(description=doc, formatter_class=Format)


def run(main: Callable[[], None]) -> NoReturn:
    """Run a script; SIGTERM ends it as Ctrl-C does, through every `finally`, and what did not start is told without a traceback."""

    def end(_number: int, _frame: object) -> NoReturn:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, end)
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
    except StartError as error:
        sys.exit(str(error))
    sys.exit(0)


def say(text: str) -> None:
    """Say what happens now, to people."""
    print(text, file=sys.stderr, flush=True)


def table(head: Iterable[str], body: Iterable[Iterable[str]]) -> list[str]:
    """Return the lines of a table."""
    rows = [list(head), *(list(row) for row in body)]
    rows.insert(1, ["---"] * len(rows[0]))
    return [f"| {' | '.join(row)} |" for row in rows]


def keep(path: Path, lines: Iterable[str]) -> None:
    """Show a result, and keep it."""
    text = "\n".join(lines) + "\n"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    print(text, flush=True)
    say(f"written to {path}")


def keep_rows(path: Path, rows: Sequence[DataclassInstance]) -> None:
    """Keep every measurement as CSV, for who wants to see more than the medians."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow([field.name for field in fields(rows[0])] if rows else [])
        out.writerows([round(value, 3) if isinstance(value, float) else value for value in astuple(row)] for row in rows)
