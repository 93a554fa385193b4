"""Geography: where clients are, from databases and the operator's own networks.

`load` makes an `Atlas`; the control process keeps the old one when it raises. The one home of numpy and of MMDB files.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from gslb.geo import kept, mmdb, source
from gslb.geo.atlas import Atlas, build
from gslb.geo.countries import shipped
from gslb.model import NetworkFact, Site

__all__ = ["Atlas", "load", "read", "shipped"]


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
    return [kept.read(path, cache) for path in paths]
