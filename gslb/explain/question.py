"""What is asked of `gslb explain`: a name and type, a client, and what is to be assumed.

The command line and the local socket carry it as texts; `read` judges them in one place. Raises UsageError.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_address, ip_interface
from typing import Any, Final

from gslb import names
from gslb.config import durations, rdata
from gslb.errors import UsageError
from gslb.explain.assume import NOTHING, Assumed
from gslb.geo.countries import countries
from gslb.model import Address, Network

MOST: Final = 1000  # texts of a list


@dataclass(frozen=True, slots=True)
class Question:
    """One question. `client`: who sends it, a resolver where there is a `subnet`; `country` chooses clients; `assumed`: what if."""

    name: bytes
    type: int
    client: Address | None = None
    subnet: Network | None = None
    country: str = ""
    assumed: Assumed = NOTHING


def read(said: Mapping[str, Any], now: float) -> Question:
    """Read texts: name, type, client, subnet, country, assume_down and assume_drained (lists), at. Raises UsageError."""
    question = Question(
        _name(_text(said, "name")),
        type_number(_text(said, "type") or "A"),
        _address(_text(said, "client")),
        _subnet(_text(said, "subnet")),
        _country(_text(said, "country")),
        assumed(said, now),
    )
    if question.country and (question.client or question.subnet):
        raise UsageError("--country chooses the clients itself: leave --client and --subnet out")
    if not (question.client or question.subnet or question.country):
        raise UsageError("for whom? give --client ADDRESS, --subnet NETWORK or --country CODE")
    return question


def assumed(said: Mapping[str, Any], now: float) -> Assumed:
    """Read what is to be taken as down or drained, and the time: assume_down, assume_drained, at. Raises UsageError."""
    return Assumed(texts(said, "assume_down"), texts(said, "assume_drained"), _moment(_text(said, "at"), now))


def _text(said: Mapping[str, Any], key: str) -> str:
    value = said.get(key) or ""
    if not isinstance(value, str):
        raise UsageError(f"{key} must be text")
    return value


def texts(said: Mapping[str, Any], key: str) -> tuple[str, ...]:
    """Read a list of texts."""
    value = said.get(key) or ()
    if not isinstance(value, Sequence) or isinstance(value, str) or not all(isinstance(one, str) for one in value):
        raise UsageError(f"{key} must be a list of texts")
    if len(value) > MOST:
        raise UsageError(f"{key} has {len(value):,} entries; at most {MOST:,} are taken")
    return tuple(value)


def _name(text: str) -> bytes:
    try:
        return names.from_text(text).lower()
    except ValueError as error:
        raise UsageError(str(error)) from None


def type_number(text: str) -> int:
    """Read a type's name."""
    try:
        return rdata.type_number(text.upper())
    except ValueError as error:
        raise UsageError(str(error)) from None


def _address(text: str) -> Address | None:
    try:
        return ip_address(text) if text else None
    except ValueError:
        raise UsageError(f"{text!r} is not an IP address: write 203.0.113.7 or 2001:db8::1") from None


def _subnet(text: str) -> Network | None:
    try:
        return ip_interface(text).network if text else None
    except ValueError:
        raise UsageError(f"{text!r} is no network: write 203.0.113.0/24 or 2001:db8::/56") from None


def _country(text: str) -> str:
    code = text.upper()
    if code and code not in countries().of:
        raise UsageError(f"{text!r} is no country: write two letters of ISO 3166-1, such as DE or US")
    return code


def _moment(text: str, now: float) -> float | None:
    if not text:
        return None
    try:
        if text.startswith("+"):
            return now + durations.seconds(text[1:])
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        raise UsageError(f"{text!r} is no time: write 2026-12-24T18:00 (UTC), 2026-12-24T18:00+01:00, or +2h") from None
