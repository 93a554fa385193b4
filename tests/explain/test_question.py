"""What can be asked, and the one line for what cannot."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from typing import Any

import pytest

from gslb.errors import UsageError
from gslb.explain import read
from gslb.names import from_text

NOW = 1_767_571_200.0


def test_all_of_it() -> None:
    said = {"name": "WWW.example.com", "type": "aaaa", "client": "2001:db8::1", "subnet": "203.0.113.9/24", "assume_down": ["fra"], "at": "+2h"}
    question = read(said, NOW)
    assert question.name == from_text("www.example.com.")
    assert question.type == 28
    assert question.client == ip_address("2001:db8::1")
    assert question.subnet == ip_network("203.0.113.0/24")
    assert question.assumed.down == ("fra",)
    assert question.assumed.at == NOW + 7200


@pytest.mark.parametrize(
    ("at", "moment"),
    [
        ("2026-01-05T00:00", NOW),
        ("2026-01-05 00:00", NOW),
        ("2026-01-05T01:00+01:00", NOW),
        ("2026-01-05", NOW),
        ("+90s", NOW + 90),
    ],
)
def test_times(at: str, moment: float) -> None:
    assert read({"name": "a.", "client": "192.0.2.1", "at": at}, NOW).assumed.at == moment


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({}, "empty name"),
        ({"name": "a..b", "client": "192.0.2.1"}, "empty label"),
        ({"name": "a"}, "for whom?"),
        ({"name": "a", "client": "192.0.2"}, "is not an IP address"),
        ({"name": "a", "subnet": "192.0.2.1/99"}, "is no network"),
        ({"name": "a", "type": "NOPE", "client": "192.0.2.1"}, "unknown record type"),
        ({"name": "a", "country": "XX"}, "is no country"),
        ({"name": "a", "country": "DE", "client": "192.0.2.1"}, "leave --client and --subnet out"),
        ({"name": "a", "client": "192.0.2.1", "at": "tomorrow"}, "is no time"),
        ({"name": "a", "client": "192.0.2.1", "at": "+soon"}, "is no time"),
        ({"name": "a", "client": 7}, "client must be text"),
        ({"name": "a", "client": "192.0.2.1", "assume_down": "fra"}, "assume_down must be a list"),
        ({"name": "a", "client": "192.0.2.1", "assume_down": [7]}, "assume_down must be a list"),
    ],
)
def test_mistakes(said: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message.replace("?", r"\?")):
        read(said, NOW)
