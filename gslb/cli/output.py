"""How commands that read write what they found: `--output table|json|yaml`, the same everywhere.

A command has its data, plain and with stable keys, and a way to show it to people; this module chooses. YAML is written here, in the little of
it that plain data need, so that every YAML reader takes it: text that could be read as something else is quoted.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from typing import Annotated, Any, Final

import typer


class Output(StrEnum):
    """How it is written: for people, or for programs."""

    TABLE = "table"
    JSON = "json"
    YAML = "yaml"


AsOutput = Annotated[Output, typer.Option("--output", "-o", help="table: for people; json, yaml: everything, with stable keys.")]

_PLAIN: Final = re.compile(r"[A-Za-z_/.][A-Za-z0-9_/.@+-]*(?: [A-Za-z0-9_/.@+-]+)*")  # needs no quotes, wherever it stands
_POWER: Final = re.compile(  # over a terminal: all that is no text, but line breaks and colours, which are ours
    "\x1b(?!\\[[0-9;]*m)|[\x00-\x08\x0b-\x1a\x1c-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)
_WORDS: Final = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf", ".nan", ".inf", "e"})


def write(data: Any, output: Output, table: Callable[[], str | None]) -> None:
    """Write data; `table` makes what people read (or prints it itself), and is asked only then."""
    match output:
        case Output.JSON:
            typer.echo(as_json(data, indent=2))
        case Output.YAML:
            typer.echo(yaml(data), nl=False)
        case Output.TABLE:
            if (text := table()) is not None:
                typer.echo(shown(text), nl=False)


def shown(text: str) -> str:
    """Return text that a terminal only shows: files that are reviewed, nodes' excuses and targets' answers may hold anything."""
    return _POWER.sub("\N{REPLACEMENT CHARACTER}", text)


def as_json(data: Any, indent: int | None = None) -> str:
    """Write plain data as JSON that a terminal only shows."""
    return _POWER.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(data, indent=indent, ensure_ascii=False))


def chosen(output: Output, *, as_json: bool) -> Output:
    """Return the output asked for; `--json` is the older way to say `--output json`."""
    return Output.JSON if as_json else output


def yaml(data: Any) -> str:
    """Write plain data as YAML."""
    return "\n".join(_lines(data)) + "\n"


def _lines(data: Any) -> Iterator[str]:
    if isinstance(data, Mapping) and data:
        for key, value in data.items():
            if _flat(value):
                yield f"{_text(str(key))}: {_scalar(value)}"
            else:
                yield f"{_text(str(key))}:"
                yield from (f"  {line}" for line in _lines(value))
    elif isinstance(data, list | tuple) and data:
        for value in data:
            if _flat(value):
                yield f"- {_scalar(value)}"
            else:
                yield from (f"{'  ' if at else '- '}{line}" for at, line in enumerate(_lines(value)))
    else:
        yield _scalar(data)


def _flat(value: Any) -> bool:
    """Whether a value takes one line: anything that holds nothing, and short lists of numbers."""
    if isinstance(value, list | tuple):
        return not value or (len(value) <= 4 and all(isinstance(one, int | float) for one in value))
    return not (isinstance(value, Mapping) and value)


def _scalar(value: Any) -> str:
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_scalar, value)) + "]"
    return json.dumps(value)


def _text(text: str) -> str:
    plain = _PLAIN.fullmatch(text) and text.lower() not in _WORDS and not text.endswith(".")
    return text if plain else "".join(one if one.isprintable() else _escaped(one) for one in json.dumps(text, ensure_ascii=False))


def _escaped(one: str) -> str:
    """Write what cannot be seen as YAML does: unlike JSON it has no pairs of surrogates (YAML 1.2 section 5.7)."""
    return f"\\u{ord(one):04x}" if ord(one) < 0x10000 else f"\\U{ord(one):08x}"
