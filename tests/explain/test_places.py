"""Why a scope is no wider: the neighbour named is in the wider block, and in another region. Countries and their parts."""

from __future__ import annotations

import random
from ipaddress import ip_address, ip_network
from typing import Any

import pytest

from gslb.answer.region import of_client
from gslb.errors import UsageError
from gslb.explain import Question, explain, read
from gslb.names import from_text


def test_neighbours_are_of_another_region(worlds: Any) -> None:
    named = 0
    for number in range(20):
        world = worlds.build(number)
        for name in world.names * 3:
            client = world.client()
            told = explain(world.subject, Question(name, 1, client))
            region = told["region"]
            if region is None:
                continue
            partition = world.subject.snapshot.partitions[region["partition"]]
            assert ip_address(told["client"]["address"]) in ip_network(region["block"])
            assert of_client(partition, client.packed) == region["region"]
            block = ip_network(region["block"])
            chance = random.Random(str(block))
            for _ in range(5):  # whoever stands in the block gets the same, as far as client subnets are looked at
                other = block[chance.randrange(block.num_addresses)]
                cap = partition.cap4 if block.version == 4 else partition.cap6
                masked = other if block.prefixlen > cap else ip_network((other, cap), strict=False).network_address
                assert of_client(partition, masked.packed) == region["region"]
            cut = region["cut_by"]
            if cut is None or cut["why"] != "region":
                continue
            named += 1
            assert block.subnet_of(ip_network(cut["wider"]))  # type: ignore[arg-type]
            other = ip_network(cut["network"])
            assert cut["region"] != region["region"]
            inside = [one for one in (other, ip_network(cut["wider"])) if one.version == other.version]
            assert inside[0].overlaps(inside[1])
    assert named > 50


def test_a_country_is_told_part_by_part(worlds: Any) -> None:
    told_of = set()
    for number in range(25):
        world = worlds.build(number)
        known = {location.country for location in world.subject.atlas.locations} - {None}
        for country in sorted(known & {"US", "DE", "SG"}):
            told = explain(world.subject, Question(world.names[0], 1, country=country))
            parts = told["country"]["parts"]
            told_of.add(len(parts) > 1)
            assert sum(part["share"] for part in parts) == pytest.approx(100, abs=0.1)
            assert [part["share"] for part in parts] == sorted((part["share"] for part in parts), reverse=True)
            assert parts[0]["members"] == told["answer"]["members"]
            assert told["client"]["address"] == parts[0]["address"]
            for part in parts:
                location, _ = world.subject.atlas.lookup(ip_address(part["address"]))
                assert location.country == country
                alone = explain(world.subject, Question(world.names[0], 1, ip_address(part["address"])))
                assert (alone["region"] and alone["region"]["region"]) == part["region"]
                assert alone["answer"]["members"] == part["members"]
    assert told_of, "no country to tell of"


def test_a_country_of_which_nothing_is_known(worlds: Any) -> None:
    world = worlds.build(1)
    with pytest.raises(UsageError, match="know no address in AQ"):
        explain(world.subject, read({"name": "alias.example.com", "country": "AQ"}, worlds.NOW))


def test_who_sends_a_subnet_is_nobody_unless_said(worlds: Any) -> None:
    world = worlds.build(3)
    told = explain(world.subject, Question(from_text("alias.example.com."), 1, None, ip_network("198.51.100.0/24")))
    assert told["client"]["sender"] == "127.0.0.1"
    assert told["client"]["placed_by"] == "subnet"
