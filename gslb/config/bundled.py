"""The files of a published version: gathered from an operator's folder, and loaded as nodes load them, from memory.

`gather` is called by whoever publishes, `load` by whoever publishes and by every node and prober that follows: what was judged is what is served.
A version holds a folder's own files (`*.yaml`, `*.zone`, `networks.yaml`) and all that its master files include. No path of it is ever opened.
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from gslb import bundle
from gslb.config import files, loaded
from gslb.config.loaded import Loaded, Role, Source
from gslb.config.master_file import included_file
from gslb.config.reading import Include
from gslb.errors import Problem, Problems, Where

NETWORKS: Final = files.NETWORKS[0]  # what the operator's networks are called in a version, wherever they lay


def load(given: Mapping[str, bytes], version: int, *, silence: frozenset[str] = frozenset(), before: Loaded | None = None) -> Loaded:
    """Load the files of a version, as `gslb.config.load` loads a folder. Never raises for bad content; `before` as there."""
    problems = Problems()
    texts = {name: source for name, data in sorted(given.items()) if (source := files.decoded(Path(name), data, problems, _role(name)))}
    sources = (source for source in texts.values() if source.role is not Role.INCLUDED)
    return loaded.build(sources, problems, _includes(texts), silence=silence, before=before, version=version)


def gather(folder: Path, networks: Path | None = None, *, silence: frozenset[str] = frozenset()) -> tuple[dict[str, bytes], Loaded]:
    """Read a folder, and the networks beside it; the files of a version, none where they do not load, and the load that says why."""
    found = loaded.load([folder], networks, silence=silence)
    given: dict[str, bytes] = {}
    wrong: list[Problem] = []
    for source in found.files:
        name = NETWORKS if source.role is Role.NETWORKS else posixpath.normpath(os.path.relpath(source.path, folder))
        if fault := _amiss(name, source, given):
            wrong.append(Problem("F009", fault, Where(source.name), "put it into the folder that is published, under a name of its own"))
        given[name] = source.text.encode()
    if wrong:
        found = Loaded(found.model, (*found.problems, *wrong), found.sources, found.files, found.readings)
    return ({} if found.fatal else given), found


def _amiss(name: str, source: Source, given: Mapping[str, bytes]) -> str:
    """Say why a file cannot be a part of a version; "" where it can."""
    if fault := bundle.amiss(name):
        return f"no name for a file of a version: {fault}"
    if name in given and given[name] != source.text.encode():
        return f"a second file that would be called {name} in a version"
    if source.role is Role.ZONES and _role(name) is not Role.ZONES:
        return "it lies in a folder below the one that is published"
    return ""


def _role(name: str) -> Role:
    """Say what a file is read for: the folder's own ones are ours, those in folders below it are there to be included."""
    if name in files.NETWORKS:
        return Role.NETWORKS
    return Role.ZONES if files.is_ours(name) and "/" not in name else Role.INCLUDED


def _includes(texts: Mapping[str, Source]) -> Callable[[Source], Include]:
    def of(source: Source) -> Include:
        def include(path: str) -> str:
            name = posixpath.normpath(included_file(source.name, path))
            if name not in texts:
                raise ValueError(f"there is no file {path!r} in this version")
            return texts[name].text

        return include

    return of
