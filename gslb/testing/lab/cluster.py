"""A Redis Cluster of three primaries, whose slots move when told to."""

from __future__ import annotations

from contextlib import ExitStack
from types import TracebackType
from typing import Final, Self

from gslb.testing.lab.redis import RedisServer
from gslb.testing.lab.waiting import until
from gslb.testing.ports import free_port

SLOTS: Final = 16_384
NODES: Final = 3  # fewer do not agree on anything


class Cluster:
    """Three servers, a third of the slots each."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self.servers: list[RedisServer] = []

    @property
    def url(self) -> str:
        """What `store` in the settings would say."""
        return f"redis+cluster://{','.join(f'127.0.0.1:{one.port}' for one in self.servers)}"

    def owner(self, key: str) -> RedisServer:
        """Who holds a key's slot now, as all agree."""
        slot = self.slot(key)
        owners = until(lambda: self._agreed(slot), "all agree on a slot")
        return next(one for one in self.servers if one.port == owners)

    def slot(self, key: str) -> int:
        """Return a key's slot."""
        return int(self.servers[0].ask("CLUSTER", "KEYSLOT", key))

    def begin_move(self, key: str, to: RedisServer) -> None:
        """Let a key's slot be on its way: the old owner answers ASK for what it has no more, the new one asks for ASKING."""
        slot, owner = self.slot(key), self.owner(key)
        to.ask("CLUSTER", "SETSLOT", slot, "IMPORTING", self._id(owner))
        owner.ask("CLUSTER", "SETSLOT", slot, "MIGRATING", self._id(to))
        for name in owner.ask("CLUSTER", "GETKEYSINSLOT", slot, 10_000):
            owner.ask("MIGRATE", "127.0.0.1", to.port, name, 0, 5000)

    def end_move(self, key: str, to: RedisServer) -> None:
        """Say who owns a key's slot from now on: the old owner answers MOVED."""
        for server in [to, *(one for one in self.servers if one is not to)]:
            server.ask("CLUSTER", "SETSLOT", self.slot(key), "NODE", self._id(to))

    def move(self, key: str) -> RedisServer:
        """Move a key's slot with all that is in it to another server; return that one."""
        owner = self.owner(key)
        to = next(one for one in self.servers if one is not owner)
        self.begin_move(key, to)
        self.end_move(key, to)
        return to

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stack.close()

    def _start(self) -> None:
        # The bus has a port of its own, which is 10,000 above unless it is said: that may be past the last port there is.
        self.servers = [
            self._stack.enter_context(
                RedisServer(tcp=True, options={"cluster-enabled": "yes", "cluster-port": str(free_port()), "cluster-node-timeout": "1000"})
            )
            for _ in range(NODES)
        ]
        for number, server in enumerate(self.servers):
            server.ask("CLUSTER", "SET-CONFIG-EPOCH", number + 1)
            server.ask("CLUSTER", "ADDSLOTSRANGE", number * SLOTS // NODES, (number + 1) * SLOTS // NODES - 1)
        first = self.servers[0]
        for server in self.servers[1:]:
            bus = dict(line.split(b" ", 1) for line in (server.folder / "redis.conf").read_bytes().splitlines())[b"cluster-port"]
            first.ask("CLUSTER", "MEET", "127.0.0.1", server.port, bus)
        for server in self.servers:
            until(lambda one=server: b"cluster_state:ok" in one.ask("CLUSTER", "INFO"), "a cluster of three")  # type: ignore[misc]  # a default argument binds the loop's variable
        self.owner("any")

    def _agreed(self, slot: int) -> int:
        """Return the port of the owner, 0 while they do not agree."""
        said = {_owner(server, slot) for server in self.servers if server.pid}
        return said.pop() if len(said) == 1 else 0

    def _id(self, server: RedisServer) -> bytes:
        name: bytes = server.ask("CLUSTER", "MYID")
        return name


def _owner(server: RedisServer, slot: int) -> int:
    for begin, end, primary, *_ in server.ask("CLUSTER", "SLOTS"):
        if begin <= slot <= end:
            return int(primary[1])
    return 0
