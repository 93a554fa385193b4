"""Stores: where votes and overrides are shared, found here by the scheme of their URL.

Opened by the roles; a scheme that is not in the table is looked for among the entry points `gslb.stores`.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import entry_points
from typing import Final, cast
from urllib.parse import urlsplit

from gslb.errors import StoreError
from gslb.store.identity import Identity
from gslb.store.memory import MemoryStore
from gslb.store.redis import open_redis
from gslb.store.state import KEEP, Hint, NodeReport, Overrides, OvertakenError, Pulse, Push, Pushed, State, Store, Votes

__all__ = [
    "KEEP",
    "STORES",
    "Hint",
    "Identity",
    "MemoryStore",
    "NodeReport",
    "Overrides",
    "OvertakenError",
    "Pulse",
    "Push",
    "Pushed",
    "State",
    "Store",
    "Votes",
    "open_store",
]

Opener = Callable[[str, Identity], Store]  # takes the whole URL; connects later, on first use

NOBODY: Final = Identity()  # signs nothing, believes everybody

STORES: Final[dict[str, Opener]] = {
    "memory": lambda _url, _identity: MemoryStore(),
    "redis": open_redis,
    "rediss": open_redis,
    "unix": open_redis,
    "redis+sentinel": open_redis,
    "rediss+sentinel": open_redis,
    "redis+cluster": open_redis,
    "rediss+cluster": open_redis,
}


def open_store(url: str, identity: Identity = NOBODY) -> Store:
    """Make the store for a URL such as `memory://`; `identity`: who uses it. Raises StoreError; the URL may hold a password and is not repeated."""
    scheme = urlsplit(url).scheme if "://" in url else ""
    if scheme in STORES:
        return STORES[scheme](url, identity)
    for entry in entry_points(group="gslb.stores", name=scheme):
        return cast("Opener", entry.load())(url, identity)
    raise StoreError(f"no store for {scheme}:// URLs: known are {', '.join(f'{name}://' for name in STORES)}")
