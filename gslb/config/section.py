"""What sections of the settings are made of: their base, and the types of their values.

A section of its own file (`gslb/config/settings_*.py`) and `settings` import this; nobody else reads values.
"""

from __future__ import annotations

import re
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, NamedTuple

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, WithJsonSchema

from gslb.config import durations


class Endpoint(NamedTuple):
    """An address and port to listen on."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def endpoint(value: Any) -> Endpoint:
    """Read `192.0.2.1:53` or `[2001:db8::1]:53`."""
    if isinstance(value, Endpoint):
        return value
    match = re.fullmatch(r"(?:\[([0-9A-Fa-f:.]+)\]|([0-9.]+)):([0-9]{1,5})", value) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f"{value!r} is not ADDRESS:PORT; write 127.0.0.1:5300 or '[::1]:5300' (all addresses: 0.0.0.0:53 and '[::]:53')")
    host, port = match.group(1) or match.group(2), int(match.group(3))
    ip_address(host)
    if port > 65_535:
        raise ValueError(f"port {port} is above 65535")
    return Endpoint(host, port)


def one_or_many(value: Any) -> Any:
    """Let a single text stand for a list of one."""
    return [value] if isinstance(value, str) else value


def distinct(value: tuple[Endpoint, ...]) -> tuple[Endpoint, ...]:
    """Refuse an address that is there twice: it would be bound twice. Port 0 is another port each time."""
    said = set()
    for endpoint in value:
        same = ip_address(endpoint.host), endpoint.port
        if endpoint.port and same in said:
            raise ValueError(f"{endpoint} is there twice; name it once")
        said.add(same)
    return value


def auto(value: Any) -> Any:
    """Read `auto` as nothing said."""
    return None if value == "auto" else value


def _address(value: str) -> str:
    """Read an IP address; no name is resolved."""
    try:
        return str(ip_address(value))
    except ValueError:
        raise ValueError(f"{value!r} is not an IP address; names are not resolved") from None


def _name(value: str) -> str:
    if not re.fullmatch(r"(?!.{254})([^\s.]{1,63}\.)+", value):
        raise ValueError(f"{value!r} is not a whole domain name; write it with its final dot: www.example.com.")
    return value


def _nameable(value: Path) -> Path:
    if "\0" in str(value):
        raise ValueError("no file has a NUL in its name")
    return value


File = Annotated[Path, AfterValidator(_nameable)]
Listen = Annotated[Endpoint, BeforeValidator(endpoint), WithJsonSchema({"type": "string", "examples": ["127.0.0.1:5300", "[::1]:5300"]})]
Address = Annotated[str, AfterValidator(_address)]
Name = Annotated[str, AfterValidator(_name)]
Seconds = Annotated[float, BeforeValidator(durations.seconds), WithJsonSchema({"type": ["string", "number"], "examples": ["10s", 2.5]})]


class Section(BaseModel):
    """A part of the settings: whole, unchanging, without unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True, allow_inf_nan=False)
