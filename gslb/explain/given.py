"""Files that are on no disk here: those of a request, or of a git revision. Judged like any others.

Called by control for what the API asks, and by `gslb diff`. Names stand for paths in messages, and for what master files include; nothing is opened.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from gslb.config import Loaded, Role, Source, build
from gslb.config.files import MASTER, NETWORKS, SETTINGS, YAML
from gslb.config.master_file import included_file
from gslb.config.reading import Include
from gslb.errors import ConfigError, Problems
from gslb.model import Model


def model(texts: Mapping[str, str]) -> Model:
    """Judge files, name → text. Raises ConfigError with all of their problems."""
    loaded = judged(texts)
    if loaded.fatal:
        raise ConfigError(loaded.problems)
    return loaded.model


def judged(texts: Mapping[str, str]) -> Loaded:
    """Read them by their names: networks, YAML, master files; others are there to be included."""
    return build(_sources(texts), Problems(), lambda source: _includes(source, texts))


def _sources(texts: Mapping[str, str]) -> list[Source]:
    found = []
    for name, text in sorted(texts.items()):
        path = Path(name)
        if path.name in NETWORKS:
            found.append(Source(path, text, Role.NETWORKS))
        elif path.suffix in (*YAML, *MASTER) and path.name not in SETTINGS:
            found.append(Source(path, text))
    return found


def _includes(source: Source, texts: Mapping[str, str]) -> Include:
    def include(path: str) -> str:
        name = included_file(source.name, path)
        if name not in texts:
            raise ValueError(f"{path!r} is not among the files")
        return texts[name]

    return include
