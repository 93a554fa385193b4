"""The lab: its servers die, freeze, forget and come back; its relay spoils what it is told to."""

from __future__ import annotations

import socket
import time

import pytest

from gslb.testing.lab import Cluster, RedisServer, Relay, Sentinel, redis_missing, until
from gslb.testing.lab.line import AnsweredError, Line
from gslb.testing.lab.redis import client_context

pytestmark = pytest.mark.skipif(bool(redis_missing()), reason=redis_missing())


def test_a_server_of_ones_own():
    with RedisServer(tcp=True, password="lab") as redis:
        redis.ask("SET", "k", b"\x00\r\n\xff")
        assert redis.ask("GET", "k") == b"\x00\r\n\xff"
        assert redis.url == f"redis://default:lab@127.0.0.1:{redis.port}"
        with Line(redis.address, "lab") as line:
            assert line.ask("GET", "k") == b"\x00\r\n\xff"
        with pytest.raises(AnsweredError, match="NOAUTH"), Line(redis.address) as line:
            line.ask("GET", "k")
        port, pid = redis.port, redis.pid
        redis.restart()
        assert (redis.port, redis.ask("GET", "k")) == (port, None)
        assert redis.pid != pid
        redis.ask("SET", "k", 1)
        redis.wipe()
        assert redis.ask("DBSIZE") == 0
        folder = redis.folder
    assert not folder.exists()
    assert not redis.pid


def test_it_freezes():
    with RedisServer() as redis, redis.line() as line:
        redis.freeze()
        line._line.settimeout(0.1)
        with pytest.raises(TimeoutError):
            line.ask("PING")
        redis.thaw()
        assert redis.ask("PING") == b"PONG"


def test_users_and_tls():
    with RedisServer(users={"ann": "on >secret ~a:* +get"}, tls="clients") as redis:
        assert redis.url_of("ann", "secret").startswith(f"rediss://ann:secret@127.0.0.1:{redis.port}?ca=")
        with redis.line("ann", "secret") as line:
            assert line.ask("GET", "a:1") is None
            with pytest.raises(AnsweredError, match="NOPERM"):
                line.ask("SET", "a:1", "x")
        redis.set_user("ann", "on >secret ~a:* +get +set")
        redis.restart()
        context = client_context(redis)
        context.load_cert_chain(redis.folder / "client.pem")
        with Line(redis.address, "secret", "ann", context) as line:
            assert line.ask("SET", "a:1", "x") == b"OK"


def test_sentinel_fails_over():
    with Sentinel() as sentinel:
        first = sentinel.primary
        first.ask("SET", "k", "v")
        assert first.ask("WAIT", 1, 5000) == 1
        second = sentinel.fail_over()
        assert second is not first
        assert second.ask("GET", "k") == b"v"


def test_a_cluster_moves_a_slot():
    with Cluster() as cluster:
        owner = cluster.owner("{gslb}:1:n")
        owner.ask("SET", "{gslb}:1:n", "7")
        other = next(one for one in cluster.servers if one is not owner)
        cluster.begin_move("{gslb}:1:n", other)
        with pytest.raises(AnsweredError, match=f"ASK .* 127.0.0.1:{other.port}"):
            owner.ask("GET", "{gslb}:1:n")
        cluster.end_move("{gslb}:1:n", other)
        assert cluster.owner("{gslb}:1:n") is other
        assert other.ask("GET", "{gslb}:1:n") == b"7"
        with pytest.raises(AnsweredError, match="MOVED"):
            owner.ask("GET", "{gslb}:1:n")


def test_a_relay_spoils_the_way():
    with RedisServer() as redis, Relay(redis.address) as relay:
        address = ("127.0.0.1", relay.port)
        with Line(address) as line:
            line.ask("SET", "k", "12345")
            relay.delay(0.05)
            begun = time.monotonic()
            assert line.ask("GET", "k") == b"12345"
            assert time.monotonic() - begun >= 0.1
            relay.heal()
            relay.silence()
            line._line.settimeout(0.1)
            with pytest.raises(TimeoutError):
                line.ask("PING")
            relay.heal()
        with Line(address) as line:
            relay.corrupt()
            assert any(_wrong(line) for _ in range(4))
        relay.heal()
        with Line(address) as line:
            line.ask("PING")
            relay.reset()
            until(lambda: _hung_up(line), "a reset arrives")
        with Line(address) as line:
            assert line.ask("PING") == b"PONG"
        relay.refuse()
        with pytest.raises(ConnectionResetError), socket.create_connection(address, 2) as line:
            line.recv(1)
        assert relay.sent > 50 < relay.received
        assert relay.connections == 5


def _wrong(line):
    """Whether a number of five digits did not come back as it was written."""
    line._line.settimeout(0.2)
    try:
        return line.ask("GET", "k") != b"12345"
    except (OSError, ValueError):
        return True


def _hung_up(line):
    try:
        line.ask("PING")
    except ConnectionError:
        return True


def test_waiting_has_an_end():
    with pytest.raises(TimeoutError, match="the moon: not within 0 s"):
        until(lambda: False, "the moon", 0.02)
