"""Pings of loopback, by whichever socket this machine allows."""

from __future__ import annotations

import asyncio
import socket
from ipaddress import ip_address

import pytest

from gslb.check import icmp
from gslb.check.icmp import Icmp
from gslb.check.observation import Result
from gslb.testing import check_silent

OPEN = socket.socket


def allowed(kind):
    try:
        OPEN(socket.AF_INET, kind, socket.IPPROTO_ICMP).close()
    except PermissionError:
        return False
    return True


UNPRIVILEGED, RAW = allowed(socket.SOCK_DGRAM), allowed(socket.SOCK_RAW)
needs_a_socket = pytest.mark.skipif(not (UNPRIVILEGED or RAW), reason="this kernel lets us ping in no way")


@needs_a_socket
@pytest.mark.parametrize("size", [16, 56, 57, 8972])
@pytest.mark.parametrize("address", ["127.0.0.1", "127.9.9.9", "::1"])
async def test_an_echo(define, address, size):
    seen = await Icmp.build(define("icmp", size=size)).observe(ip_address(address))
    assert (seen.result, seen.reason) == (Result.OK, "echo heard")


@pytest.mark.skipif(not RAW, reason="no raw sockets here")
@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
async def test_many_at_once_do_not_take_each_others_echoes(define, address, monkeypatch):
    """Raw sockets hear everybody's echoes from an address; each look waits for its own."""
    monkeypatch.setattr(icmp.socket, "SOCK_DGRAM", socket.SOCK_RAW)
    check, one = Icmp.build(define("icmp")), ip_address(address)
    seen = await asyncio.gather(*(check.observe(one) for _ in range(50)))
    assert {it.reason for it in seen} == {"echo heard"}


@needs_a_socket
async def test_it_keeps_the_contract(define):
    """Nobody answers for the address 240.0.0.1, if it can be sent to at all: the loopback net has no silent host."""
    lonely = ip_address("127.0.0.1")

    class Deaf(Icmp):
        pass

    def make(timeout):
        return Deaf.build(define("icmp", timeout))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(icmp, "_is_echo", lambda *_: False)
        await check_silent(make, lonely)


@needs_a_socket
async def test_silence_has_a_reason(define, monkeypatch):
    monkeypatch.setattr(icmp, "_is_echo", lambda *_: False)
    seen = await Icmp.build(define("icmp", 0.3)).observe(ip_address("127.0.0.1"))
    assert (seen.result, seen.reason) == (Result.FAIL, "timeout: 0.3 s over while waiting for the echo")


async def test_without_permission_the_prober_abstains(define, monkeypatch):
    def forbidden(*_):
        raise PermissionError

    monkeypatch.setattr(icmp.socket, "socket", forbidden)
    seen = await Icmp.build(define("icmp")).observe(ip_address("127.0.0.1"))
    assert seen.result is Result.UNKNOWN
    assert seen.reason.startswith("own fault: no permission to ping")


class Line:
    def __init__(self, family, kind):
        self.family, self.type = family, kind


def test_what_is_an_echo_of_ours():
    payload = bytes(range(16))
    reply = b"\0\0\xff\xff\x12\x34\0\1" + payload
    ping, raw, ping6 = Line(socket.AF_INET, socket.SOCK_DGRAM), Line(socket.AF_INET, socket.SOCK_RAW), Line(socket.AF_INET6, socket.SOCK_RAW)
    assert icmp._is_echo(reply, payload, ping)
    assert icmp._is_echo(b"\x45" + bytes(19) + reply, payload, raw)
    assert icmp._is_echo(b"\x46" + bytes(23) + reply, payload, raw), "with an IP option"
    assert icmp._is_echo(b"\x81" + reply[1:], payload, ping6)
    for other in (b"", reply[:7], b"\x08" + reply[1:], b"\0\1" + reply[2:], reply[:6] + b"\0\2" + payload, reply + b"x", reply[:-1]):
        assert not icmp._is_echo(other, payload, ping)
    assert not icmp._is_echo(b"", payload, raw)
    assert not icmp._is_echo(reply, payload, ping6), "an IPv4 number"


def test_the_checksum():
    assert icmp._checksum(b"\x45\0\0\x73\0\0\x40\0\x40\x11\0\0\xc0\xa8\0\x01\xc0\xa8\0\xc7") == 0xB861
    assert icmp._checksum(b"\x01") == 0xFEFF, "an odd octet is padded at its end"
    packet = icmp._packet(4, bytes(range(17)))
    assert icmp._checksum(packet) == 0
