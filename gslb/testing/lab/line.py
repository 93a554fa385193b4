"""One blocking connection to a Redis server, which writes any octets and shows every answer as it is.

For tests, so that what a store writes is not read back with the library that wrote it, and so that anything can be forged.
"""

from __future__ import annotations

import socket
import ssl
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

Address = Path | tuple[str, int]

_LIMIT: Final = 5.0  # seconds for an answer


class AnsweredError(OSError):
    """The server's own error, as it words it."""


class Line:
    """A connection; `password` and `user` where the server asks for them, `tls` where it speaks TLS."""

    def __init__(self, address: Address, password: str = "", user: str = "default", tls: ssl.SSLContext | None = None) -> None:
        self._line = socket.socket(socket.AF_UNIX if isinstance(address, Path) else socket.AF_INET)
        self._line.settimeout(_LIMIT)
        try:
            self._line.connect(str(address) if isinstance(address, Path) else address)
            if tls and not isinstance(address, Path):
                self._line = tls.wrap_socket(self._line, server_hostname=address[0])
            self._file = self._line.makefile("rb")
            if password:
                self.ask("AUTH", user, password)
        except BaseException:
            self._line.close()
            raise

    def ask(self, *words: str | bytes | float) -> Any:
        """Give one command and return the answer: bytes, numbers, lists, None. Raises AnsweredError, or OSError where nobody answers."""
        parts = [word if isinstance(word, bytes) else str(word).encode() for word in words]
        self._line.sendall(b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts))
        found = self._read()
        if isinstance(found, AnsweredError):
            raise found
        return found

    def close(self) -> None:
        """Hang up."""
        self._file.close()
        self._line.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _read(self) -> Any:
        head = self._file.readline()
        if not head.endswith(b"\r\n"):
            raise ConnectionResetError("hung up")
        kind, rest = head[:1], head[1:-2]
        match kind:
            case b"+":
                return rest
            case b"-":
                return AnsweredError(rest.decode())
            case b":":
                return int(rest)
            case b"$":
                return None if rest == b"-1" else self._file.read(int(rest) + 2)[:-2]
            case _:
                return None if rest == b"-1" else [self._read() for _ in range(int(rest))]
