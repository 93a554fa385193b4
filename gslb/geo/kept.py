"""Flattened databases, kept in the state directory: the next start need not unpack and walk them again, which takes a second.

Called by `gslb.geo.read`. What is kept stands under the digest of all it was made of: the file as it is on disk, the country table and this
version of gslb; and under its own. What is damaged, or of something else, is made anew; a folder that cannot be read or written is no fault.

    gslb-geo 1 SHA256-OF-THE-REST ⏎ JSON: what it was made of, facts, locations ⏎ columns: v4 start, value; v6 high, low, value
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gslb import __version__
from gslb.errors import GeoError
from gslb.geo import mmdb, source
from gslb.geo.countries import countries, table_text
from gslb.geo.mmdb import Database, Metadata
from gslb.geo.runs import Runs
from gslb.model import UNKNOWN_LOCATION, Location

SUFFIX: Final = ".runs"
MOST: Final = 256 << 20  # octets; a database that takes more (a city file of single addresses) is flattened at each start
_MAGIC: Final = b"gslb-geo 1 "
_DIGEST: Final = 64  # hex digits
_START4, _WIDE, _VALUE = np.dtype("<u4"), np.dtype("<u8"), np.dtype("<u4")


def read(path: Path, cache: Path | None) -> Database:
    """Read a database file, or what was kept of it. Raises GeoError."""
    if cache is None:
        return _made(path)
    kept = cache / (path.name + SUFFIX)
    origin = _origin(path)
    with suppress(OSError, GeoError, ValueError, TypeError, LookupError):
        return _decoded(source.bounded(kept), path.name, origin)
    database = _made(path)
    with suppress(OSError):
        octets = _encoded(database, origin)
        if len(octets) <= MOST:
            cache.mkdir(parents=True, exist_ok=True)
            source.write(kept, octets)
    return database


def _made(path: Path) -> Database:
    return mmdb.read(source.content(path), path.name, countries())


def _origin(path: Path) -> str:
    """Return the digest of all that a flattened database hangs on. Raises GeoError."""
    digest = hashlib.sha256(f"{__version__}\n{path.name}\n{table_text()}\n".encode())
    digest.update(source.packed(path))
    return digest.hexdigest()


def _encoded(database: Database, origin: str) -> bytes:
    facts = {
        "origin": origin,
        "metadata": database.metadata._asdict(),
        "locations": [{key: value for key, value in asdict(one).items() if value} for one in database.locations],
        "networks": [database.networks4, database.networks6],
        "records": database.records,
        "shapes": database.shapes,
        "runs": [len(database.v4.value), len(database.v6.value)],
    }
    columns = (
        (database.v4.high >> np.uint64(32)).astype(_START4),
        database.v4.value.astype(_VALUE),
        *(database.v6.high.astype(_WIDE), database.v6.low.astype(_WIDE), database.v6.value.astype(_VALUE)),
    )
    head = json.dumps(facts).encode()
    head += b" " * (-(len(_MAGIC) + _DIGEST + 1 + len(head) + 1) % _WIDE.itemsize)  # columns begin where processors like numbers to be
    rest = head + b"\n" + b"".join(column.tobytes() for column in columns)
    return _MAGIC + hashlib.sha256(rest).hexdigest().encode() + b"\n" + rest


def _decoded(octets: bytes, name: str, origin: str) -> Database:
    """Read what was kept. Raises ValueError, TypeError or LookupError where it is not what `_encoded` made of the same."""
    start = len(_MAGIC) + _DIGEST + 1
    rest = memoryview(octets)[start:]
    if octets[:start] != _MAGIC + hashlib.sha256(rest).hexdigest().encode() + b"\n":
        raise ValueError("damaged, or of another version")
    end = octets.index(b"\n", start)
    facts = json.loads(octets[start:end])
    if facts["origin"] != origin:
        raise ValueError("made of something else")
    columns = _Columns(octets, end + 1)
    four, six = facts["runs"]
    v4 = Runs(columns.take(four, _START4).astype(np.uint64) << np.uint64(32), np.zeros(four, np.uint64), columns.take(four, _VALUE))
    v6 = Runs(columns.take(six, _WIDE), columns.take(six, _WIDE), columns.take(six, _VALUE))
    metadata = Metadata(**{**facts["metadata"], "languages": tuple(facts["metadata"]["languages"])})
    locations = tuple(map(_location, facts["locations"]))
    networks4, networks6 = facts["networks"]
    return Database(name, metadata, locations, v4, v6, networks4, networks6, facts["records"], Counter(facts["shapes"]))


class _Columns:
    """Takes columns of numbers one after the other; the octets are not copied."""

    def __init__(self, octets: bytes, at: int) -> None:
        self._octets = octets
        self._at = at

    def take(self, count: int, kind: np.dtype[Any]) -> NDArray[Any]:
        column = np.frombuffer(self._octets, kind, count, self._at)
        self._at += column.nbytes
        return column


def _location(given: dict[str, Any]) -> Location:
    if not given:
        return UNKNOWN_LOCATION
    coordinates, tags = given.pop("coordinates", None), given.pop("tags", ())
    return Location(**given, coordinates=coordinates and tuple(coordinates), tags=frozenset(tags))
