"""The reference page of commands, written from the commands themselves: `python -m gslb.cli.reference > docs/reference/cli.md`.

A test holds the page equal to this.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from enum import Enum
from typing import Any, Final

import typer

from gslb.cli import app

_INTRODUCTION: Final = """\
# Commands

<!-- Written by `python -m gslb.cli.reference`; do not edit. -->

Exit codes: 0 fine, 1 it failed, was refused, or there are problems, 2 wrong usage or settings, 130 Ctrl-C. `--help` works everywhere. Commands that
talk to a running service find it by its settings: run them where `gslb.yaml` is, or name it with `--config`.
"""


def page() -> str:
    """Write the page. Families of commands that differ in nothing but their name share one section."""
    sections: dict[str, list[tuple[str, str]]] = {}  # what all of a family have in common → (name, help)
    for name, command in typer.main.get_command(app).commands.items():  # type: ignore[attr-defined]  # it is a group
        body = "\n".join(_body("gslb NAME", command))
        sections.setdefault(body, []).append((name, command.help or ""))
    written = [_INTRODUCTION]
    for body, family in sections.items():
        names = "|".join(name for name, _ in family)
        helps = [text if len(family) == 1 else f"- `{name}`: {text}" for name, text in family]
        written.append(
            "\n".join([f"## gslb {names}", "", *(" ".join(text.split()) for text in helps), "", body.replace("gslb NAME", f"gslb {names}")])
        )
    return "\n".join(written)


def _body(path: str, command: Any) -> Iterator[str]:
    """Write the usage and the parameters of a command, or all commands of a family."""
    if hasattr(command, "commands"):
        for name, one in command.commands.items():
            yield from (f"### {path} {name}", "", " ".join((one.help or "").split()), "")
            yield from _body(f"{path} {name}", one)
        return
    arguments = [one for one in command.params if not one.opts[0].startswith("-")]
    options = [one for one in command.params if one.opts[0].startswith("-")]
    usage = [path, *(one.metavar or one.name.upper() for one in arguments), *(["[OPTIONS]"] if options else [])]
    yield from ("```", " ".join(usage), "```", "")
    rows = [(one.metavar or one.name.upper(), one) for one in arguments] + [(", ".join(one.opts), one) for one in options]
    if rows:
        yield from ("| | | default |", "|---|---|---|")
        yield from (f"| `{label}` | {' '.join((one.help or '').split()).replace('|', chr(92) + '|')} | {_default(one)} |" for label, one in rows)
        yield ""


def _default(one: Any) -> str:
    if one.required:
        return "required"
    if not one.show_default or one.default in (None, "", False) or callable(one.default):
        return ""
    return f"`{one.default.value if isinstance(one.default, Enum) else one.default}`"


if __name__ == "__main__":
    sys.stdout.write(page())
