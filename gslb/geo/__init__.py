"""Geography: where clients are, from databases and the operator's own networks.

`load` makes an `Atlas`; the control process keeps the old one when it raises. The one home of numpy and of MMDB files.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

from gslb.errors import GeoError
from gslb.geo import ahead, kept, mmdb, source
from gslb.geo.atlas import Atlas, build
from gslb.geo.countries import shipped
from gslb.model import NetworkFact, Site

__all__ = ["Atlas", "load", "read", "read_ahead", "shipped"]


def load(
    database: Path | Sequence[Path] | None,
    networks: Sequence[NetworkFact],
    sites: Mapping[str, Site],
    *,
    cache: Path | None = None,
) -> Atlas:
    """Read the databases (files or folders; None: no geo data) and lay the operator's networks over them. Raises GeoError.

    `cache`: a folder that may keep flattened databases, so that the next start need not unpack and flatten them again.
    """
    return build(read(database, cache=cache), networks, sites)


def read(database: Path | Sequence[Path] | None, *, cache: Path | None = None) -> list[mmdb.Database]:
    """Read databases alone, for a caller whose networks change more often than its files."""
    paths = source.files(database) if database is not None else []
    found = ahead.taken(_state(paths, cache))
    return _read(paths, cache) if found is None else found


def read_ahead(database: Path | Sequence[Path], *, cache: Path | None = None) -> None:
    """Begin to read what `read` will be asked for. Where that cannot even begin, `read` says why."""
    with suppress(GeoError, OSError):
        paths = source.files(database)
        ahead.begin(_state(paths, cache), partial(_read, paths, cache))


def _read(paths: Sequence[Path], cache: Path | None) -> list[mmdb.Database]:
    return [kept.read(path, cache) for path in paths]


def _state(paths: Sequence[Path], cache: Path | None) -> str:
    """Tell one state of the files from another; a file that is not there has one, too."""
    states = [(path.stat().st_mtime_ns, path.stat().st_size) if path.exists() else () for path in paths]
    return repr((cache, paths, states))
