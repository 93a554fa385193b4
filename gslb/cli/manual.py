"""`gslb man`: manual pages, written from the commands themselves: gslb(1), and one for each command, such as gslb-site(1).

For packagers and for servers; mandoc and man-db read them.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from gslb.errors import UsageError

SECTION: Final = 1
CODES: Final = """\
.SH EXIT STATUS
.TP
.B 0
Fine.
.TP
.B 1
It failed, was refused, or there are problems.
.TP
.B 2
Wrong usage or settings.
.TP
.B 130
Ended by Ctrl-C.
"""
FILES: Final = """\
.SH FILES
.TP
.I gslb.yaml
Settings; read from the working directory where no other is named. Each key is also an environment variable, such as
.BR GSLB_DNS_LISTEN .
.TP
.I zones/
Zones, pools, sites and checks, as YAML or RFC 1035 master files.
.TP
.I state/
Last accepted files and last votes: a start without the store.
"""


def add_to(app: typer.Typer) -> None:
    """Register the command."""

    def man(folder: Annotated[Path, typer.Argument(help="Where they go; made where it is missing.", show_default=False)]) -> None:
        """Write the manual pages into a folder, such as /usr/local/share/man/man1."""
        written = pages(typer.main.get_command(app))
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for name, text in written.items():
                (folder / name).write_text(text)
        except OSError as error:
            raise UsageError(f"{folder}: {error.strerror or error}") from None
        typer.echo(f"{len(written)} manual pages in {folder}")

    app.command("man")(man)


def pages(root: Any) -> dict[str, str]:
    """Write all pages: file name → text."""
    commands: Mapping[str, Any] = root.commands
    found = {f"gslb.{SECTION}": "\n".join(_overview(root.help, commands))}
    for name, command in commands.items():
        found[f"gslb-{name}.{SECTION}"] = "\n".join(_page(name, command, commands))
    return found


def _overview(help_: str, commands: Mapping[str, Any]) -> Iterator[str]:
    yield from _head("gslb", help_)
    yield from (".B gslb", r"\fICOMMAND\fR [\fIOPTIONS\fR] [\fIARGUMENTS\fR]", ".SH COMMANDS")
    for name, command in sorted(commands.items()):
        yield from (".TP", f".BR gslb\\-{_escaped(name)} ({SECTION})", _escaped(_first(command.help)))
    yield FILES + CODES.rstrip()


def _page(name: str, command: Any, commands: Mapping[str, Any]) -> Iterator[str]:
    yield from _head(f"gslb-{name}", command.help)
    verbs = getattr(command, "commands", None)
    if verbs is None:
        yield _usage(f"gslb {name}", command)
        yield from (".SH DESCRIPTION", *_paragraphs(command.help))
        yield from _parameters(command)
    else:
        yield "\n.br\n".join(_usage(f"gslb {name} {verb}", one) for verb, one in verbs.items())
        yield from (".SH DESCRIPTION", *_paragraphs(command.help), ".SH COMMANDS")
        for verb, one in verbs.items():
            yield from (f".SS {_escaped(verb)}", *_paragraphs(one.help), *_parameters(one, ".RS"), ".RE")
    yield CODES.rstrip()
    others = [f".BR gslb\\-{_escaped(other)} ({SECTION})" for other in sorted(commands) if other != name]
    yield from (".SH SEE ALSO", f".BR gslb ({SECTION}),", *(f"{other}," for other in others[:-1]), *others[-1:])


def _head(name: str, help_: str) -> Iterator[str]:
    from gslb import __version__

    made = time.strftime("%Y-%m-%d", time.gmtime(int(os.environ.get("SOURCE_DATE_EPOCH", time.time()))))  # reproducible-builds.org
    yield f'.TH {_escaped(name.upper())} {SECTION} "{made}" "gslb {__version__}" "gslb"'
    yield from (".SH NAME", f"{_escaped(name)} \\- {_escaped(_first(help_).rstrip('.'))}", ".SH SYNOPSIS")


def _usage(path: str, command: Any) -> str:
    arguments = [f"\\fI{_escaped(one.metavar or one.name.upper())}\\fR" for one in command.params if not _is_option(one)]
    options = ["[\\fIOPTIONS\\fR]"] if any(map(_is_option, command.params)) else []
    return " ".join([f"\\fB{_escaped(path)}\\fR", *arguments, *options])


def _parameters(command: Any, heading: str = ".SH OPTIONS") -> Iterator[str]:
    if not command.params:
        return
    yield heading
    for one in command.params:
        label = (
            ", ".join(f"\\fB{_escaped(opt)}\\fR" for opt in one.opts) if _is_option(one) else f"\\fI{_escaped(one.metavar or one.name.upper())}\\fR"
        )
        yield from (".TP", label, _escaped(" ".join((one.help or "").split())))


def _is_option(parameter: Any) -> bool:
    return bool(parameter.opts[0].startswith("-"))


def _first(text: str) -> str:
    """Return the first sentence."""
    return re.split(r"(?<=[.:;])\s", " ".join(text.split()), maxsplit=1)[0].rstrip(":;")


def _paragraphs(text: str) -> Iterator[str]:
    paragraphs = re.split(r"\n\s*\n", text.strip())
    yield "\n.PP\n".join(_escaped(" ".join(paragraph.split())) for paragraph in paragraphs)


def _escaped(text: str) -> str:
    """Let roff take it for text: its escapes, and a dot or quote at the start of a line."""
    plain = text.replace("\\", r"\e").replace("-", r"\-")
    return rf"\&{plain}" if plain.startswith((".", "'")) else plain
