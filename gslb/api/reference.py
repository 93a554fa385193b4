"""The reference page of the API, written from the operations themselves: `python -m gslb.api.reference > docs/reference/api.md`.

A test holds the page equal to this.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any, Final

from pydantic import BaseModel

from gslb.api.document import DOCUMENT, STREAM, document
from gslb.api.operation import Operation
from gslb.api.problem import TITLES
from gslb.api.resources import OPERATIONS

_INTRODUCTION: Final = """\
# The API

<!-- Written by `python -m gslb.api.reference`; do not edit. -->

`gslb run` serves it where the settings have `api`, `gslb control` always. The same as OpenAPI 3.1: `GET /api/v1/openapi.json`. How to use it:
[use-the-api.md](../how-to/use-the-api.md).

- Lists are pages: `{"items": [...], "next": "..."}`; send `next` as `cursor`. Unknown parameters and unknown keys in bodies are refused.
- Every GET has an `ETag`; send it as `If-None-Match` to hear only of changes, or (where it says so) as `If-Match` with a write.
- Whatever is no success is `application/problem+json`: `code` is for programs and stable, `detail` is for people, `problems` are mistakes in files,
  records or fields, each with `code`, `where`, `message`, `hint`.
- A scope includes those before it: read, drain, write, admin. `–`: nobody needs a token.
"""
_STREAM: Final = """\
## Stream

`GET {path}` (read): server-sent events. First how everything stands, then what changes; a comment every 15 s.

| event | data |
|---|---|
| `status` | as `/api/v1/status`, when something other than ages and counters is another |
| `pools` | `{{"items": [...], "gone": [...], "whole": bool}}`: the pools that look different; first all of them, `whole` |
| `overrides` | as `/api/v1/overrides`, when it is another |
| `traffic` | the last sample of `/api/v1/traffic`, every second |
| `event` | one of `/api/v1/events`, with its `id`; sent as `Last-Event-ID` those that were missed are told first |
"""


def page() -> str:
    """Write the page."""
    families: dict[str, list[Operation]] = {}
    for operation in OPERATIONS:
        families.setdefault(operation.family, []).append(operation)
    written = [_INTRODUCTION, *("\n".join(_family(name, operations)) for name, operations in families.items()), _STREAM.format(path=STREAM)]
    return "\n".join([*written, "\n".join(_problems())])


def _family(name: str, operations: list[Operation]) -> Iterator[str]:
    yield f"## {name.capitalize()}"
    yield ""
    yield "| | needs | |"
    yield "|---|---|---|"
    for one in operations:
        text = one.summary + (f". {one.description.rstrip(chr(46))}" if one.description else "")
        yield f"| `{one.method} {one.path}` | {one.scope.value if one.scope else '–'} | {text}{_parameters(one)} |"
    if name == "service":
        yield f"| `GET {DOCUMENT}` | read | Show the OpenAPI document |"
    yield ""


def _parameters(one: Operation) -> str:
    """Name the parameters and the body."""
    query = [f"`{name}`" for name in one.query.model_fields] if one.query else []
    said = [f" Parameters: {', '.join(query)}."] if query else []
    if one.body:
        said.append(f" Body: {', '.join(_fields(one.body))}.")
    if one.tagged:
        said.append(" Heeds `If-Match`.")
    return ("." + "".join(said)) if said else ""


def _fields(body: type[BaseModel]) -> Iterator[str]:
    schema: dict[str, Any] = body.model_json_schema()
    for name in schema["properties"]:
        yield f"`{name}`" if name in schema.get("required", ()) else f"[`{name}`]"


def _problems() -> Iterator[str]:
    yield "## Statuses"
    yield ""
    yield "| | |"
    yield "|---|---|"
    told = document()["components"]["responses"]
    for status in sorted(TITLES):
        assert str(status) in told
        yield f"| {status} | {TITLES[status]} |"
    yield ""


if __name__ == "__main__":
    sys.stdout.write(page())
