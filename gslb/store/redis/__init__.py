"""The shared store: Redis or Valkey, alone, under Sentinel or as a Cluster. Opened by URL (`gslb.store.open_store`).

    url         what a URL says                         layout      names of keys, bounds
    connection  one socket: commands, errors, limits    discovery   which server it is now
    link        one connection, made anew when lost     writer      how commands are put into the store
    speaker     what one prober has said                probers     all of this process, and their leases
    words       the book of operators' words            challenges  against who plays back old records
    snapshot    everything, read at once                hints       what the stream tells of
    replica     what follows the store                  store       all of it, as the protocol of stores

The client library is imported when the first store is opened: that costs 110 ms, which nobody pays who uses none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gslb.store.identity import Identity
    from gslb.store.redis.store import RedisStore


def open_redis(url: str, identity: Identity) -> RedisStore:
    """Make a store for a URL; it connects on first use. Raises StoreError where the URL makes no sense."""
    from gslb.store.redis.store import RedisStore  # noqa: PLC0415  see above
    from gslb.store.redis.url import parse  # noqa: PLC0415  see above

    return RedisStore(parse(url), identity)
