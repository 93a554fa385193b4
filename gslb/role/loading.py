"""Loads everything the operator wrote, whole or not at all: files, geo data, and a compiler for both.

Called by control in a thread of its own, at start and at each reload. What it returns is finished and judged; what it raises
changes nothing. Geo data that cannot be read are no reason to refuse zones: the last good ones stay, or none.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from gslb import config, geo, log, targets
from gslb.compiler import Compiler
from gslb.config import saved
from gslb.config.settings import Settings
from gslb.errors import ConfigError, GeoError, Problem, StoreError
from gslb.geo import atlas, mmdb
from gslb.model import Model
from gslb.role import digest
from gslb.role.reach import Reach


@dataclass(frozen=True, slots=True)
class Load:
    """One accepted load, and how long it took."""

    loaded: config.Loaded
    index: targets.Index
    compiler: Compiler
    atlas: geo.Atlas
    reach: Reach
    seconds: float
    warnings: tuple[str, ...] = ()  # what is served in spite of, other than mistakes in files
    digest: str = ""  # of files and geo data
    version: int = 0  # the published one it was made of, 0 = the node's own files

    @property
    def model(self) -> Model:
        """What the operator asked for."""
        return self.loaded.model


class RefusedError(ConfigError):
    """The files do not load; `sources` is for showing the lines."""

    def __init__(self, problems: tuple[Problem, ...], sources: Mapping[str, str]) -> None:
        self.sources = sources
        super().__init__(problems)


class Files(Protocol):
    """Where files come from in place of folders: published versions (`following`). Called in the loader's thread."""

    def load(self, before: config.Loaded | None) -> tuple[config.Loaded, int]:
        """Load what is to be served; and which version that is."""
        ...

    def load_last(self) -> tuple[config.Loaded, int] | None:
        """Load what was served before the start, None where nothing was."""
        ...


class Loader:
    """Loads as often as asked; remembers geo databases, which are large and change seldom. `files`: None = the settings' folders."""

    def __init__(self, settings: Settings, files: Files | None = None) -> None:
        self._settings = settings
        self._files = files
        self._databases: list[mmdb.Database] = []
        self._before: config.Loaded | None = None  # the last load without a mistake
        self._read_from: object = None

    def load(self) -> Load:
        """Read what the settings name, or the version that is wanted. Raises RefusedError."""
        began = time.perf_counter()
        if self._files is None:
            loaded, version = config.load(self._settings.zones, self._settings.geo.networks, before=self._before), 0
        else:
            loaded, version = self._files.load(self._before)
        if loaded.fatal:
            raise RefusedError(loaded.problems, loaded.sources)
        self._before = loaded
        return self._finish(loaded, began, version)

    def load_last(self) -> Load | None:
        """Load the last accepted files instead; None where none were kept or they cannot be used."""
        began = time.perf_counter()
        last = self._files.load_last() if self._files else None
        if last and not last[0].fatal:
            return self._finish(last[0], began, last[1])
        try:
            loaded = saved.load_saved(self._settings.state_dir)
        except StoreError as error:
            log.error("the last accepted files cannot be used", reason=str(error))
            return None
        return self._finish(loaded, began) if loaded and not loaded.fatal else None

    def _finish(self, loaded: config.Loaded, began: float, version: int = 0) -> Load:
        model = loaded.model
        warnings = self._read_databases()
        located = atlas.build(self._databases, model.networks, model.sites)
        compiler = Compiler(model, located.locations, located.cut)
        files = digest.of_files(loaded.sources, [located.oldest_build() or 0])
        return Load(loaded, targets.index(model), compiler, located, Reach(model), time.perf_counter() - began, warnings, files, version)

    def _read_databases(self) -> tuple[str, ...]:
        """Read what has changed; return what to warn of."""
        path = self._settings.geo.database or geo.shipped()
        if path is None:
            return ()
        try:
            state = _fingerprint(path)
            if state != self._read_from:
                self._databases = geo.read(path, cache=self._settings.state_dir)
                self._read_from = state
        except (GeoError, OSError) as error:
            kept = "the last good data stay" if self._databases else "every client is at an unknown place: policies use their default"
            return (f"geo data cannot be read; {kept}: {error}",)
        return ()


def _fingerprint(path: Path) -> object:
    """Tell one state of a file or folder from another."""
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    return [(str(f), f.stat().st_mtime_ns, f.stat().st_size) for f in files]
