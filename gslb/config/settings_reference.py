"""The reference page of settings, written from their models: `python -m gslb.config.settings_reference > docs/reference/settings.md`.

A test holds the page equal to this.
"""

from __future__ import annotations

import json
import sys
import types
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from gslb.config.environment import PREFIX
from gslb.config.settings import Settings

_INTRODUCTION: Final = """\
# Settings

<!-- Written by `python -m gslb.config.settings_reference`; do not edit. -->

`gslb.yaml` holds the settings of one process: a nameserver, a prober, or control. It is read from the working directory, or from where
`--config` says. Every key is also an environment variable, which wins: `dns: {engine: native}` is `GSLB_DNS_ENGINE=native`; lists are
separated by commas. A secret can be read from a file: `GSLB_STORE_FILE=/run/secrets/store`. Relative paths start at the folder of
`gslb.yaml`. Unknown keys are errors, and every mistake is told at once with file, line and column.
"""


def page() -> str:
    """Write the page: a table of plain keys, then one of each section."""
    return "\n".join([_INTRODUCTION, *_section(Settings, ())])


def _section(model: type[BaseModel], path: tuple[str, ...]) -> Iterator[str]:
    if path:
        yield f"## {'.'.join(path)}\n"
        yield " ".join((model.__doc__ or "").split()) + "\n"
    plain = {name: field for name, field in model.model_fields.items() if _model(field) is None}
    if plain:
        yield "| key | meaning | default |\n|---|---|---|"
        yield from (f"| `{name}` | {_meaning(name, field, path)} | {_default(field)} |" for name, field in plain.items())
        yield ""
    for name, field in model.model_fields.items():
        if inner := _model(field):
            yield from _section(inner, (*path, _list_name(name, field)))


def _model(field: FieldInfo) -> type[BaseModel] | None:
    """Find the section that a field holds, if it holds one."""
    return _model_in(field.annotation)


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if get_origin(annotation) in (Union, types.UnionType, tuple, Annotated):
        return next((found for one in get_args(annotation) if (found := _model_in(one))), None)
    return None


def _list_name(name: str, field: FieldInfo) -> str:
    listed = get_origin(field.annotation) is tuple or "tuple" in str(field.annotation)
    return f"{name}[]" if listed else name


def _meaning(name: str, field: FieldInfo, path: tuple[str, ...]) -> str:
    text = (field.description or "").replace("|", "\\|")
    known = [choice for choice in _choices(field.annotation) if isinstance(choice, str)]
    choices = f" ({', '.join(f'`{choice}`' for choice in known)})" if known else ""
    secret = isinstance(field.json_schema_extra, dict) and field.json_schema_extra.get("secret")
    variable = PREFIX + "_".join((*path, name)).upper()
    return f"{text}{choices}" + (f"; secret, may be read from `{variable}_FILE`" if secret and "[]" not in variable else "")


def _choices(annotation: Any) -> Iterator[Any]:
    for one in get_args(annotation):
        if isinstance(one, str):
            yield one
        elif get_args(one):
            yield from _choices(one)


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.default
    if value in (None, PydanticUndefined, ""):
        return ""
    return f"`{_plain(value)}`" if _plain(value) not in ("[]", "{}") else ""


def _plain(value: Any) -> str:
    if isinstance(value, tuple) and not hasattr(value, "_fields"):
        return "[" + ", ".join(map(_plain, value)) + "]"
    if isinstance(value, bool) or value is None:
        return json.dumps(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_plain(one)}" for key, one in value.items()) + "}"
    return f"{value}/" if isinstance(value, Path) and not value.suffix else str(value)


if __name__ == "__main__":
    sys.stdout.write(page())
