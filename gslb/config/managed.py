"""The file of a zone whose records are changed through the API: read, changed name by name, written.

One file per zone in a folder of its own. It is a zone file like any other (JSON in YAML: one line per name, so that a difference of two states can be
read), and an operator may write it, or begin it; comments in it are lost with the first change.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from gslb import names
from gslb.config import files, yaml12
from gslb.errors import ConfigError, Problems, StoreError, Where

HEAD: Final = "# Written by gslb for the API: change it there, or here while nobody else does. Comments are lost with the next change.\n"

_UNSEEN: Final = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")  # line breaks to YAML, or nothing that it lets stand

Records = list[dict[str, Any]]


def path_of(folder: Path, zone: str) -> Path:
    """Return where the file of a zone is; the zone's name is one of the settings."""
    return folder / f"{zone}.yaml"


def read(path: Path) -> dict[str, Any]:
    """Read a file; {} where there is none yet. Raises ConfigError."""
    if not path.exists():
        return {}
    problems = Problems()
    source = files.read(path, problems)
    document = yaml12.load(source.name, source.text, problems) if source else None
    value = document.value if document and document.value is not None else {}
    if not isinstance(value, dict) or not isinstance(value.get("records", {}), dict):
        problems.error("C001", "a managed file is a mapping with `records`", Where(str(path)), "mend it by hand")
    if problems.fatal:
        raise ConfigError(tuple(problems.found))
    return dict(value)


def key_of(content: Mapping[str, Any], owner: bytes, apex: bytes) -> str | None:
    """Find the key under which a name stands, however it is written; None where it does not."""
    for key in content.get("records") or {}:
        with contextlib.suppress(ValueError):
            if (apex if key in ("", "@") else names.from_text(str(key), apex).lower()) == owner:
                return str(key)
    return None


def records_at(content: Mapping[str, Any], key: str | None) -> Records:
    """Return what stands under a key, as a list."""
    found = (content.get("records") or {}).get(key) if key is not None else None
    return [] if found is None else list(found) if isinstance(found, list) else [found]


def changed(content: Mapping[str, Any], zone: str, key: str, records: Records) -> dict[str, Any]:
    """Return the content with other records under a key; none = without it."""
    kept = {name: value for name, value in (content.get("records") or {}).items() if name != key}
    return {"zone": zone, **content, "records": kept | ({key: records} if records else {})}


def text(content: Mapping[str, Any]) -> str:
    """Write a content: names in order, each on a line of its own."""
    lines = [f"{json.dumps(key)}: {_json(value)}\n" for key, value in content.items() if key != "records"]
    names_ = sorted((content.get("records") or {}).items(), key=lambda one: str(one[0]))
    body = [f"  {_json(str(name))}: {_json(value)}\n" for name, value in names_]
    return "".join([HEAD, *lines, "records:" + ("\n" if body else " {}\n"), *body])


def write(path: Path, content: str) -> None:
    """Put a file in place once it is whole on disk. Raises StoreError."""
    beside = ""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, beside = tempfile.mkstemp(dir=path.parent, prefix=".managed-")
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            os.chmod(beside, path.stat().st_mode & 0o777)  # noqa: PTH101  as the operator wants it
        Path(beside).replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            if beside:
                Path(beside).unlink(missing_ok=True)
        raise StoreError(f"{path} cannot be written: {error.strerror or error}") from None


def _json(value: Any) -> str:
    """Write JSON that YAML reads as the same: beyond the BMP characters stand as they are, for YAML knows no pairs of escapes."""
    return _UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(value, ensure_ascii=False))
