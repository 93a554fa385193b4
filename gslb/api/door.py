"""The door: who is let in. Asked for every request before anything else is looked at.

asked      refused
---------  ------------------------------------------------------------------------------------------------------------------
host       a Host header that is no name of ours: a page of somebody else's, whose name was pointed at us (DNS rebinding)
origin     a browser that says the request comes from another site's page
caller     a token that is not known or has expired; nobody is let in as nobody on loopback, as far as the settings allow
rate       more requests per second than one caller needs
scope      an operation that needs more than the caller has
"""

from __future__ import annotations

import asyncio
import pwd
import re
import socket
import struct
import time
from ipaddress import ip_address
from pathlib import Path
from typing import Final

from aiohttp import web

from gslb.api.limits import Rates
from gslb.api.operation import Operation
from gslb.api.problem import ProblemError
from gslb.api.service import SCOPES, Caller, Scope
from gslb.api.tokens import Token, Tokens
from gslb.config.settings_api import Api

CHALLENGE: Final = {"WWW-Authenticate": 'Bearer realm="gslb"'}
FORWARDED: Final = ("Forwarded", "X-Forwarded-For", "X-Real-IP", "Via")
_BEARER: Final = re.compile(r"[Bb]earer +([A-Za-z0-9._~+/=-]{1,256})").fullmatch
_HOST: Final = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+))(?::[0-9]{1,5})?").fullmatch


class Door:
    """One door; `settings` say who is expected."""

    def __init__(self, settings: Api, tokens: Tokens) -> None:
        self._tokens = tokens
        self._rates = Rates()
        self._hosts = frozenset({"localhost", *settings.hosts})
        self._anonymous = max((Scope(name) for name in settings.anonymous), key=SCOPES.index, default=None)
        self._unix = isinstance(settings.listen, Path)

    def enter(self, request: web.Request) -> Caller:
        """Say who asks, with what it may do. Raises ProblemError."""
        self._host(request)
        if request.headers.get("Sec-Fetch-Site") in ("cross-site", "same-site") and request.headers.get("Sec-Fetch-Mode") != "navigate":
            raise ProblemError(403, "cross_site", "requests from pages of other sites are not answered")
        caller = self._caller(request)
        wait = self._rates.take(caller.key, asyncio.get_running_loop().time())
        if wait:
            raise ProblemError(429, "too_many", "too many requests: wait a moment", headers={"Retry-After": str(max(1, round(wait)))})
        return caller

    def admit(self, caller: Caller, operation: Operation) -> None:
        """Let a caller do this. Raises ProblemError."""
        if operation.scope is None:
            return
        if caller.scope is None:
            raise ProblemError(401, "token_needed", "this needs a token: Authorization: Bearer …", headers=CHALLENGE)
        if operation.scope not in caller.scopes:
            what = f"{caller.name} may {caller.scope.value}, and this needs {operation.scope.value}"
            if caller.how == "anonymous":
                raise ProblemError(401, "token_needed", f"{what}: send a token", headers=CHALLENGE)
            raise ProblemError(403, "scope", what)
        if operation.writes and caller.zones and operation.family != "zones":
            raise ProblemError(403, "zones_only", f"{caller.name} may change records of {', '.join(caller.zones)}, and nothing else")

    def still(self, request: web.Request, caller: Caller) -> bool:
        """Whether a caller that was let in would be let in now: tokens expire and are revoked."""
        try:
            return self._caller(request) == caller
        except ProblemError:
            return False

    def _host(self, request: web.Request) -> None:
        found = _HOST(request.headers.get("Host", ""))
        name = ((found[1] or found[2]) if found else "").lower().rstrip(".")
        if name in self._hosts or (self._unix and not name):
            return
        try:
            address = ip_address(name)
        except ValueError:
            raise ProblemError(421, "host", f"{name[:100] or 'nobody'} is not a name of this API: add it to api.hosts") from None
        ours = request.get_extra_info("sockname")
        if not address.is_loopback and not (isinstance(ours, tuple) and address == ip_address(ours[0].partition("%")[0])):
            raise ProblemError(421, "host", f"{name} is not an address of this API: add it to api.hosts")

    def _caller(self, request: web.Request) -> Caller:
        if self._unix:
            return _user(request)
        remote = request.remote or ""
        given = request.headers.getall("Authorization", [])
        if given:
            return self._holder(given, remote)
        anonymous = _is_loopback(remote) and not any(name in request.headers for name in FORWARDED)
        return Caller("anonymous", self._anonymous if anonymous else None, how="anonymous", key=f"address {remote}")

    def _holder(self, given: list[str], remote: str) -> Caller:
        """Return who holds the token that was sent."""
        found = _BEARER(given[0].strip()) if len(given) == 1 else None
        token: Token | None = self._tokens.find(found[1]) if found else None
        if token is not None and token.holds(time.time()):
            return Caller(token.name, token.scope, token.zones, "token", f"token {token.name}", token.expires)
        wait = self._rates.take(f"address {remote}", asyncio.get_running_loop().time())
        if wait:
            raise ProblemError(429, "too_many", "too many requests: wait a moment", headers={"Retry-After": str(max(1, round(wait)))})
        why = "the token has expired" if token else "no such token" if found else "write Authorization: Bearer TOKEN"
        raise ProblemError(401, "token_refused", why, headers={"WWW-Authenticate": 'Bearer realm="gslb", error="invalid_token"'})


def _is_loopback(remote: str) -> bool:
    try:
        return ip_address(remote.partition("%")[0]).is_loopback
    except ValueError:
        return False


def _user(request: web.Request) -> Caller:
    """Return who is at the other end of the unix socket, by the kernel's word."""
    sock: socket.socket = request.get_extra_info("socket")
    _pid, uid, _gid = struct.unpack("3i", sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    try:
        name = pwd.getpwuid(uid).pw_name
    except KeyError:
        name = f"uid {uid}"
    return Caller(name, Scope.ADMIN, how="socket", key=f"user {uid}")  # its mode says who can open it: nobody else, unless somebody widened it
