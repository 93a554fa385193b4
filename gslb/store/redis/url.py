"""URLs of shared stores, read once and never repeated: they hold passwords.

redis://[user:password@]host[:port][/db]                 rediss:// the same over TLS
unix://[user:password@]/path/of/the.sock
redis+sentinel://[user:password@]host[:port],…/SERVICE[/db]    rediss+sentinel:// the same over TLS
redis+cluster://[user:password@]host[:port],…                  rediss+cluster:// the same over TLS

?name=prod    whose content of it: several fleets may share one server (letters, digits, `._-`)
?ca=FILE&cert=FILE&key=FILE    TLS: who signs servers, and what we show them
?db=N    of a unix socket
?sentinel_user=…&sentinel_password=…    where Sentinels ask for more than their servers do
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from gslb.errors import StoreError

_PORTS: Final = {"sentinel": 26_379}
_PORT: Final = 6_379
_NAME: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
_OPTIONS: Final = frozenset({"name", "ca", "cert", "key", "db", "sentinel_user", "sentinel_password"})
_SCHEME: Final = re.compile(r"(unix|rediss?)(?:\+(sentinel|cluster))?")


@dataclass(frozen=True, slots=True)
class Login:
    """Who we say we are; "" = nobody."""

    user: str = ""
    password: str = field(default="", repr=False)


NOBODY: Final = Login()


@dataclass(frozen=True, slots=True)
class Tls:
    """Files; "" = the system's authorities, no certificate of our own."""

    ca: str = ""
    cert: str = ""
    key: str = ""

    @property
    def files(self) -> tuple[str, ...]:
        """Those that are named."""
        return tuple(filter(None, (self.ca, self.cert, self.key)))


@dataclass(frozen=True, slots=True)
class Place:
    """Where a store is. `kind`: "single", "sentinel" or "cluster"; `hosts` (name, port): the server, the Sentinels, or some nodes; or a `path`."""

    kind: str
    hosts: tuple[tuple[str, int], ...]
    path: str = ""
    login: Login = NOBODY
    db: int = 0
    name: str = "gslb"
    service: str = ""
    tls: Tls | None = None
    sentinel_login: Login = NOBODY

    @property
    def shown(self) -> str:
        """As people may see it: without passwords."""
        if self.path:
            return f"unix://{self.path}"
        scheme = "redis" + ("s" if self.tls else "") + ("" if self.kind == "single" else f"+{self.kind}")
        hosts = ",".join(f"[{host}]:{port}" if ":" in host else f"{host}:{port}" for host, port in self.hosts)
        return f"{scheme}://{hosts}" + (f"/{self.service}" if self.service else "")


def parse(url: str) -> Place:
    """Read a URL. Raises StoreError, which says what is wrong and not what the URL was."""
    parts = urlsplit(url)
    found = _SCHEME.fullmatch(parts.scheme)
    if not found or (found[1] == "unix" and found[2]):
        raise StoreError(f"no Redis store: {parts.scheme}://")
    options = _options(parts.query)
    name = options.get("name", "gslb")
    if not _NAME.fullmatch(name):
        raise StoreError(f"store: name {name!r} in the URL: letters, digits and ._- only, at most 64")
    who, _, rest = parts.netloc.rpartition("@")
    user, _, password = who.partition(":")
    login = Login(unquote(user), unquote(password))
    if found[1] == "unix":
        if rest or len(parts.path) < 2:
            raise StoreError("store: a unix:// URL has a path and no host: unix:///run/redis/redis.sock")
        return Place("single", (), unquote(parts.path), login, _database(options.get("db", "")), name)
    kind = found[2] or "single"
    hosts = _hosts(rest, _PORTS.get(kind, _PORT), kind)
    service, db = _path(parts, kind)
    tls = Tls(options.get("ca", ""), options.get("cert", ""), options.get("key", "")) if found[1] == "rediss" else None
    if tls is None and options.keys() & {"ca", "cert", "key"}:
        raise StoreError("store: ca, cert and key in the URL are for rediss://")
    sentinel = Login(options.get("sentinel_user", ""), options.get("sentinel_password", ""))
    return Place(kind, hosts, "", login, db, name, service, tls, sentinel)


def _options(query: str) -> dict[str, str]:
    options = {name: values[-1] for name, values in parse_qs(query, keep_blank_values=True).items()}
    if unknown := sorted(options.keys() - _OPTIONS):
        raise StoreError(f"store: unknown in the URL: {', '.join(unknown)}; known are {', '.join(sorted(_OPTIONS))}")
    return options


def _hosts(text: str, port: int, kind: str) -> tuple[tuple[str, int], ...]:
    hosts = []
    for one in text.split(","):
        found = re.fullmatch(r"(?:\[([0-9A-Fa-f:.]+)\]|([^\[\]:@\s]+))(?::([0-9]{1,5}))?", one)
        if not found or not 0 < int(found[3] or port) < 65_536:
            raise StoreError("store: the URL names no host, or none that can be read: host, host:port, [address]:port")
        hosts.append((unquote(found[1] or found[2]), int(found[3] or port)))
    if kind == "single" and len(hosts) > 1:
        raise StoreError("store: several hosts are for redis+sentinel:// and redis+cluster://")
    return tuple(hosts)


def _path(parts: SplitResult, kind: str) -> tuple[str, int]:
    """Return the service and the database that a path names."""
    words = [unquote(word) for word in parts.path.split("/")[1:] if word]
    service = words.pop(0) if kind == "sentinel" and words else ""
    if kind == "sentinel" and not service:
        raise StoreError("store: a redis+sentinel:// URL names the service: redis+sentinel://host:26379/SERVICE")
    if len(words) > 1 or (kind == "cluster" and words):
        raise StoreError("store: too much path in the URL" if kind != "cluster" else "store: a Cluster has one database: no path in the URL")
    return service, _database(words[0] if words else "")


def _database(text: str) -> int:
    if text and not (text.isascii() and text.isdigit() and int(text) < 1 << 16):
        raise StoreError("store: the database in the URL is no number")
    return int(text or 0)
