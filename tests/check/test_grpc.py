"""grpc checks against gRPC's own server."""

from __future__ import annotations

import importlib.util
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from ipaddress import ip_address

import grpc
import h2.config
import h2.connection
import h2.events
import pytest
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from gslb.check.attempt import Unfit
from gslb.check.grpc import Grpc, _Answer, _request
from gslb.check.observation import Result
from gslb.testing.servers import listening

HERE = ip_address("127.0.0.1")
HOST = "www.example.com"
STATES = health_pb2.HealthCheckResponse


@contextmanager
def serving(states, credentials=None, servicer=None):
    """A real server on a free port."""
    server = grpc.server(ThreadPoolExecutor(2))
    it = servicer or health.HealthServicer()
    for name, state in states.items():
        it.set(name, state)
    health_pb2_grpc.add_HealthServicer_to_server(it, server)
    address = "127.0.0.1:0"
    port = server.add_secure_port(address, credentials) if credentials else server.add_insecure_port(address)
    server.start()
    try:
        yield port
    finally:
        server.stop(None).wait()


async def look(define, port, timeout=20.0, **options):  # noqa: ASYNC109 - the check's own
    return await Grpc.build(define("grpc", timeout, port=port, **options)).observe(HERE)


@pytest.mark.parametrize(
    ("state", "result", "reason"),
    [
        (STATES.SERVING, Result.OK, "SERVING"),
        (STATES.NOT_SERVING, Result.FAIL, "NOT_SERVING"),
        (STATES.UNKNOWN, Result.FAIL, "UNKNOWN"),
        (STATES.SERVICE_UNKNOWN, Result.FAIL, "SERVICE_UNKNOWN"),
    ],
)
@pytest.mark.parametrize("service", ["", "shop.Basket", "x" * 200])
async def test_states(define, service, state, result, reason):
    with serving({service: state}) as port:
        seen = await look(define, port, service=service)
    assert (seen.result, seen.reason) == (result, reason)


async def test_a_service_nobody_knows(define):
    with serving({"": STATES.SERVING}) as port:
        seen = await look(define, port, service="shop.Basket")
    assert (seen.result, seen.reason) == (Result.FAIL, "gRPC status NOT_FOUND")


async def test_a_server_without_the_health_service(define):
    server = grpc.server(ThreadPoolExecutor(1))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    seen = await look(define, port)
    server.stop(None).wait()
    assert (seen.result, seen.reason) == (Result.FAIL, "gRPC status UNIMPLEMENTED")


async def test_what_the_server_is_told(define):
    heard = {}

    class Curious(health.HealthServicer):
        def Check(self, request, context):  # noqa: N802 - gRPC's name
            heard.update(context.invocation_metadata(), service=request.service, left=context.time_remaining())
            return super().Check(request, context)

    with serving({"a.B": STATES.SERVING}, servicer=Curious()) as port:
        assert (await look(define, port, timeout=3.0, service="a.B", host=HOST)).result is Result.OK
    assert heard["service"] == "a.B"
    assert heard["user-agent"].startswith("gslb/")
    assert 1.0 < heard["left"] <= 3.0, "the deadline is told"


async def test_tls(define, authority):
    cert = authority.ca.issue_cert(HOST)
    credentials = grpc.ssl_server_credentials([(cert.private_key_pem.bytes(), cert.cert_chain_pems[0].bytes())])
    with serving({"": STATES.SERVING}, credentials) as port:
        seen = await look(define, port, tls=True, host=HOST, ca_file=authority.file)
        other = await look(define, port, tls=True, host="other.example.com", ca_file=authority.file)
        clear = await look(define, port)
    assert seen.result is Result.OK
    assert seen.reason.startswith("SERVING, certificate ")
    assert other.reason.startswith("certificate: Hostname mismatch")
    assert clear.result is Result.FAIL


async def test_a_server_of_http_1(define, site):
    async with site() as it:
        seen = await look(define, it.port)
    assert (seen.result, seen.reason) == (Result.FAIL, "not HTTP/2 but HTTP/1")


async def test_an_answer_without_end_is_cut(define):
    async def talk(reader, writer):
        peer = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        peer.initiate_connection()
        begun = False
        while True:
            for event in peer.receive_data(await reader.read(65536)):
                if isinstance(event, h2.events.RequestReceived):
                    peer.send_headers(event.stream_id, [(":status", "200"), ("content-type", "application/grpc")])
                    begun = True
            if begun:
                peer.send_data(1, b"x" * 8192)
            writer.write(peer.data_to_send())
            await writer.drain()

    async with listening(talk) as port:
        seen = await look(define, port)
    assert (seen.result, seen.reason) == (Result.FAIL, "not an answer of the health service")


@pytest.mark.parametrize("body", [b"", b"\0\0\0\0\1", b"\1\0\0\0\2\x08\1", b"\0\0\0\0\2\x10\1", b"\0\0\0\0\2\x08\x09", b"\0\0\0\0\3\x08\1\1"])
def test_odd_messages(body):
    answer = _Answer()
    answer.fields, answer.body = {":status": "200", "grpc-status": "0"}, bytearray(body)
    with pytest.raises(Unfit, match="not an answer"):
        answer.state()
    answer.body = bytearray(b"\0\0\0\0\0")
    assert answer.state() == "UNKNOWN"
    answer.fields = {":status": "503"}
    with pytest.raises(Unfit, match="status 503"):
        answer.state()


@pytest.mark.parametrize("length", [0, 1, 127, 128, 255])
def test_requests_are_read_by_protobuf(length):
    wire = _request("s" * length)
    assert wire[:5] == b"\0" + len(wire[5:]).to_bytes(4)
    assert health_pb2.HealthCheckRequest.FromString(wire[5:]).service == "s" * length


async def test_without_the_library_it_abstains_and_loads_say_so(define, monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *a: None if name == "h2" else find(name, *a))
    seen = await look(define, 1)
    assert (seen.result, seen.reason) == (Result.UNKNOWN, "own fault: h2 is not installed: pip install 'gslb[grpc]'")
    assert [c.code for c in Grpc.problems({"port": 1})] == ["H017"]


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ({"port": 1}, []),
        ({"port": 1, "tls": True, "verify": False, "host": HOST}, []),
        ({"port": 1, "service": "a b"}, ["H016"]),
        ({"port": 1, "service": "x" * 256}, ["H016"]),
        ({"port": 1, "host": "a\r\nb"}, ["H016"]),
        ({"port": 1, "ca_file": "x"}, ["H013"]),
    ],
)
def test_problems(options, found):
    assert [c.code for c in Grpc.problems(options)] == found
