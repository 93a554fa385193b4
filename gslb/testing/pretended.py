"""A service that is only pretended: the API's shapes with as many members and probers as one likes, and texts as hostile as one likes.

For what a real service cannot be made to show in a second: five hundred members, a token that is asked for, a stream that falls silent.
Everything that concerns truth is tested against a real service (tests/dashboard/test_pages.py).
"""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

from aiohttp import web

from gslb.api import static

Data = dict[str, Any]

SITES: dict[str, tuple[str, list[float], str]] = {
    "fra": ("Frankfurt", [50.11, 8.68], "DE FR PL ES IT SE NO EG NG"),
    "iad": ("Ashburn", [39.04, -77.49], "US CA MX"),
    "sin": ("Singapore", [1.35, 103.82], "IN CN JP ID TH"),
    "gru": ("São Paulo", [-23.55, -46.63], "BR AR CL PE CO"),
    "syd": ("Sydney", [-33.87, 151.21], "AU NZ PG"),
}
STATES = {"sin": "down", "gru": "degraded"}
HAPPENED = ("verdict", "override", "reload", "publish", "prober")


class Pretended:
    """One service. `hostile` stands wherever an operator, a prober or a zone can put text; `secret` is the token that is wanted, by `writes` alone or
    by everything.
    """

    def __init__(self, *, pools: int = 5, members: int = 5, probers: int = 3, hostile: str = "", secret: str = "", writes: bool = False) -> None:
        self.hostile, self.secret, self.writes = hostile, secret, writes
        self.now = time.time()
        self.probers = [f"p-{number}" for number in range(probers)]
        self.pools = [self._pool(number, members) for number in range(pools)]
        self.asked: list[str] = []
        self.silent = False  # the stream ends, and no other begins
        self._runner: web.AppRunner | None = None
        self._port = 0

    async def start(self) -> str:
        """Listen on a free port; the address of the page."""
        application = web.Application()
        application.add_routes([*static.routes(), web.get("/api/v1/stream", self._stream), web.route("*", "/api/v1/{path:.*}", self._answer)])
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self._port = self._runner.addresses[0][1]
        return f"http://127.0.0.1:{self._port}/"

    async def stop(self) -> None:
        """End."""
        if self._runner:
            await self._runner.cleanup()

    # What there is.

    @property
    def members(self) -> list[Data]:
        """All members of all pools."""
        return [member for pool in self.pools for member in pool["members"]]

    def _pool(self, number: int, members: int) -> Data:
        made = [self._member(number, index, list(SITES)[index % len(SITES)]) for index in range(members)]
        told = {"pool": f"pool-{number}", "kind": "address", "policy": "nearest", "ttl": {"min": 10, "max": 60}, "answers": 1, "names": 3}
        return {**told, "ratio": 0.9, "sites": {"fra": 0.6, "iad": 0.4}, "members": made}

    def _member(self, pool: int, index: int, site: str) -> Data:
        state = "down" if index % 11 == 7 else "up"
        reason = self.hostile or ("connection refused" if state == "down" else "")
        said: Data = {"level": "member", "subject": f"pool-{pool}/m-{index}", "kind": "drain", "author": "ann"}
        said |= {"reason": self.hostile or "new switches", "expires": self.now + 5000}
        drained = index % 23 == 5
        address = f"198.51.{pool % 250}.{index % 250}"
        known: Data = {"state": state, "since": self.now - 60 * index, "reason": reason}
        votes = [{"prober": one, "place": one, **known, "grade": 100, "counted": True} for one in self.probers]
        check = {"check": "web", "probed": address, **known, "quorum": "majority", "held": False, "votes": votes}
        told = {
            "member": f"m-{index}",
            "site": site,
            "state": state,
            "weight": 1,
            "addresses": [{"address": address, "state": state, "checks": [check]}],
        }
        return {**told, "forced": "drained" if drained else None, "override": said if drained else None}

    def _status(self) -> Data:
        states = [member["state"] for member in self.members]
        wrong = {"code": "site_down", "level": "error", "text": self.hostile or "site sin is down", "hint": "gslb explain", "since": self.now - 90}
        prober = {"age": 0.5, "fresh": True, "suspect": self.hostile, "targets": 9, "down": 1, "lateness": 0.01, "epoch": 1}
        counts = {"zones": 2, "pools": len(self.pools), "members": len(states), "up": states.count("up"), "down": states.count("down")}
        return {
            "version": "0.1.0",
            "node": "ns1",
            "pid": 1,
            "began": self.now - 9000,
            "listening": ["127.0.0.1:53"],
            "generation": 7,
            "files": "present",
            "zones": 2,
            "store": {"kind": "redis", "reachable": True, "age": 0.4},
            "probers": [{"name": one, "place": one, **prober} for one in self.probers],
            "nodes": [],
            "overrides": [],
            "hold": None,
            "registered": [],
            "planes": [],
            "degraded": [wrong],
            "counts": {**counts, "unknown": 0, "drained": 0},
            "geo": {"built": "2026-11-01", "stale": False},
            "config": {"version": 3, "newest": 3, "refused": ""},
            "managed": ["example.com"],
        }

    def _site(self, site: str) -> Data:
        name, place, _ = SITES[site]
        told = {"site": site, "name": name, "location": place, "capacity": 100, "state": STATES.get(site, "up"), "pools": []}
        return {**told, "forced": "drained" if site == "syd" else None, "members": 9, "up": 8, "down": 1}

    def _world(self) -> Data:
        told = {"members": [], "weight": 1.0, "why": self.hostile or "nearest keeps it"}
        countries = {
            code: {"name": code, "site": site, "shares": {site: 100.0}, **told} for site, (_, _, codes) in SITES.items() for code in codes.split()
        }
        countries["DE"]["shares"] = {"fra": 75.0, "iad": 25.0}
        name = "www.example.com."
        return {"name": name, "pool": "pool-0", "countries": countries, "sites": [], "choices": [{"pool": "pool-0", "name": name}]}

    def _matrix(self) -> Data:
        told = [(one["addresses"][0]["address"], one["state"]) for one in self.members]
        targets = [{"check": "web", "address": address, "pools": ["pool-0"], "state": state} for address, state in told]
        votes = [[i, j, target["state"], 40.0, 100] for i in range(len(self.probers)) for j, target in enumerate(targets)]
        return {"probers": self.probers, "targets": targets, "votes": votes}

    def _sample(self, number: int) -> Data:
        more = number % 60
        volume = {"at": self.now - 600 + number, "qps": 900 + more, "rcodes": {"NOERROR": 880 + more, "NXDOMAIN": 20}}
        return {**volume, "sites": {"fra": 500, "iad": 300 + more, "sin": 100}, "pools": {self.hostile or "pool-0": 700, "pool-1": 200}}

    def _event(self, number: int, kind: str) -> Data:
        told = {"id": f"{number}-0", "kind": kind, "subject": "web/198.51.100.7", "what": self.hostile or "down: connection refused"}
        more = {"at": self.now - 60 * number, "level": "warning", "by": "", "node": "ns1", "evidence": {"why": self.hostile or "x"}, "key": ""}
        return {**told, **more}

    def _version(self, number: int) -> Data:
        told = {"version": number, "at": self.now - 3600 * (4 - number), "author": "ann", "message": self.hostile or f"change {number}"}
        return {**told, "digest": "d", "size": 4000, "based_on": 0, "signed_by": "ann"}

    def _node(self, number: int) -> Data:
        told = {"node": f"ns{number}", "age": 0.4, "version": "0.1.0", "digest": "ab12cd34ef", "files": "x"}
        return {**told, "same": True, "same_files": True, "engine": "native", "config": 3, "refused": self.hostile}

    def _data(self, path: str) -> Data | None:
        zone = {"zone": "example.com.", "serial": 7, "names": 3, "managed": True, "file": self.hostile or "example.com.yaml"}
        records = [{"pool": "pool-0"}, {"type": "TXT", "value": self.hostile or "hello", "ttl": 60}]
        match path.split("/"):
            case ["status"]:
                return self._status()
            case ["whoami"]:
                return {"name": "ann", "how": "token", "scopes": ["read", "drain", "write", "admin"], "zones": [], "expires": None}
            case ["pools"]:
                return _page(self.pools)
            case ["pools", pool, "members", member]:
                found: Data = next(one for other in self.pools if other["pool"] == pool for one in other["members"] if one["member"] == member)
                return found
            case ["overrides"]:
                more = {"since": self.now, "pools": [], "drained_at": None, "drained": False}
                said = [{**one["override"], **more} for one in self.members if one["override"]]
                return {"overrides": said, "hold": None, "now": self.now, "version": 4}
            case ["sites"]:
                return _page([self._site(site) for site in SITES])
            case ["world"]:
                return self._world()
            case ["matrix"]:
                return self._matrix()
            case ["traffic"]:
                return {"step": 1.0, "samples": [self._sample(number) for number in range(600)]}
            case ["events"]:
                return _page([self._event(number, kind) for number, kind in enumerate(HAPPENED)])
            case ["audit"]:
                what = self.hostile or "drain site fra"
                return _page([{"id": "1-0", "at": self.now, "by": "ann", "what": what, "version": 0, "details": {"kind": "drain"}}])
            case ["nodes"]:
                return _page([self._node(1), self._node(2)])
            case ["zones"]:
                return _page([zone])
            case ["zones", _]:
                return zone
            case ["zones", _, "records"]:
                return _page([{"name": "www", "fqdn": "www.example.com.", "records": records, "version": "1"}])
            case ["config", "versions"]:
                return _page([self._version(number) for number in (1, 2, 3)])
            case _:
                return None

    # How it answers.

    async def _answer(self, request: web.Request) -> web.Response:
        self.asked.append(f"{request.method} {request.path_qs}")
        free = self.writes and request.method == "GET"
        if self.secret and not free and request.headers.get("Authorization") != f"Bearer {self.secret}":
            return _problem(401, "a token is needed")
        if request.match_info["path"] in ("explain", "simulate"):
            return _problem(422, self.hostile or "this is only pretended")
        if request.method != "GET":
            return web.json_response(
                {"overrides": [], "taken_back": [], "overruled": [], "pools": [{"pool": "pool-0", "left": ["m-1"], "out": ["m-0"]}]}
            )
        data = self._data(request.match_info["path"])
        return web.json_response(data) if data is not None else _problem(404, self.hostile or "no such thing")

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        if self.silent:
            return web.Response(status=503)
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        while not self.silent and request.transport and not request.transport.is_closing():
            sample = {"at": time.time(), "qps": 950, "rcodes": {"NOERROR": 950}, "sites": {"fra": 950}, "pools": {}}
            await response.write(f"event: traffic\ndata: {json.dumps(sample)}\n\n: alive\n\n".encode())
            await asyncio.sleep(0.2)
        return response


def _page(items: list[Data]) -> Data:
    return {"items": items, "next": None}


def _problem(status: int, detail: str) -> web.Response:
    told = {"type": "about:blank", "title": "refused", "status": status, "detail": detail, "code": "refused"}
    return web.json_response(told, status=status, content_type="application/problem+json")
