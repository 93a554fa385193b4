"""dns checks against real servers: one of ours made of dnspython, and NSD."""

from __future__ import annotations

import asyncio
import shutil
import socket
from contextlib import asynccontextmanager
from ipaddress import ip_address

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest

from gslb.check.dns import Dns
from gslb.check.observation import Result
from gslb.testing import check_silent
from gslb.testing.servers import closed_port

HERE = ip_address("127.0.0.1")


def reply(query, *records, rcode="NOERROR", flags=0):
    answer = dns.message.make_response(query)
    answer.set_rcode(dns.rcode.from_text(rcode))
    answer.flags |= flags
    answer.answer += [dns.rrset.from_text(*record) for record in records]
    return answer


WWW = ("www.example.com.", 30, "IN", "A", "192.0.2.1", "192.0.2.2")


class Server:
    """Answers over UDP and TCP on one port; `over_udp` and `over_tcp` make octets, or a list of them, from a query."""

    def __init__(self, over_udp, over_tcp=None):
        self.over_udp, self.over_tcp = over_udp, over_tcp or over_udp
        self.asked = []

    def made(self, how, wire, transport):
        query = dns.message.from_wire(wire)
        self.asked.append((transport, query))
        made = how(query)
        return [one if isinstance(one, bytes) else one.to_wire() for one in (made if isinstance(made, list) else [made])]

    @asynccontextmanager
    async def running(self):
        loop, server = asyncio.get_running_loop(), self

        class Datagrams(asyncio.DatagramProtocol):
            def connection_made(self, transport):
                self.transport = transport

            def datagram_received(self, data, addr):
                for one in server.made(server.over_udp, data, "udp"):
                    self.transport.sendto(one, addr)

        async def talk(reader, writer):
            wire = await reader.readexactly(int.from_bytes(await reader.readexactly(2)))
            for one in server.made(server.over_tcp, wire, "tcp"):
                writer.write(len(one).to_bytes(2) + one)
            await writer.drain()
            writer.close()

        stream = await asyncio.start_server(talk, "127.0.0.1", 0)
        port = stream.sockets[0].getsockname()[1]
        transport, _ = await loop.create_datagram_endpoint(Datagrams, ("127.0.0.1", port))
        try:
            yield port
        finally:
            transport.close()
            stream.close()


async def look(define, how, over_tcp=None, timeout=20.0, **options):  # noqa: ASYNC109 - the check's own
    server = Server(how, over_tcp)
    async with server.running() as port:
        check = Dns.build(define("dns", timeout, name="www.example.com", port=port, **options))
        return await check.observe(HERE), server


@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_a_question_and_its_answers(define, transport):
    seen, server = await look(define, lambda query: reply(query, WWW), transport=transport, answers=["192.0.2.2", "192.0.2.1"])
    assert (seen.result, seen.reason) == (Result.OK, "NOERROR, 2 answers")
    ((over, query),) = server.asked
    assert over == transport
    assert [str(one) for one in query.question] == ["www.example.com. IN A"]
    assert not query.flags & dns.flags.RD


async def test_resolvers_are_asked_to_recurse(define):
    _, server = await look(define, lambda query: reply(query, WWW), recurse=True)
    assert server.asked[0][1].flags & dns.flags.RD


@pytest.mark.parametrize(
    ("rcode", "options", "result", "reason"),
    [
        ("NXDOMAIN", {}, Result.FAIL, "NXDOMAIN, not NOERROR"),
        ("REFUSED", {"rcode": "REFUSED"}, Result.OK, "REFUSED, 0 answers"),
        ("NOERROR", {"rcode": "NXDOMAIN"}, Result.FAIL, "NOERROR, not NXDOMAIN"),
        ("NOERROR", {"answers": ["192.0.2.3"]}, Result.FAIL, "NOERROR, 192.0.2.3 is not among 2 answers"),
        ("NOERROR", {"query": "AAAA"}, Result.OK, "NOERROR, 0 answers"),
    ],
)
async def test_judging(define, rcode, options, result, reason):
    records = (WWW,) if rcode == "NOERROR" else ()
    seen, _ = await look(define, lambda query: reply(query, *records, rcode=rcode), **options)
    assert (seen.result, seen.reason) == (result, reason)


@pytest.mark.parametrize(
    ("kind", "data", "wanted"),
    [
        ("MX", "10 Mail.Example.COM.", "10 mail.example.com."),
        ("MX", "10 mail.example.com.", "10 mail.example.com"),
        ("TXT", '"v=spf1 -all"', "v=spf1 -all"),
        ("AAAA", "2001:db8::1", "2001:DB8::1"),
        ("NS", "ns1.example.com.", "ns1.example.com."),
    ],
)
async def test_answers_are_written_as_dig_does(define, kind, data, wanted):
    seen, _ = await look(define, lambda query: reply(query, ("www.example.com.", 30, "IN", kind, data)), query=kind, answers=[wanted])
    assert seen.result is Result.OK, seen.reason


async def test_a_truncated_answer_is_asked_for_over_tcp(define):
    seen, server = await look(define, lambda query: reply(query, flags=dns.flags.TC), lambda query: reply(query, WWW), answers=["192.0.2.1"])
    assert (seen.result, seen.reason) == (Result.OK, "NOERROR, 2 answers")
    assert [over for over, _ in server.asked] == ["udp", "tcp"]


def other_id(query):
    answer = reply(query, WWW)
    answer.id ^= 1
    return answer


def other_name(query):
    return reply(dns.message.make_query("other.example.com", "A", id=query.id), WWW)


WRONG = {
    "other id": other_id,
    "other question": other_name,
    "a query": lambda query: query.to_wire(),
    "rubbish": lambda _query: b"\xff" * 40,
    "one octet": lambda _query: b"\0",
    "pointers in a circle": lambda query: query.to_wire()[:2] + b"\x80\0\0\1\0\0\0\0\0\0\xc0\x0c\0\1\0\1",
    "cut off": lambda query: reply(query, WWW).to_wire()[:-5],
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
async def test_wrong_answers_do_not_count(define, wrong):
    """Over UDP the right one may still come; over TCP it is the server that is wrong."""
    seen, _ = await look(define, lambda query: [wrong(query)] * 3 + [reply(query, WWW)])
    assert (seen.result, seen.reason) == (Result.OK, "NOERROR, 2 answers")
    seen, _ = await look(define, wrong, timeout=0.5)
    assert (seen.result, seen.reason) == (Result.FAIL, "timeout: 0.5 s over while waiting for a right answer (UDP)")
    seen, _ = await look(define, wrong, transport="tcp")
    assert (seen.result, seen.reason) == (Result.FAIL, "not an answer to the question")


async def test_only_the_address_that_was_asked_may_answer(define):
    async def spoof(query, addr):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
            line.bind(("127.0.0.2", 0))
            line.sendto(reply(dns.message.from_wire(query), WWW).to_wire(), addr)

    class Spoofed(asyncio.DatagramProtocol):
        tasks = set()  # noqa: RUF012 - one use

        def datagram_received(self, data, addr):
            self.tasks.add(asyncio.create_task(spoof(data, addr)))

    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(Spoofed, ("127.0.0.1", 0))
    port = transport.get_extra_info("sockname")[1]
    seen = await Dns.build(define("dns", 0.5, name="www.example.com", port=port)).observe(HERE)
    transport.close()
    assert (seen.result, seen.reason) == (Result.FAIL, "timeout: 0.5 s over while waiting for an answer (UDP)")


async def test_a_closed_port(define):
    seen = await Dns.build(define("dns", name="example.com", port=closed_port())).observe(HERE)
    assert (seen.result, seen.reason) == (Result.FAIL, "connection refused")


async def test_udp_keeps_the_contract(define):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        port = silent.getsockname()[1]
        await check_silent(lambda timeout: Dns.build(define("dns", timeout, name="example.com", port=port)))


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ({"name": "."}, []),
        ({"name": "_dmarc.example.com."}, []),
        ({"name": "a..b"}, ["H014"]),
        ({"name": ""}, ["H014"]),
        ({"name": "a b"}, ["H014"]),
        ({"name": "x" * 64}, ["H014"]),
        ({"name": ".".join(["x" * 60] * 5)}, ["H014"]),
        ({"name": "a", "rcode": "NXDOMAIN", "answers": ["1.2.3.4"]}, ["H014"]),
    ],
)
def test_problems(options, found):
    assert [c.code for c in Dns.problems(options)] == found


ZONE = """$ORIGIN example.com.
$TTL 60
@ SOA ns hostmaster 1 2 3 4 5
@ NS ns
ns A 127.0.0.1
www A 192.0.2.10
"""


@pytest.mark.live
@pytest.mark.skipif(not shutil.which("nsd"), reason="needs NSD")
async def test_nsd(define, tmp_path):
    port = closed_port()
    (tmp_path / "zone").write_text(ZONE)
    (tmp_path / "nsd.conf").write_text(
        f'server:\n ip-address: 127.0.0.1@{port}\n username: ""\n zonesdir: {tmp_path}\n pidfile: ""\n database: ""\n'
        f" zonelistfile: {tmp_path}/list\n xfrdfile: {tmp_path}/xfrd\n xfrdir: {tmp_path}\n verbosity: 0\n"
        "remote-control:\n control-enable: no\nzone:\n name: example.com\n zonefile: zone\n"
    )
    nsd = await asyncio.create_subprocess_exec("nsd", "-d", "-c", str(tmp_path / "nsd.conf"), stderr=asyncio.subprocess.PIPE)
    try:
        check = Dns.build(define("dns", name="www.example.com", port=port, answers=["192.0.2.10"]))
        async with asyncio.timeout(30):
            while (seen := await check.observe(HERE)).reason == "connection refused" and nsd.returncode is None:
                await asyncio.sleep(0.05)
        assert (seen.result, seen.reason) == (Result.OK, "NOERROR, 1 answers")
        tcp = Dns.build(define("dns", name="no.example.com", port=port, transport="tcp", rcode="NXDOMAIN"))
        assert (await tcp.observe(HERE)).reason == "NXDOMAIN, 0 answers"
    finally:
        if nsd.returncode is None:
            nsd.terminate()
        await nsd.communicate()
