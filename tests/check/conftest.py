"""Check definitions, certificates of every kind, and an HTTP server that notes what it is asked."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme

from gslb.model import Check
from gslb.testing.servers import listening


@pytest.fixture
def define() -> Callable[..., Check]:
    """Make a definition: `define("http", port=…)`."""

    def make(kind: str, timeout: float = 20.0, **options: object) -> Check:
        return Check("web", kind, options, interval=5.0, timeout=timeout, down=3, ok=10, up=5, digest="d")

    return make


class Authority:
    """A certificate authority whose word `file` is."""

    def __init__(self, folder: Path) -> None:
        self.ca = trustme.CA()
        self.file = str(folder / "ca.pem")
        self.ca.cert_pem.write_to_path(self.file)

    def server(self, name: str = "www.example.com", days: float = 30.5, ca: trustme.CA | None = None) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        now = datetime.now(UTC)
        end = now + timedelta(days=days)
        (ca or self.ca).issue_cert(name, not_before=min(now, end) - timedelta(days=1), not_after=end).configure_cert(context)
        return context


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"))


class Site:
    """A server and what it was asked."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.requests: list[str] = []
        self.names: list[str | None] = []  # SNI

    @property
    def head(self) -> list[str]:
        assert len(self.requests) == 1
        return self.requests[0].rstrip("\r\n").split("\r\n")


@pytest.fixture
def site() -> Callable[..., AbstractAsyncContextManager[Site]]:
    """Serve one answer to everybody: `async with site(body=…, status=…) as it`."""

    @asynccontextmanager
    async def serve(
        status: str = "200 OK",
        body: bytes = b'{"status": "healthy"}',
        head: str = "",
        tls: ssl.SSLContext | None = None,
        address: str = "127.0.0.1",
    ) -> AsyncIterator[Site]:
        it = Site(0)
        if tls:
            tls.sni_callback = lambda _line, name, _context: it.names.append(name)  # returning None: go on

        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            it.requests.append((await reader.readuntil(b"\r\n\r\n")).decode())
            writer.write(f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{head}\r\n".encode() + body)
            await writer.drain()

        async with listening(talk, address, ssl=tls) as it.port:
            yield it

    return serve
