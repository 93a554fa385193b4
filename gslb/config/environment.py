"""Settings from the environment: every key of a settings model as `GSLB_…`, its path in capitals joined by `_`.

Called by `settings`. Variables that begin with `GSLB_` and are no setting are ignored, for others make some too (Kubernetes sets
`GSLB_SERVICE_HOST` for a service called gslb), unless one differs from a setting by a slip of the finger.
"""

from __future__ import annotations

import copy
import difflib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from gslb.config import words, yaml12
from gslb.errors import Problems, Where

PREFIX: Final = "GSLB_"
_FROM_FILE: Final = "_FILE"
_OTHERS: Final = (PREFIX + "SERVICE_", PREFIX + "PORT")  # Kubernetes' and Docker's variables for a service called gslb
_LONGEST_SECRET: Final = 65_536

Path_ = tuple[str, ...]


def overlay(
    given: Mapping[str, Any], model: type[BaseModel], environ: Mapping[str, str], problems: Problems
) -> tuple[dict[str, Any], dict[Path_, str]]:
    """Lay the environment over what the file says; also returns which setting came from which variable."""
    merged = copy.deepcopy(dict(given))
    origins: dict[Path_, str] = {}
    known = {PREFIX + "_".join(path).upper(): (path, field) for path, field in keys(model)}
    secret = {name + _FROM_FILE: name for name, (_, field) in known.items() if isinstance(field.json_schema_extra, dict)}
    for variable, text in environ.items():
        if not variable.startswith(PREFIX):
            continue
        where = Where(f"environment variable {variable}")
        if variable in known:
            path, field = known[variable]
            _set(merged, path, _value(text, field))
            origins[path] = variable
        elif variable in secret:
            path, _ = known[secret[variable]]
            if secret[variable] in environ:
                problems.error("S004", f"{secret[variable]} is set too", where, "set one of the two")
            _set(merged, path, _secret(Path(text), where, problems))
            origins[path] = variable
        elif not variable.startswith(_OTHERS):
            near = difflib.get_close_matches(variable, [*known, *secret], n=1, cutoff=0.87)
            if near:
                problems.error("S002", "no such setting", where, f"did you mean {near[0]}?")
    return merged, origins


def keys(model: type[BaseModel], above: Path_ = ()) -> Iterator[tuple[Path_, FieldInfo]]:
    """Walk all settings that are not sections."""
    for name, field in model.model_fields.items():
        section = _section(field)
        if section is None:
            yield (*above, name), field
        else:
            yield from keys(section, (*above, name))


def meant(path: Sequence[Any], model: type[BaseModel]) -> str:
    """Hint for a setting that there is not."""
    section: type[BaseModel] | None = model
    for part in path[:-1]:
        field = section.model_fields.get(str(part)) if section else None
        section = _section(field) if field else None
    elsewhere = [".".join(one) for one, _ in keys(model) if one[-1] == path[-1]]
    hint = words.meant(str(path[-1]), section.model_fields if section else ())
    return f"did you mean {elsewhere[0]!r}?" if elsewhere and not hint.startswith("did") else hint


def described(path: Sequence[Any], model: type[BaseModel]) -> str:
    """Return the description of the setting a path leads to."""
    section: type[BaseModel] | None = model
    text = ""
    for part in path:
        field = section.model_fields.get(str(part)) if section else None
        if field is None:
            break
        text = field.description or text
        section = _section(field)
    return text


def _section(field: FieldInfo) -> type[BaseModel] | None:
    for one in (field.annotation, *get_args(field.annotation)):
        if isinstance(one, type) and issubclass(one, BaseModel):
            return one
    return None


def _value(text: str, field: FieldInfo) -> Any:
    """Read a variable: a list by commas, text as it is, else a YAML scalar."""
    if "tuple" in str(field.annotation):
        return [part.strip() for part in text.split(",") if part.strip()]
    if str in (field.annotation, *get_args(field.annotation)) or "Path" in str(field.annotation):
        return text
    return yaml12.scalar(text.strip())


def _secret(path: Path, where: Where, problems: Problems) -> str:
    try:
        with path.open(encoding="utf-8") as file:
            return file.read(_LONGEST_SECRET).strip()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        problems.error("S005", f"{str(path)!r} cannot be read: {reason}", where, "it must name a file that holds the secret")
        return "memory://"


def _set(merged: dict[str, Any], path: Path_, value: Any) -> None:
    for part in path[:-1]:
        inner = merged.get(part)
        if not isinstance(inner, dict):
            inner = merged[part] = {}
        merged = inner
    merged[path[-1]] = value
