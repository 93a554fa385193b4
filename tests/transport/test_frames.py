"""Frame Streams over real sockets: readers as they should be, and as they are: slow, dead, silent, of another kind, talking rubbish."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from gslb.testing.dnstap import ACCEPT, READY, START, STOP, Reader
from gslb.transport import frames
from gslb.transport.dnstap import CONTENT_TYPE
from gslb.transport.frames import Sender

FRAME = b"\0\0\0\5hello"
LIMIT = 30.0  # seconds on a busy machine


async def until(met: Callable[[], object]) -> None:
    async with asyncio.timeout(LIMIT):
        while not met():
            await asyncio.sleep(0.005)


@contextlib.asynccontextmanager
async def running(where: Path | tuple[str, int]) -> AsyncIterator[Sender]:
    sender = Sender(where, CONTENT_TYPE)
    task = asyncio.create_task(sender.run())
    try:
        yield sender
    finally:
        await sender.finish()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames, "HANDSHAKE", 0.2)
    monkeypatch.setattr(frames, "FIRST_PAUSE", 0.02)
    monkeypatch.setattr(frames, "LONGEST_PAUSE", 0.1)


@pytest.mark.parametrize("tcp", [False, True])
async def test_a_conversation_by_the_book(tmp_path: Path, *, tcp: bool) -> None:
    path = tmp_path / "dnstap.sock"
    with Reader(0 if tcp else path) as reader:
        async with running(("127.0.0.1", reader.port) if tcp else path) as sender:
            await until(lambda: sender.connected)
            for _ in range(1000):
                sender.put(FRAME * 3, 3)
            await until(lambda: reader.count == 3000)
        await until(lambda: reader.heard == [READY, START, STOP])
        assert set(reader.frames) == {b"hello"}
        assert (sender.sent, sender.dropped, sender.lost) == (3000, 0, 0)


async def test_what_is_queued_before_there_is_a_reader_is_read_once_there_is(tmp_path: Path, hasty: None) -> None:
    path = tmp_path / "dnstap.sock"
    async with running(path) as sender:
        sender.put(FRAME, 1)
        with Reader(path) as reader:
            await until(lambda: reader.count == 1)
            assert sender.connected


async def test_a_reader_that_stalls_costs_bounded_memory_and_gets_the_oldest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames, "QUEUE", 100_000)
    path = tmp_path / "dnstap.sock"
    chunk = b"".join((1000 - 4).to_bytes(4, "big") + bytes(1000 - 4) for _ in range(10))
    with Reader(path, stalled=True) as reader:
        async with running(path) as sender:
            await until(lambda: sender.connected)
            for _ in range(500):  # 5 MB
                sender.put(chunk, 10)
                await asyncio.sleep(0)
            assert sender.room < 10_000
            assert sender.dropped > 1000
            reader.flow()
            await until(lambda: reader.count + sender.dropped == 5000)
            await until(lambda: sender.sent == reader.count)
            sender.put(FRAME, 1)
            await until(lambda: reader.frames[-1] == b"hello")


async def test_a_reader_that_dies_is_found_again(tmp_path: Path, hasty: None) -> None:
    path = tmp_path / "dnstap.sock"
    async with running(path) as sender:
        for _ in range(3):
            with Reader(path) as reader:
                await until(lambda: sender.connected)
                sender.put(FRAME, 1)
                await until(lambda: reader.count == 1)
            await until(lambda: not sender.connected)


async def test_what_was_in_the_hands_of_a_dying_connection_is_counted(tmp_path: Path, hasty: None) -> None:
    path = tmp_path / "dnstap.sock"
    async with running(path) as sender:
        with Reader(path, stalled=True):
            await until(lambda: sender.connected)
            sender.put(FRAME * 200_000, 200_000)  # more than any socket takes at once
            await asyncio.sleep(0.05)
        await until(lambda: sender.lost)
        assert (sender.lost, sender.sent) == (200_000, 0)


async def test_a_reader_that_never_answers_the_handshake_is_given_up_and_tried_again(tmp_path: Path, hasty: None) -> None:
    path = tmp_path / "dnstap.sock"
    async with running(path) as sender:
        with Reader(path, silent=True) as reader:
            await until(lambda: reader.connections >= 2)
            assert not sender.connected
            for _ in range(10):
                sender.put(FRAME * 100_000, 100_000)
            assert sender.dropped == 600_000  # four of these fit
        with Reader(path) as reader:
            await until(lambda: reader.count == 400_000)


@pytest.mark.parametrize(
    "said",
    [
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"\0\0\0\0\0\0\0\0",
        b"\0\0\0\0\xff\xff\xff\xff\0\0\0\1",
        b"\0\0\0\0\0\0\0\4\0\0\0\1",  # ACCEPT of nothing
        b"\0\0\0\0\0\0\0\4\0\0\0\5",  # FINISH
    ],
)
async def test_who_does_not_speak_as_agreed_is_left(said: bytes, hasty: None) -> None:
    server = socket.create_server(("127.0.0.1", 0))
    came: list[int] = []

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = server.accept()
                came.append(1)
                with client:
                    client.sendall(said)
                    while client.recv(4096):
                        pass

    threading.Thread(target=serve, daemon=True).start()
    try:
        async with running(("127.0.0.1", server.getsockname()[1])) as sender:
            await until(lambda: len(came) >= 3)
            assert not sender.connected
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()


async def test_another_content_type_is_not_ours(tmp_path: Path, hasty: None) -> None:
    path = tmp_path / "dnstap.sock"
    with Reader(path, accepts=b"protobuf:something.Else") as reader:
        async with running(path) as sender:
            await until(lambda: reader.connections >= 2)
            assert not sender.connected


def test_control_frames_are_read_field_by_field() -> None:
    field = b"\0\0\0\1\0\0\0\2ab"
    assert frames.control(ACCEPT, b"ab") == b"\0\0\0\0\0\0\0\x0e\0\0\0\1" + field
    assert frames.content_types(field + b"\0\0\0\7\0\0\0\1x" + field + b"\0\0\0\1\0\0\0\7ab") == [b"ab", b"ab"]
