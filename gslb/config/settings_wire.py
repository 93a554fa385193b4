"""Settings of what is told about queries: dnstap, the query log, and who may ask the nameserver why.

Read by `gslb.role.serve`, which tells the planes. All of it is off unless it is there.
"""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PlainValidator, WithJsonSchema

from gslb.config.section import Endpoint, Section, endpoint, one_or_many


def _reader(value: Any) -> Path | Endpoint:
    """Read a path (it has a slash, or `unix:` before it) or ADDRESS:PORT."""
    if isinstance(value, Path):
        return value
    if isinstance(value, str) and (value.startswith("unix:") or "/" in value):
        if "\0" in value:
            raise ValueError("no file has a NUL in its name")
        return Path(value.removeprefix("unix:"))
    try:
        return endpoint(value)
    except ValueError:
        raise ValueError(f"{value!r} is no path and not ADDRESS:PORT; write /run/dnstap.sock, unix:dnstap.sock, or 127.0.0.1:6000") from None


def _network(value: Any) -> Any:
    """Read an address or a network; bits beyond the mask are a slip."""
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is no address and no network")  # noqa: TRY004  pydantic wants ValueError
    try:
        return ip_network(value)
    except ValueError as error:
        raise ValueError(f"{value!r} is no network: {error}" if "host bits" in str(error) else f"{value!r} is no address and no network") from None


Reader = Annotated[Path | Endpoint, PlainValidator(_reader), WithJsonSchema({"type": "string", "examples": ["/run/dnstap.sock", "127.0.0.1:6000"]})]
Network = Annotated[IPv4Network | IPv6Network, BeforeValidator(_network), WithJsonSchema({"type": "string", "examples": ["127.0.0.0/8", "::1"]})]


class Dnstap(Section):
    """Queries and answers, octet for octet, for a reader of dnstap."""

    socket: Reader = Field(description="unix socket (a path) or ADDRESS:PORT (TCP) at which a reader waits for Frame Streams")
    sample: float = Field(default=1.0, gt=0, le=1, description="share of queries that is told, drawn at random")
    messages: Literal["both", "queries", "responses"] = Field(default="both", description="AUTH_QUERY, AUTH_RESPONSE, or both of each query")
    extra: bool = Field(default=True, description="whether pool, site and reason of the decision stand in the field `extra`")


class QueryLog(Section):
    """One line of JSON for some of the queries."""

    sample: float = Field(default=0.01, gt=0, le=1, description="share of queries that is logged, drawn at random")
    clients: Literal["truncated", "full", "none"] = Field(
        default="truncated", description="addresses of clients: cut to /24 and /56, whole, or left out"
    )


class Debug(Section):
    """Who may ask the nameserver itself why: `dig TXT _gslb.NAME`."""

    clients: Annotated[tuple[Network, ...], BeforeValidator(one_or_many)] = Field(default=(), description="networks that are told; empty: nobody")


def rooted(dnstap: Dnstap | None, folder: Path) -> Dnstap | None:
    """Make a relative path of the reader start at a folder."""
    if dnstap is None or isinstance(dnstap.socket, Endpoint):
        return dnstap
    return dnstap.model_copy(update={"socket": folder / dnstap.socket})
