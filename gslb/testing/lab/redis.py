"""A real redis-server (or valkey-server) of a test's own, that dies, freezes, forgets and comes back when told to.

Nothing is written to disk but its configuration; a restart is empty, as after the loss of a machine. Blocking: a start takes 30 ms.
"""

from __future__ import annotations

import shutil
import signal
import ssl
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from gslb.testing.lab.line import Address, Line
from gslb.testing.lab.waiting import until
from gslb.testing.ports import free_port

_NAMES: Final = ("redis-server", "valkey-server")
_STARTS: Final = 5  # another port may be taken between the moment it was found free and the start


def redis_missing() -> str:
    """Say why there is no lab on this machine; "" where there is one. For `pytest.skip`."""
    return "" if _program() else f"none of {', '.join(_NAMES)} is installed"


class RedisServer:
    """One server. `tcp`: a port of 127.0.0.1 beside the unix socket; `tls`: a port that speaks TLS alone, with a certificate of its own authority
    (`tls="clients"` asks clients for one too); `users`: ACL rules by name, the default user excepted; `password`: of the default user;
    `options`: lines of its configuration, such as {"maxmemory": "4mb"}.
    """

    def __init__(
        self,
        *,
        tcp: bool = False,
        tls: bool | str = False,
        password: str = "",
        users: Mapping[str, str] | None = None,
        options: Mapping[str, str] | None = None,
    ) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="gslb-lab-"))  # short: a unix socket's path has 107 octets
        self.socket = self.folder / "redis.sock"
        self.users = dict(users or {})
        self.port = 0
        self._tcp, self._tls, self._password = tcp, tls, password
        self._options = dict(options or {})
        self._process: subprocess.Popen[bytes] | None = None
        if tls:
            self._make_certificates()

    @property
    def address(self) -> Address:
        """Where it listens: the port where there is one, else the unix socket."""
        return ("127.0.0.1", self.port) if self.port else self.socket

    @property
    def url(self) -> str:
        """What `store` in the settings would say."""
        return self.url_of("default", self._password) if self._password else self._url("")

    def url_of(self, user: str, password: str) -> str:
        """As `url`, for one of `users`."""
        return self._url(f"{user}:{password}@")

    @property
    def pid(self) -> int:
        """Of the process that runs; 0 = none."""
        return self._process.pid if self._process else 0

    def start(self) -> None:
        """Start it, and wait until it answers; on the same port as before."""
        for _ in range(_STARTS):
            if (self._tcp or self._tls) and not self.port:
                self.port = free_port()
            command = [_program(), str(self._configure()), *self._arguments()]
            self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT)  # noqa: S603  our own words
            if until(lambda: self._answers() or self._ended(), "redis-server starts") == "answers":
                return
            if self._process.returncode is not None and "bind" not in self.log().lower():
                break
            self.port = 0
        raise RuntimeError(f"redis-server does not start:\n{self.log()}")

    def kill(self) -> None:
        """End it at once, as a power cut does; all it knew is lost."""
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None

    def restart(self) -> None:
        """Kill it, and start it empty."""
        self.kill()
        self.start()

    def freeze(self) -> None:
        """Let it hang: connections stand, nothing answers (SIGSTOP)."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on where it stood."""
        self._signal(signal.SIGCONT)

    def wipe(self) -> None:
        """Delete everything in it."""
        self.ask("FLUSHALL")

    def set_user(self, name: str, rules: str) -> None:
        """Make or change a user, also for the starts to come."""
        self.users[name] = rules
        self.ask("ACL", "SETUSER", name, "reset", *rules.split())

    def ask(self, *words: str | bytes | float) -> Any:
        """Give one command over the unix socket, with all rights."""
        with self.line() as line:
            return line.ask(*words)

    def line(self, user: str = "default", password: str = "") -> Line:
        """Open a connection of one's own over the unix socket."""
        return Line(self.socket, password or (self._password if user == "default" else ""), user)

    def replicate(self, primary: RedisServer) -> None:
        """Become a replica, and wait until it has everything."""
        host, port = primary.address if isinstance(primary.address, tuple) else ("", 0)
        self.ask("REPLICAOF", host, port)
        primary.ask("SET", "lab", "seen")  # the link is "up", and WAIT counts it, a second before the first write arrives
        until(lambda: self.ask("GET", "lab") == b"seen", "a replica follows")
        primary.ask("DEL", "lab")

    def log(self) -> str:
        """Return what it said."""
        path = self.folder / "log"
        return path.read_text(errors="replace") if path.exists() else ""

    def close(self) -> None:
        """End it and leave nothing behind."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _url(self, who: str) -> str:
        if self._tls:
            own = f"&cert={self.folder}/client.pem&key={self.folder}/client.pem" if self._tls == "clients" else ""
            return f"rediss://{who}127.0.0.1:{self.port}?ca={self.folder}/ca.pem{own}"
        return f"redis://{who}127.0.0.1:{self.port}" if self.port else f"unix://{who}{self.socket}"

    def _arguments(self) -> tuple[str, ...]:
        """Return what follows the configuration's name; Sentinel has more to say."""
        return ()

    def _configure(self) -> Path:
        """Write its configuration, which it may rewrite itself later."""
        acl = self.folder / "users.acl"
        acl.write_text("".join(f"user {name} {rules}\n" for name, rules in {"default": self._default(), **self.users}.items()))
        lines = {
            "bind": "127.0.0.1",
            "port": str(self.port if self._tcp else 0),
            "unixsocket": str(self.socket),
            "dir": str(self.folder),
            "logfile": str(self.folder / "log"),
            "aclfile": str(acl),
            "save": '""',
            "repl-diskless-sync": "no",  # else a replica waits for others that might come, and a second for its first write
            **self._options,
        }
        if self._tls:
            lines |= {
                "tls-port": str(self.port),
                "tls-ca-cert-file": f"{self.folder}/ca.pem",
                "tls-cert-file": f"{self.folder}/server.pem",
                "tls-key-file": f"{self.folder}/server.pem",
                "tls-auth-clients": "yes" if self._tls == "clients" else "no",
            }
        path = self.folder / "redis.conf"
        path.write_text("".join(f"{name} {value}\n" for name, value in lines.items()))
        return path

    def _default(self) -> str:
        return f"on {f'>{self._password}' if self._password else 'nopass'} ~* &* +@all"

    def _answers(self) -> str:
        try:
            return "answers" if self.ask("PING") == b"PONG" else ""
        except OSError:
            return self._ended()

    def _ended(self) -> str:
        return "ended" if self._process is None or self._process.poll() is not None else ""

    def _signal(self, number: signal.Signals) -> None:
        if self._process is None:
            raise RuntimeError("it does not run")
        self._process.send_signal(number)

    def _make_certificates(self) -> None:
        import trustme  # noqa: PLC0415  only where TLS is tested: it comes with the tools of development

        authority = trustme.CA()
        authority.cert_pem.write_to_path(self.folder / "ca.pem")
        for name, host in (("server", "127.0.0.1"), ("client", "gslb@example.com")):
            authority.issue_cert(host).private_key_and_cert_chain_pem.write_to_path(self.folder / f"{name}.pem")


def client_context(server: RedisServer) -> ssl.SSLContext:
    """Return what a client needs that believes the server's authority alone."""
    return ssl.create_default_context(cafile=str(server.folder / "ca.pem"))


def _program() -> str:
    return next(filter(None, map(shutil.which, _NAMES)), "")
