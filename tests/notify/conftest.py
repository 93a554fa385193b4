"""A receiver that is told how to behave: a real HTTP server on loopback."""

from __future__ import annotations

import asyncio
import json

import pytest
from aiohttp import web

from gslb.event import Event


class Receiver:
    """Answers what `answers` says, one after the other, the last one for ever: a status, (status, headers), or "hang"."""

    def __init__(self):
        self.answers = [200]
        self.got = []
        self.headers = []
        self.url = ""
        self._runner = None
        self._let_go = asyncio.Event()

    async def start(self):
        application = web.Application()
        application.router.add_post("/{tail:.*}", self._take)
        self._runner = web.AppRunner(application, access_log=None, handle_signals=False, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/hook/SECRET"

    async def _take(self, request):
        body = await request.read()
        self.got.append(body)
        self.headers.append(dict(request.headers))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if answer == "hang":
            await self._let_go.wait()
            return web.Response()
        status, headers = answer if isinstance(answer, tuple) else (answer, {})
        return web.Response(status=status, headers=headers)

    @property
    def said(self):
        return [json.loads(body) for body in self.got]

    async def until(self, count):
        async with asyncio.timeout(20):
            while len(self.got) < count:
                await asyncio.sleep(0.005)

    async def end(self):
        self._let_go.set()
        await self._runner.cleanup()


@pytest.fixture
async def receiver():
    one = Receiver()
    await one.start()
    yield one
    await one.end()


@pytest.fixture
async def run():
    """Run work beside the test, and end it."""
    tasks = []

    def start(work):
        tasks.append(asyncio.get_running_loop().create_task(work))

    yield start
    for task in tasks:
        task.cancel()
    for task in tasks:
        try:
            await task
        except asyncio.CancelledError:
            continue


@pytest.fixture
def event():
    def make(subject="web 192.0.2.1", what="down: refused", level="warning", kind="verdict", **more):
        return Event(kind, subject, what, 1_000_000.0, level, node="ns1", key=f"{kind}/{subject}/{what}", **more)

    return make
