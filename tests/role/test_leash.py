"""The leash carries words and sockets, and its end is heard once."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Any

from gslb.role import leash
from gslb.role.leash import Leash, Message


async def test_words_sockets_and_the_end(wait: Callable[..., Any]) -> None:
    ours, theirs = leash.pair()
    heard: list[Message] = []
    sockets: list[socket.socket] = []
    ended: list[bool] = []

    def hear(message: Message, descriptors: list[int]) -> None:
        heard.append(message)
        sockets.extend(socket.socket(fileno=number) for number in descriptors)

    supervisor = Leash(ours, lambda _message, _descriptors: None, lambda: None)
    Leash(theirs, hear, lambda: ended.append(True))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        where = listener.getsockname()
        assert supervisor.send({"beat": 1})
        assert supervisor.send({"sockets": 1}, [listener])
        await wait(lambda: len(heard) == 2)
    assert heard == [{"beat": 1}, {"sockets": 1}]
    assert sockets[0].getsockname() == where  # open although the sender closed its own
    sockets[0].close()
    supervisor.close()
    await wait(lambda: ended)
    await asyncio.sleep(0.01)
    assert ended == [True]


async def test_nobody_waits_for_a_deaf_side() -> None:
    ours, theirs = leash.pair()
    speaker = Leash(ours, lambda _message, _descriptors: None, lambda: None)
    told = [speaker.send({"beat": n, "pad": "x" * 1000}) for n in range(2000)]
    assert told[0]
    assert not told[-1]
    theirs.close()
    assert not speaker.send({"beat": 1})
    speaker.close()
