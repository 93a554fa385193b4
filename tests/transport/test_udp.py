"""Datagrams over real sockets: both families, wildcard sockets, hostile packets, a full buffer."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import dns.asyncquery
import dns.flags
import dns.message
import pytest

from gslb.transport.udp import IP_PKTINFO, UdpListener, leave_from, pack

Start = Callable[..., AbstractAsyncContextManager[Any]]


async def ask(where: str, port: int, name: str = "www.example.com") -> dns.message.Message:
    return await dns.asyncquery.udp(dns.message.make_query(name, "A"), where, port=port, timeout=20)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
@pytest.mark.usefixtures("has_ipv6")
async def test_answers_over_both_families(start: Start, host: str) -> None:
    async with start(host) as plane:
        reply = await ask(host, plane.port)
        assert reply.flags & dns.flags.AA
        assert plane.engine.clients == [socket.inet_pton(socket.AF_INET6 if ":" in host else socket.AF_INET, host)]


@pytest.mark.parametrize("asked", ["127.0.0.1", "127.0.0.2", "127.9.8.7"])
async def test_wildcard_replies_leave_from_the_address_that_was_asked(start: Start, asked: str) -> None:
    async with start("0.0.0.0") as plane:
        # a connected socket: the kernel hands over only what comes from exactly that address and port
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.connect((asked, plane.port))
            client.setblocking(False)
            query = dns.message.make_query("www.example.com", "A").to_wire()
            client.send(query)
            wire = await asyncio.wait_for(asyncio.get_running_loop().sock_recv(client, 4096), 20)
            assert wire[:2] == query[:2]


@pytest.mark.usefixtures("has_ipv6")
async def test_wildcard_v6_answers_and_takes_no_v4(start: Start) -> None:
    async with start("::") as plane:
        assert (await ask("::1", plane.port)).flags & dns.flags.AA
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.connect(("127.0.0.1", plane.port))
            client.setblocking(False)
            client.send(b"\0" * 12)
            with pytest.raises(ConnectionRefusedError):  # nobody listens on IPv4: the two families have sockets of their own
                await asyncio.wait_for(asyncio.get_running_loop().sock_recv(client, 4096), 20)


async def test_one_bad_query_stops_no_other(start: Start) -> None:
    async with start() as plane:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.connect(("127.0.0.1", plane.port))
            client.setblocking(False)
            for packet in (b"boom", b"silence", b"", b"\0" * 9000, b"the last"):
                client.send(packet)
            loop = asyncio.get_running_loop()
            replies = [await asyncio.wait_for(loop.sock_recv(client, 10_000), 20) for _ in range(3)]
        assert [r[3:] for r in replies] == [b"", bytes(4093), b" last"]  # what is longer than LARGEST_QUERY is cut, not refused
        counters = plane.udp.counters
        assert (counters.received, counters.sent, counters.faults) == (5, 3, 1)


async def test_more_than_a_batch_is_answered_completely(start: Start) -> None:
    async with start() as plane:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
            client.connect(("127.0.0.1", plane.port))
            client.setblocking(False)
            sent = {n.to_bytes(2, "big") for n in range(700)}
            for packet in sent:
                client.send(packet + b"query")
            loop = asyncio.get_running_loop()
            got = {(await asyncio.wait_for(loop.sock_recv(client, 4096), 20))[:2] for _ in sent}
        assert got == sent


async def test_stopping_answers_what_is_queued(stub: Callable[[], Any]) -> None:
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        server.bind(("127.0.0.1", 0))
        server.setblocking(False)
        listener = UdpListener(server, stub())
        listener.start(loop)
        client.connect(server.getsockname())
        client.settimeout(20)
        for _ in range(200):
            client.send(b"12query")
        listener.stop(loop)
        assert listener.counters.sent == 200
        for _ in range(200):
            assert client.recv(100)[:2] == b"12"


async def test_stopping_ends_under_a_flood_that_does_not(stub: Callable[[], Any], monkeypatch: pytest.MonkeyPatch) -> None:
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        server.bind(("127.0.0.1", 0))
        server.setblocking(False)
        client.connect(server.getsockname())
        engine = stub()
        listener = UdpListener(server, engine)
        left = 100_000  # so that it ends here too where nothing else ends it

        def another(query: bytes, _client: bytes, _draw: int) -> None:
            nonlocal left
            left -= 1
            if left > 0:
                client.send(query)

        monkeypatch.setattr(engine, "udp", another)
        client.send(b"12query")
        listener.start(loop)
        listener.stop(loop, 0.05)
        assert 0 < left < 100_000
        assert server.recv(100) == b"12query"  # the next one waits for who comes after us


async def test_the_table_of_clients_is_bounded(stub: Callable[[], Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gslb.transport.udp.CLIENTS", 3)
    engine = stub()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.setblocking(False)
        listener = UdpListener(server, engine)
        hosts = [f"127.0.0.{n}" for n in range(1, 11)]
        for host in (*hosts, *hosts):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
                client.bind((host, 0))
                client.sendto(b"12query", server.getsockname())
            listener._turn()
            assert 1 <= len(listener._clients) <= 3
        assert engine.clients == [socket.inet_aton(host) for host in (*hosts, *hosts)]


async def test_kernel_drops_are_counted(stub: Callable[[], Any]) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        server.bind(("127.0.0.1", 0))
        server.setblocking(False)
        listener = UdpListener(server, stub())
        for _ in range(100):
            client.sendto(bytes(500), server.getsockname())
        listener.stop(asyncio.get_running_loop())
        assert listener.kernel_drops > 0
        assert listener.kernel_drops + listener.counters.received == 100


def test_a_socket_that_waits_is_taken_over_as_one_that_does_not(stub: Callable[[], Any]) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        UdpListener(server, stub())
        assert not server.getblocking()


def test_client_addresses_are_packed() -> None:
    assert pack("192.0.2.1") == bytes([192, 0, 2, 1])
    assert pack("fe80::1%eth0") == bytes.fromhex("fe80") + bytes(13) + b"\1"
    assert pack("::ffff:192.0.2.1") == bytes([192, 0, 2, 1])


def test_replies_name_the_interface_only_for_link_local() -> None:
    info4 = (7).to_bytes(4, "little") + bytes([127, 0, 0, 2]) * 2
    assert leave_from(socket.IPPROTO_IP, IP_PKTINFO, info4)[2] == bytes(4) + bytes([127, 0, 0, 2]) + bytes(4)
    for address, interface in ((b"\xfe\x80" + bytes(14), 7), (b"\x20\x01" + bytes(14), 0)):
        kept = leave_from(socket.IPPROTO_IPV6, socket.IPV6_PKTINFO, address + (7).to_bytes(4, "little"))
        assert kept == (socket.IPPROTO_IPV6, socket.IPV6_PKTINFO, address + interface.to_bytes(4, "little"))
