"""What geo's tests share: the shipped database, opened by us and by MaxMind's reader, and a maker of small ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import maxminddb
import pytest
from mmdb_writer import MMDBWriter, TreeWriter
from netaddr import IPSet

from gslb import geo
from gslb.answer import region
from gslb.geo import mmdb, source
from gslb.geo.countries import countries
from gslb.plan import Partition

SHIPPED = Path(__file__).parents[2] / "geodb" / "gslb-region.mmdb.xz"

Make = Callable[..., bytes]


def asked(partition: Partition, address: int, bits: int, source: int) -> tuple[int, int]:
    """Region and scope that the answer path gives a client subnet."""
    octets = (address >> (bits - source) << (bits - source)).to_bytes(bits // 8)[: (source + 7) // 8]
    return region.of_subnet(partition, bits, octets, bytes(4))


@pytest.fixture(scope="session")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped database as a plain .mmdb file."""
    path = tmp_path_factory.mktemp("geodb") / "gslb-region.mmdb"
    path.write_bytes(source.content(SHIPPED))
    return path


@pytest.fixture(scope="session")
def shipped(unpacked: Path) -> mmdb.Database:
    return mmdb.read(unpacked.read_bytes(), unpacked.name, countries())


@pytest.fixture(scope="session")
def atlas(unpacked: Path) -> geo.Atlas:
    return geo.load(unpacked, [], {})


@pytest.fixture(scope="session")
def oracle(unpacked: Path) -> Iterator[Any]:
    """MaxMind's reader in C, which shares no code with ours."""
    with maxminddb.open_database(str(unpacked)) as reader:
        yield reader


@pytest.fixture(scope="session")
def make(tmp_path_factory: pytest.TempPathFactory) -> Make:
    """Write a small database with mmdb_writer and return its octets; later networks cut into earlier ones."""
    path = tmp_path_factory.mktemp("made") / "made.mmdb"

    def made(
        networks: Mapping[str, Any],
        *,
        ip_version: int = 6,
        record_size: int = 24,
        database_type: str = "Test",
        aliases: tuple[str, ...] = (),
        floats: Any = "f64",
    ) -> bytes:
        writer = MMDBWriter(
            ip_version,
            database_type,
            languages=["en"],
            description={"en": f"test of {database_type}"},
            ipv4_compatible=ip_version == 6,
            float_type=floats,
        )
        for network, record in networks.items():
            writer.insert_network(IPSet([network]), record)
        for alias in aliases:
            _alias(writer, alias)
        tree = _Sized(writer.tree, writer._build_meta(), writer.int_type, writer.float_type)
        tree.wanted = record_size
        tree.write(str(path))
        return path.read_bytes()

    return made


class _Sized(TreeWriter):
    """Writes any record size, where the library takes the smallest that fits."""

    wanted = 24

    def _adjust_record_size(self) -> None:
        self.record_size = self.wanted


def _alias(writer: MMDBWriter, network: str) -> None:
    """Let a network's node be the very node of ::/96, as MaxMind does for 2002::/16 and others."""
    root = writer.tree
    for _ in range(96):
        root = root[0]
    address, _, length = network.partition("/")
    number = int(IPSet([f"{address}/128"]).iter_cidrs()[0].value)
    node = writer.tree
    for depth in range(int(length) - 1):
        node = node.get_or_create(number >> (127 - depth) & 1)
    node[number >> (128 - int(length)) & 1] = root
