"""The `grpc` check: the standard health service `grpc.health.v1.Health/Check`, over HTTP/2.

Needs h2 (`pip install 'gslb[grpc]'`), which only reads and writes frames: connection, deadline and bounds are ours, as in every check. The two
messages have one field each and are written here (a string, an enumeration); a protobuf library would do no more.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self

from gslb import __version__
from gslb.check import line
from gslb.check.attempt import OwnFault, Progress, Unfit, attempt
from gslb.check.line import Line, Tls, connected
from gslb.check.observation import Observation
from gslb.model import Address
from gslb.model import Check as Definition
from gslb.option import REQUIRED, Complaint, Kind, Option

if TYPE_CHECKING:
    from h2.connection import H2Connection

_MISSING: Final = "h2 is not installed: pip install 'gslb[grpc]'"
_STATES: Final = ("UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN")  # HealthCheckResponse.ServingStatus, by number
_CODES: Final = {"5": "NOT_FOUND", "7": "PERMISSION_DENIED", "12": "UNIMPLEMENTED", "14": "UNAVAILABLE", "16": "UNAUTHENTICATED"}
_LIMIT: Final = 4096  # octets of an answer; a real one has 7


class Grpc:
    """Ask the health service; want SERVING."""

    name: ClassVar[str] = "grpc"
    doc: ClassVar[str] = "The standard gRPC health service (grpc.health.v1); needs `pip install 'gslb[grpc]'`."
    example: ClassVar[str] = "{type: grpc, port: 50051, service: shop.Basket, tls: true, host: grpc.example.com}"
    options: ClassVar[Mapping[str, Option]] = MappingProxyType(
        {
            "port": Option(Kind.INTEGER, "TCP port", REQUIRED, 1, 65535),
            "service": Option(Kind.STRING, "service to ask about; default: the server as a whole", ""),
            "tls": Option(Kind.BOOLEAN, "shake hands before anything is said", default=False),
            "host": Option(Kind.STRING, "what the site is called: authority, and with TLS SNI and certificate; default: the address", ""),
            **line.OPTIONS,
        }
    )

    def __init__(self, options: Mapping[str, Any], timeout: float) -> None:
        self.port: int = options["port"]
        self.service: str = options.get("service", "")
        self.host: str = options.get("host", "")
        self.tls = Tls.read(self.host, options, alpn=("h2",)) if options.get("tls") else None
        self.timeout = timeout

    @classmethod
    def build(cls, definition: Definition) -> Self:
        """Make the check from an accepted definition."""
        return cls(definition.options, definition.timeout)

    @classmethod
    def problems(cls, options: Mapping[str, Any]) -> Iterable[Complaint]:
        """Judge the lengths, what concerns TLS, and that h2 is there."""
        for key in ("service", "host"):
            value = options.get(key, "")
            if isinstance(value, str) and (len(value) > 255 or not value.isascii() or not value.isprintable() or " " in value):
                yield Complaint("H016", (key,), f"{key} is a name of at most 255 ASCII characters")
        if not options.get("tls"):
            for key in line.OPTIONS:
                if key in options:
                    yield Complaint("H013", (key,), f"{key} has no effect without TLS", "add `tls: true`, or leave it out")
        yield from line.problems(options)
        if not installed():
            yield Complaint("H017", ("type",), _MISSING)

    async def observe(self, address: Address) -> Observation:
        """Look once, within the timeout."""

        async def look(progress: Progress) -> str:
            if not installed():
                raise OwnFault(_MISSING)
            async with connected(address, self.port, progress, self.tls) as it:
                progress.stage = "waiting for an answer"
                answer = await _ask(it, self._headers(address), _request(self.service))
                progress.fact("answer", ", ".join(f"{name}: {value}" for name, value in answer.fields.items()))
            state = answer.state()
            progress.judged("state", state == "SERVING", state)
            if state != "SERVING":
                raise Unfit(state)
            return ", ".join(filter(None, (state, it.remark)))

        return await attempt(address, self.timeout, look)

    def _headers(self, address: Address) -> list[tuple[str, str]]:
        at = f"[{address}]:{self.port}" if address.version == 6 else f"{address}:{self.port}"
        return [
            (":method", "POST"),
            (":scheme", "https" if self.tls else "http"),
            (":path", "/grpc.health.v1.Health/Check"),
            (":authority", self.host or at),
            ("te", "trailers"),
            ("content-type", "application/grpc"),
            ("grpc-timeout", f"{max(1, int(self.timeout * 1000))}m"),
            ("user-agent", f"gslb/{__version__}"),
        ]


def installed() -> bool:
    """Whether h2 is there."""
    return importlib.util.find_spec("h2") is not None


class _Answer:
    """What came back on the stream: all header and trailer fields, and the body."""

    def __init__(self) -> None:
        self.fields: dict[str, str] = {}
        self.body = bytearray()
        self.over = False

    def state(self) -> str:
        """Say what the service said of itself. Raises Unfit."""
        if self.fields.get(":status") != "200":
            raise Unfit(f"status {self.fields.get(':status', 'missing')}")
        code = self.fields.get("grpc-status", "missing")
        if code != "0":
            raise Unfit(f"gRPC status {_CODES.get(code, code)}")
        # One message, not compressed: a flag, a length, and the field `status = 1` as a varint; left out it is 0.
        message = bytes(self.body[5:])
        if len(self.body) < 5 or self.body[0] != 0 or int.from_bytes(self.body[1:5]) != len(message):
            raise Unfit("not an answer of the health service")
        if not message:
            return _STATES[0]
        if len(message) != 2 or message[0] != 0x08 or message[1] >= len(_STATES):
            raise Unfit("not an answer of the health service")
        return _STATES[message[1]]


def _request(service: str) -> bytes:
    """Write a HealthCheckRequest (`string service = 1`) as a gRPC message."""
    name = service.encode()
    length = bytes([len(name)]) if len(name) < 128 else bytes([len(name) & 127 | 128, len(name) >> 7])
    message = b"\x0a" + length + name if name else b""
    return b"\0" + len(message).to_bytes(4) + message


async def _ask(it: Line, headers: Sequence[tuple[str, str]], message: bytes) -> _Answer:
    """Send one request and read its stream to the end. Raises Unfit."""
    from h2.config import H2Configuration  # noqa: PLC0415 - optional, and only who has such checks needs it
    from h2.connection import H2Connection  # noqa: PLC0415 - as above
    from h2.exceptions import H2Error  # noqa: PLC0415 - as above

    peer = H2Connection(H2Configuration(client_side=True, header_encoding="latin-1"))
    answer = _Answer()
    try:
        peer.initiate_connection()
        stream = peer.get_next_available_stream_id()
        peer.send_headers(stream, headers)
        peer.send_data(stream, message, end_stream=True)
        while not answer.over:
            it.writer.write(peer.data_to_send())
            heard = await it.reader.read(16_384)
            if not heard:
                raise Unfit("closed without an answer")
            if heard.startswith(b"HTTP/1"):
                raise Unfit("not HTTP/2 but HTTP/1")
            _take(peer, heard, answer)
    except H2Error as error:
        raise Unfit(f"not HTTP/2: {error}" if str(error) else f"not HTTP/2: {type(error).__name__}") from error
    return answer


def _take(peer: H2Connection, octets: bytes, answer: _Answer) -> None:
    """Take in what came; h2 checks and answers settings and pings itself."""
    from h2 import events  # noqa: PLC0415 - as above

    for event in peer.receive_data(octets):
        if isinstance(event, events.ResponseReceived | events.TrailersReceived):
            answer.fields |= {str(name): str(value) for name, value in event.headers}
        elif isinstance(event, events.DataReceived):
            answer.body += event.data
            if len(answer.body) > _LIMIT:
                raise Unfit("not an answer of the health service")
        elif isinstance(event, events.StreamEnded):
            answer.over = True
        elif isinstance(event, events.StreamReset | events.ConnectionTerminated):
            raise Unfit("refused by the server")
