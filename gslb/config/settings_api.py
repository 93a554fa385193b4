"""The section `api` of the settings: where the control API and the dashboard are served, and who may do what."""

from __future__ import annotations

import re
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator, WithJsonSchema, model_validator

from gslb.config.section import Endpoint, File, Section, endpoint, one_or_many

UNIX: Final = "unix://"
DEFAULT: Final = Endpoint("127.0.0.1", 8054)


def _listen(value: Any) -> Path | Endpoint:
    """Read `unix:///path` or ADDRESS:PORT."""
    if isinstance(value, Path):
        return value
    if isinstance(value, str) and value.startswith(UNIX):
        path = value.removeprefix(UNIX)
        if not path.startswith("/") or "\0" in path:
            raise ValueError(f"{value!r} is no socket: write unix:///run/gslb/api.sock, with a whole path")
        return Path(path)
    return endpoint(value)


def _host(value: str) -> str:
    """Read a host's name or address, without a port."""
    try:
        return str(ip_address(value.strip("[]")))
    except ValueError:
        if not re.fullmatch(r"[A-Za-z0-9._-]{1,253}", value):
            raise ValueError(f"{value!r} is not a host's name: write gslb.example.com, without a port") from None
    return value.lower().rstrip(".")


def _network(value: str) -> str:
    try:
        return str(ip_network(value))
    except ValueError as error:
        raise ValueError(f"{value!r} is no network: {error}") from None


def _zone(value: str) -> str:
    text = value.lower().rstrip(".")
    if not re.fullmatch(r"[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*", text) or len(text) > 253:
        raise ValueError(f"{value!r} is not a zone's name: write example.com")
    return text


Where = Annotated[
    Path | Endpoint, PlainValidator(_listen), WithJsonSchema({"type": "string", "examples": ["127.0.0.1:8054", "unix:///run/gslb/api.sock"]})
]
ScopeName = Literal["read", "drain", "write", "admin"]
Texts = BeforeValidator(one_or_many)


class Tls(Section):
    """A certificate and its key."""

    cert: File = Field(description="certificate and those above it, PEM; read again when it changes")
    key: File = Field(description="private key, PEM")


class Api(Section):
    """The control API and the dashboard."""

    listen: Where = Field(default=DEFAULT, description="ADDRESS:PORT, or unix:///path (mode 0600: whoever can open it may do everything)")
    tls: Tls | None = Field(default=None, description="needed on every address that is not loopback")
    tokens: File | None = Field(default=None, description="file of tokens, made by gslb token create; read again when it changes")
    anonymous: Annotated[tuple[ScopeName, ...], Texts] = Field(default=("read",), description="what is allowed without a token, on loopback only")
    hosts: Annotated[tuple[Annotated[str, AfterValidator(_host)], ...], Texts] = Field(
        default=(), description="names this API is called by, besides localhost, loopback and the address it listens on"
    )
    managed: Annotated[tuple[Annotated[str, AfterValidator(_zone)], ...], Texts] = Field(
        default=(), description="zones whose records may be changed through the API"
    )
    managed_dir: File = Field(default=Path("zones/managed"), description="where their files are; nobody else writes there")
    check_targets: Annotated[tuple[Annotated[str, AfterValidator(_network)], ...], Texts] = Field(
        default=(), description="networks that checks given through the API may reach though they are loopback, link-local or metadata addresses"
    )

    @model_validator(mode="after")
    def _guarded(self) -> Self:
        """Refuse to listen to others without a token and TLS."""
        if not self.local and (self.tls is None or self.tokens is None):
            raise ValueError(f"{self.listen} is not loopback: there the API needs `tls` and `tokens`; or listen on 127.0.0.1:8054 or unix:///path")
        return self

    @property
    def local(self) -> bool:
        """Whether nobody but this machine can reach it."""
        return isinstance(self.listen, Path) or ip_address(self.listen.host).is_loopback

    def rooted(self, folder: Path) -> Self:
        """Make relative paths start at a folder."""
        tls = self.tls and Tls(cert=folder / self.tls.cert, key=folder / self.tls.key)
        tokens = self.tokens and folder / self.tokens
        return self.model_copy(update={"tls": tls, "tokens": tokens, "managed_dir": folder / self.managed_dir})
