"""Sockets that cannot be had are explained in one line; those that can share their port."""

from __future__ import annotations

import os
import socket

import pytest

from gslb.errors import ListenError
from gslb.transport.listen import IP_MTU_DISCOVER, PMTUDISC_OMIT, PMTUDISC_PROBE, AddressMissingError, Endpoint, bind, probe


def test_port_zero_gives_one_port_for_both_protocols() -> None:
    pair = bind(Endpoint("127.0.0.1", 0))
    assert pair.udp.getsockname() == pair.tcp.getsockname()
    assert pair.endpoint.port > 0
    again = bind(pair.endpoint)  # another plane's
    assert again.endpoint == pair.endpoint
    pair.close()
    again.close()


@pytest.mark.parametrize("kind", [socket.SOCK_DGRAM, socket.SOCK_STREAM])
def test_a_port_in_use_is_noticed_although_it_is_shared(kind: socket.SocketKind) -> None:
    with socket.socket(socket.AF_INET, kind) as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind(("127.0.0.1", 0))
        if kind is socket.SOCK_STREAM:
            other.listen()
        port = other.getsockname()[1]
        with pytest.raises(ListenError, match=rf"127\.0\.0\.1:{port} \({'TCP' if kind is socket.SOCK_STREAM else 'UDP'}\) is already in use"):
            probe(Endpoint("127.0.0.1", port))


def test_the_holder_of_a_port_is_named() -> None:
    ready, go = os.pipe(), os.pipe()
    child = os.fork()
    if child == 0:  # another process, for the port's holder must not be ourselves
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind(("127.0.0.1", 0))
        os.write(ready[1], str(sock.getsockname()[1]).encode())
        os.read(go[0], 1)
        os._exit(0)
    try:
        port = int(os.read(ready[0], 10))
        with pytest.raises(ListenError, match=rf"in use by \S+, pid {child}: stop it, or choose another port with dns\.listen"):
            probe(Endpoint("127.0.0.1", port))
    finally:
        os.write(go[1], b"x")
        os.waitpid(child, 0)
        for end in (*ready, *go):
            os.close(end)


def test_an_address_of_another_machine_is_explained() -> None:
    with pytest.raises(AddressMissingError, match=r"192\.0\.2\.1:5300 \(UDP\) is not an address of this machine"):
        probe(Endpoint("192.0.2.1", 5300))
    with pytest.raises(AddressMissingError, match=r"\[2001:db8::1\]:5300 \(UDP\)"):
        probe(Endpoint("2001:db8::1", 5300))


def test_udp_ignores_forged_path_mtu() -> None:
    pair = bind(Endpoint("127.0.0.1", 0))
    assert pair.udp.getsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER) == PMTUDISC_PROBE  # never fragmented
    pair.close()
    larger = bind(Endpoint("127.0.0.1", 0), largest=4096)
    assert larger.udp.getsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER) == PMTUDISC_OMIT  # where replies may be larger than a link: cut, not lost
    larger.close()
