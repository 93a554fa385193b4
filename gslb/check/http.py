"""The `http` and `https` checks: one request, one answer, judged by status, header fields, JSON values and text.

The request goes to the address that is checked and to nothing else: names are not resolved, redirects are not followed,
proxies are not asked. `host` is what the site believes it is called: Host header, SNI and the name in the certificate.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, ClassVar, Final, Self

from gslb.check import expectation, line
from gslb.check.attempt import Progress, attempt
from gslb.check.exchange import Request, exchange
from gslb.check.line import Tls
from gslb.check.observation import Observation
from gslb.model import Address
from gslb.model import Check as Definition
from gslb.option import Complaint, Kind, Option

_METHODS: Final = ("GET", "HEAD", "OPTIONS", "POST")
_HOST: Final = re.compile(r"[A-Za-z0-9_.:\[\]-]{1,255}")
_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110 section 5.6.2
_PATH: Final = re.compile(r"/[\x21\x22\x24-\x7e]*")  # printable ASCII, no space and no fragment
_OURS: Final = {  # headers that have an option of their own, or that the connection depends on
    "host": "use `host`",
    "connection": "each check has a connection of its own",
    "content-length": "requests have no body",
    "transfer-encoding": "requests have no body",
    "accept-encoding": "answers are read as they are",
}


class Http:
    """A request in clear text."""

    name: ClassVar[str] = "http"
    doc: ClassVar[str] = "One HTTP request; the answer's status, header fields, JSON values and text are judged."
    example: ClassVar[str] = "{type: http, port: 8080, host: www.example.com, path: /healthz, expect: {status: 200, body: ready}}"
    options: ClassVar[Mapping[str, Option]] = MappingProxyType(
        {
            "port": Option(Kind.INTEGER, "TCP port", 80, 1, 65535),
            "host": Option(Kind.STRING, "what the site is called: Host header, and for https SNI and certificate; default: the address", ""),
            "path": Option(Kind.STRING, "path and query", "/"),
            "method": Option(Kind.STRING, "request method", "GET", choices=_METHODS),
            "headers": Option(Kind.MAPPING, "further request headers, name to value", MappingProxyType({})),
            "expect": Option(
                Kind.MAPPING,
                "what must come back: `status`, `headers`, `json`, `body`; default: a status from 200 to 299",
                MappingProxyType({}),
            ),
        }
    )

    def __init__(self, request: Request, timeout: float) -> None:
        self.request = request
        self.timeout = timeout

    @classmethod
    def build(cls, definition: Definition) -> Self:
        """Make the check; what it needs of the outside is looked at when it runs."""
        chosen = {key: option.default for key, option in cls.options.items()} | dict(definition.options)
        request = Request(
            cls.name,
            chosen["port"],
            chosen["method"],
            chosen["path"],
            chosen["host"],
            {str(key): str(value) for key, value in chosen["headers"].items()},
            expectation.read(chosen["expect"]),
            Tls.read(chosen["host"], chosen) if cls.name == "https" else None,
        )
        return cls(request, definition.timeout)

    @classmethod
    def problems(cls, options: Mapping[str, Any]) -> Iterable[Complaint]:
        """Judge path, host, headers and expectations."""
        yield from _text_problems(options)
        yield from _header_problems(options.get("headers", {}))
        expect = options.get("expect", {})
        yield from expectation.problems(expect)
        if options.get("method") == "HEAD" and isinstance(expect, Mapping) and expect.keys() & {"json", "body"}:
            yield Complaint("H007", ("method",), "a HEAD request has no body to judge", "use GET")

    async def observe(self, address: Address) -> Observation:
        """Ask once, within the timeout from the first packet to the last octet of the body."""

        async def look(progress: Progress) -> str:
            return await exchange(self.request, address, progress)

        return await attempt(address, self.timeout, look)


class Https(Http):
    """The same over TLS; the certificate must be good for `host` unless `verify: false`."""

    name: ClassVar[str] = "https"
    doc: ClassVar[str] = "One HTTP request over TLS; the certificate is verified, and its days left are told."
    example: ClassVar[str] = (
        "{type: https, host: www.example.com, path: /healthz, expect: {status: 200, json: {status: healthy}}, "
        "interval: 5s, timeout: 2s, down: 3, ok: 10, up: 5}"
    )
    options: ClassVar[Mapping[str, Option]] = MappingProxyType(
        {
            **Http.options,
            "port": Option(Kind.INTEGER, "TCP port", 443, 1, 65535),
            **line.OPTIONS,
        }
    )

    @classmethod
    def problems(cls, options: Mapping[str, Any]) -> Iterable[Complaint]:
        """Judge what `http` judges, and what concerns TLS."""
        yield from super().problems(options)
        yield from line.problems(options)


def _text_problems(options: Mapping[str, Any]) -> Iterator[Complaint]:
    path, host = options.get("path", "/"), options.get("host", "")
    if isinstance(path, str) and not _PATH.fullmatch(path):
        yield Complaint("H001", ("path",), f"{path!r} is not a path", "it begins with / and holds neither spaces nor #; others as %XX")
    if isinstance(host, str) and host and not _HOST.fullmatch(host):
        yield Complaint("H002", ("host",), f"{host!r} is not a host name")


def _header_problems(headers: Any) -> Iterator[Complaint]:
    """Refuse what would break the request or smuggle a second one (CR, LF)."""
    if not isinstance(headers, Mapping):
        yield Complaint("H003", ("headers",), "headers is a mapping", "such as `headers: {X-Probe: gslb}`")
        return
    for name, value in headers.items():
        if not _TOKEN.fullmatch(str(name)):
            yield Complaint("H003", ("headers", name), f"{name!r} is not a header name")
        elif str(name).lower() in _OURS:
            yield Complaint("H003", ("headers", name), f"header {name} cannot be set", _OURS[str(name).lower()])
        elif not isinstance(value, str | int | float) or any(ord(c) < 32 or ord(c) > 126 for c in str(value)):
            yield Complaint("H003", ("headers", name), f"the value of header {name} is one line of ASCII text")
