"""The reply that sends a client to TCP: the same octets from both engines, for every packet that the duel would send; and what is in it."""

import dns.edns
import dns.flags
import dns.message
import pytest

from gslb.answer.truncated import truncated
from gslb.testing import engines
from gslb.testing.twin import Packets, World
from gslb.transport import native

built = pytest.mark.skipif(bool(engines.native_missing()), reason="no native engine")


@built
def test_engines_are_equal():
    core = native.Engine()._core  # what is behind the plane's face: there it is only seen over UDP
    seen = set()
    for seed in range(4):
        packets = Packets(seed, World(seed).plan())
        for _ in range(500):
            query, _client, env = packets.one()
            ours = truncated(query, max_udp=env.max_udp, ecs=env.ecs)
            assert core.truncated(query, env.max_udp, env.ecs) == ours, query.hex()
            seen.add(ours is None)
    assert seen == {True, False}


@pytest.mark.parametrize("options", [None, [], [dns.edns.ECSOption("198.51.100.0", 24)]])
def test_it_says_try_tcp_and_nothing_else(options):
    query = dns.message.make_query("_gslb.www.example.com", "TXT", use_edns=options is not None, options=options)
    query.flags |= dns.flags.RD
    reply = dns.message.from_wire(truncated(query.to_wire()))
    assert reply.flags == dns.flags.QR | dns.flags.TC | dns.flags.RD
    assert (reply.id, reply.question, reply.rcode()) == (query.id, query.question, 0)
    assert [*reply.answer, *reply.authority, *reply.additional] == []
    assert (reply.edns, len(reply.options)) == (query.edns, len(options or ()))
    assert all(option.scopelen == 0 and option.srclen == 24 for option in reply.options)


@pytest.mark.parametrize("packet", [b"", bytes(12), b"\0\0\x80\0\0\1" + bytes(6) + b"\0\0\1\0\1", b"\0\0\0\0\0\1" + bytes(6) + b"\0\0\1\0\3"])
def test_what_is_no_proper_query_gets_nothing(packet):
    assert truncated(packet) is None
