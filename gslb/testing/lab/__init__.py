"""A lab of real things that fail when told to: Redis servers alone, under Sentinel, as a Cluster; and a relay that spoils the way to them.

For tests of stores and of whole fleets. All of it is blocking and needs no event loop, so that the same lab serves tests of coroutines and tests of
processes; everything listens on loopback or on a unix socket, keeps nothing on disk, and is gone when its `with` block ends.

    with RedisServer() as redis:                      unix socket; RedisServer(tcp=True), RedisServer(tls=True) for a port
        open_store(redis.url)
        redis.freeze(); redis.thaw(); redis.kill(); redis.start(); redis.wipe()
    with Sentinel() as sentinel: …                    a primary, a replica, who watches them; sentinel.fail_over()
    with Cluster() as cluster: …                      three primaries; cluster.move(slot)
    with Relay(redis.address) as relay: …             relay.delay(0.1), .silence(), .reset(), .corrupt(), .heal(); relay.url
"""

from __future__ import annotations

from gslb.testing.lab.cluster import Cluster
from gslb.testing.lab.redis import RedisServer, redis_missing
from gslb.testing.lab.relay import Relay
from gslb.testing.lab.sentinel import Sentinel
from gslb.testing.lab.waiting import until

__all__ = ["Cluster", "RedisServer", "Relay", "Sentinel", "redis_missing", "until"]
