"""A reader of dnstap, for tests and benches: the receiver's side of Frame Streams over real sockets, by the book, sharing no code with the sender.

It can be as bad as readers are: `silent` never answers the handshake, `stalled` answers and reads no more, `close` dies.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Final, Self

CONTENT_TYPE: Final = b"protobuf:dnstap.Dnstap"
ACCEPT, START, STOP, READY, FINISH = 1, 2, 3, 4, 5
PIECE: Final = 1 << 20  # octets read at once


class Reader:
    """Listens on a unix socket (a path) or on a port of 127.0.0.1 (0: any), and keeps the frames, or only counts them."""

    def __init__(self, where: Path | int, *, silent: bool = False, stalled: bool = False, keep: bool = True, accepts: bytes = CONTENT_TYPE) -> None:
        if isinstance(where, Path):
            where.unlink(missing_ok=True)
            self._server = socket.socket(socket.AF_UNIX)
            self._server.bind(str(where))
            self._server.listen()
        else:
            self._server = socket.create_server(("127.0.0.1", where))
        self.frames: list[bytes] = []
        self.count = 0
        self.octets = 0
        self.heard: list[int] = []  # control frames
        self.connections = 0
        self._silent, self._keep, self._accepts = silent, keep, accepts
        self._flowing = threading.Event()
        if not stalled:
            self._flowing.set()
        self._open: list[socket.socket] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    @property
    def port(self) -> int:
        """Where it listens, over TCP."""
        return int(self._server.getsockname()[1])

    def flow(self) -> None:
        """Read on, after a stall."""
        self._flowing.set()

    def close(self) -> None:
        """Die."""
        for sock in (self._server, *self._open):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()
        self._flowing.set()

    def _serve(self) -> None:
        while True:
            try:
                sock, _ = self._server.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(sock)
            threading.Thread(target=self._read, args=(sock,), daemon=True).start()

    def _read(self, sock: socket.socket) -> None:
        pending = bytearray()

        def take(count: int) -> bytes:
            while len(pending) < count:
                piece = sock.recv(PIECE)
                if not piece:
                    raise ConnectionResetError
                pending.extend(piece)
            taken = bytes(pending[:count])
            del pending[:count]
            return taken

        with contextlib.suppress(OSError):
            self._talk(sock, take)

    def _talk(self, sock: socket.socket, take: Callable[[int], bytes]) -> None:
        if self._silent:
            sock.recv(1)
            threading.Event().wait(60)
        kind, types = self._control(take)
        assert kind == READY, kind
        assert CONTENT_TYPE in types, types
        field = struct.pack("!II", 1, len(self._accepts)) + self._accepts
        sock.sendall(struct.pack("!III", 0, 4 + len(field), ACCEPT) + field)
        assert self._control(take) == (START, [CONTENT_TYPE])
        while True:
            self._flowing.wait()
            (size,) = struct.unpack("!I", take(4))
            if size:
                frame = take(size)
                self.count += 1
                self.octets += 4 + size
                if self._keep:
                    self.frames.append(frame)
                continue
            kind, _ = self._control(take, escaped=True)
            if kind == STOP:
                sock.sendall(struct.pack("!III", 0, 4, FINISH))
                return

    def _control(self, take: Callable[[int], bytes], *, escaped: bool = False) -> tuple[int, list[bytes]]:
        if not escaped:
            assert take(4) == bytes(4), "a control frame was due"
        (size,) = struct.unpack("!I", take(4))
        frame = take(size)
        (kind,) = struct.unpack_from("!I", frame)
        types, at = [], 4
        while at < size:
            field, length = struct.unpack_from("!II", frame, at)
            assert field == 1
            types.append(frame[at + 8 : at + 8 + length])
            at += 8 + length
        self.heard.append(kind)
        return kind, types
