"""A primary, its replicas, and real Sentinels that watch them and fail over.

The times are short: half a second until a primary counts as lost. An election takes one to three seconds all the same.
"""

from __future__ import annotations

from contextlib import ExitStack
from types import TracebackType
from typing import Any, Final, Self

from gslb.testing.lab.line import Line
from gslb.testing.lab.redis import RedisServer
from gslb.testing.lab.waiting import until

SERVICE: Final = "gslb"


class Watcher(RedisServer):
    """One Sentinel process. It rewrites its configuration itself: a restart goes on with what it had learnt."""

    def __init__(self, primary: RedisServer, quorum: int, password: str = "") -> None:
        super().__init__(tcp=True, password=password)
        self._primary, self._quorum = primary, quorum

    def _arguments(self) -> tuple[str, ...]:
        return ("--sentinel",)

    def _configure(self) -> Any:
        path = self.folder / "redis.conf"
        if path.exists():
            return path
        lines = [
            "bind 127.0.0.1",
            f"port {self.port}",
            f"unixsocket {self.socket}",
            f"dir {self.folder}",
            f"logfile {self.folder / 'log'}",
            f"sentinel monitor {SERVICE} 127.0.0.1 {self._primary.port} {self._quorum}",
            f"sentinel down-after-milliseconds {SERVICE} 500",
            f"sentinel failover-timeout {SERVICE} 3000",
            *([f"user default {self._default()}"] if self._password else []),
        ]
        path.write_text("\n".join(lines) + "\n")
        return path


class Sentinel:
    """`replicas` and `watchers`: how many of each. One watcher alone decides faster; three agree by two. `password`: of the watchers."""

    def __init__(self, replicas: int = 1, watchers: int = 1, password: str = "") -> None:
        self._wanted = replicas, watchers
        self._password = password
        self._stack = ExitStack()
        self.servers: list[RedisServer] = []
        self.watchers: list[Watcher] = []

    @property
    def url(self) -> str:
        """What `store` in the settings would say."""
        who = f"?sentinel_user=default&sentinel_password={self._password}" if self._password else ""
        return f"redis+sentinel://{','.join(f'127.0.0.1:{one.port}' for one in self.watchers)}/{SERVICE}/0{who}"

    @property
    def primary(self) -> RedisServer:
        """Who is the primary now, as the first watcher sees it."""
        with Line(("127.0.0.1", self.watchers[0].port), self._password) as line:
            port = int(line.ask("SENTINEL", "GET-MASTER-ADDR-BY-NAME", SERVICE)[1])
        return next(server for server in self.servers if server.port == port)

    def fail_over(self) -> RedisServer:
        """Make a replica the primary, and wait until it is; the old one becomes its replica. Return the new one."""
        before = self.primary
        self.watchers[0].ask("SENTINEL", "FAILOVER", SERVICE)
        return self.wait_for_another(before)

    def wait_for_another(self, before: RedisServer) -> RedisServer:
        """Wait until another server than this one is the primary and takes writes."""
        until(lambda: self.primary is not before and self.primary.ask("ROLE")[0] == b"master", "another primary")
        return self.primary

    def __enter__(self) -> Self:
        try:
            self._start(*self._wanted)
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stack.close()

    def _start(self, replicas: int, watchers: int) -> None:
        self.servers = [self._stack.enter_context(RedisServer(tcp=True)) for _ in range(1 + replicas)]
        for server in self.servers[1:]:
            server.replicate(self.servers[0])
        quorum = watchers // 2 + 1
        self.watchers = [self._stack.enter_context(Watcher(self.servers[0], quorum, self._password)) for _ in range(watchers)]
        for watcher in self.watchers:
            until(lambda one=watcher: self._sees(one) == (replicas, watchers - 1), "a Sentinel knows all others")  # type: ignore[misc]  # a default argument binds the loop's variable

    def _sees(self, watcher: Watcher) -> tuple[int, int]:
        """How many usable replicas and other watchers it knows."""
        found = watcher.ask("SENTINEL", "REPLICAS", SERVICE)
        flat = watcher.ask("SENTINEL", "MASTER", SERVICE)
        facts = dict(zip(flat[::2], flat[1::2], strict=True))
        usable = sum(1 for one in found if dict(zip(one[::2], one[1::2], strict=True))[b"master-link-status"] == b"ok")
        return usable, int(facts[b"num-other-sentinels"])
