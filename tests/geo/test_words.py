"""What the page on geography promises: its sample networks are where it says, its networks.yaml loads and does what the table says."""

from __future__ import annotations

import re
from ipaddress import ip_address, ip_network
from pathlib import Path

from gslb import config, geo
from gslb.geo.atlas import build
from gslb.geo.mmdb import Database
from gslb.model import Site

PAGE = (Path(__file__).parents[2] / "docs" / "explanation" / "geography.md").read_text(encoding="utf-8")
PLACES = {"Germany": ("DE", None), "California": ("US", "CA"), "Virginia": ("US", "VA"), "Singapore": ("SG", None)}


def test_networks_to_try(atlas: geo.Atlas) -> None:
    rows = re.findall(r"^\| (\w+) \| ([\d./]+) \| ([\da-f:/]+) \|$", PAGE, re.MULTILINE)
    assert [place for place, *_ in rows] == list(PLACES)
    for place, *networks in rows:
        for network in networks:
            location, around = atlas.lookup(ip_network(network)[1])
            assert (location.country, location.subdivision) == PLACES[place]
            assert ip_network(network).subnet_of(around)  # type: ignore[arg-type]


def test_the_example_of_networks(tmp_path: Path, shipped: Database) -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "networks.yaml").write_text(example)
    (tmp_path / "sites.yaml").write_text("sites:\n  fra: {location: [50.11, 8.68]}\n  sin: {location: [1.35, 103.82]}\n")
    loaded = config.load([tmp_path / "sites.yaml"], tmp_path / "networks.yaml")
    assert not loaded.fatal, loaded.problems
    atlas = build([shipped], loaded.model.networks, {"fra": Site("fra", location=(50.11, 8.68)), "sin": Site("sin", location=(1.35, 103.82))})

    def where(text: str) -> tuple[object, ...]:
        location, _ = atlas.lookup(ip_address(text))
        return location.country, location.subdivision, location.site, location.coordinates, set(location.tags)

    assert where("10.1.1.1") == (None, None, "fra", (50.11, 8.68), set())
    assert where("10.65.1.1") == (None, None, "sin", (1.35, 103.82), {"asia"})
    assert where("198.51.100.7")[:3] == ("US", "VA", None)
    assert where("198.51.100.7")[3] == next(one.coordinates for one in shipped.locations if (one.country, one.subdivision) == ("US", "VA"))
    assert where("203.0.113.7")[4] == {"partner"}
    assert where("2001:db8:7::1")[3] == (48.1, 11.6)
