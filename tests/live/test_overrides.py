"""Operators' words on a whole service: answers move without a lost query, and what was said outlives the processes that heard it."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from typing import Any

import pytest

from gslb.testing import stall

pytestmark = pytest.mark.live

FRA, IAD = "198.51.100.10", "192.0.2.10"
WHY = ("--reason", "new switches", "--by", "ann")


def member(status: dict[str, Any], site: str) -> dict[str, Any]:
    return next(member for member in status["pools"][0]["members"] if member["member"] == site)


async def say(service: Any, verb: str, level: str, *names: str) -> dict[str, Any]:
    """Say a word over the socket, as the command does, without the time that a Python takes to start."""
    answer = await service.ask("override", verb=verb, level=level, names=names, reason="new switches", author="ann")
    assert "error" not in answer, answer
    return answer


def loads(service: Any) -> int:
    """Count the starts of control."""
    return sum(line["event"] == "loaded" for line in service.log())


async def test_words_move_answers_without_a_lost_query(start: Any, make_asker: Any, wait: Any) -> None:
    service = await start(planes=2)
    async with make_asker(service.port) as asker:
        await wait(lambda: asker.seen(FRA))

        code, said = await service.gslb("site", "drain", "fra", *WHY, "--for", "2h")
        assert code == 0, said
        assert said.startswith("site fra is drained until ")
        assert "or `gslb site undrain fra`\n  the last cached answers expire by " in said
        assert said.endswith("(in 30 s)\n  pool web: left iad\n")
        await asker.moves(IAD)

        status = await service.ask("status")
        drained = member(status, "fra")
        assert (drained["state"], drained["forced"], drained["override"]["author"], drained["override"]["reason"]) == (
            "up",
            "drained",
            "ann",
            "new switches",
        )
        assert 7100 < drained["override"]["expires"] - time.time() <= 7200
        assert 10 < status["overrides"][0]["drained_at"] - time.time() <= 30
        text = (await service.gslb("status"))[1]
        assert "drained by ann until" in text
        assert service.logged("override: site fra drain")

        # the last one of the pool: refused, nothing changes
        code, said = await service.gslb("member", "down", "web/iad", *WHY)
        assert code == 1
        assert "refused: pool web would be left with no member: fra is drained by ann; iad is forced down by ann" in said

        # undrained, the first of the failover is back at once
        assert await service.gslb("site", "undrain", "fra") == (0, "site fra: drain taken back\n")
        await asker.moves(FRA)

        # `down` is stronger than `up` of a wider level; taken back, `up` holds against what checks say
        await say(service, "up", "pool", "web")
        await say(service, "down", "member", "web/fra")
        await asker.moves(IAD)
        await service.sites.sites["fra"].turn("stop")
        await wait(lambda: service.logged("127.0.11.1 is down"))
        await say(service, "clear", "member", "web/fra")
        await asker.moves(FRA)
        forced = member(await service.ask("status"), "fra")
        assert (forced["state"], forced["forced"]) == ("down", "up")
        await say(service, "clear", "pool", "web")
        await asker.moves(IAD)
        assert (await service.ask("overrides"))["overrides"] == []
    assert asker.lost == 0
    assert {a.rcode for a in asker.answers} == {0}


async def test_an_override_ends_on_the_second_and_a_hold_freezes_over_a_crash(start: Any, make_asker: Any, wait: Any) -> None:
    service = await start(planes=1)
    async with make_asker(service.port) as asker:
        await wait(lambda: asker.seen(FRA))
        said = await service.ask("override", verb="down", level="site", names=["fra"], reason="short", author="ann", seconds=3)
        watch = stall.Stopwatch()
        lasts = said["overrides"][0]["expires"] - said["now"]
        gone = await asker.moves(IAD)
        back = await asker.moves(FRA)
        assert watch.seconds(back) - lasts <= 1
        assert back - watch.began - lasts >= -1
        assert {a.data for a in asker.since(gone) if a.at < back} == {(IAD,)}

        await say(service, "drain", "site", "fra")
        await asker.moves(IAD)
        drained = time.monotonic()
        os.kill(service.children("gslb.role.control")[0], signal.SIGKILL)
        await wait(lambda: loads(service) == 2)
        status = await wait(lambda: service.ask("status"))
        assert member(status, "fra")["forced"] == "drained"
        assert {a.data for a in asker.since(drained)} == {(IAD,)}
        await say(service, "undrain", "site", "fra")
        await asker.moves(FRA)

        assert (await service.gslb("hold", *WHY))[1] == "all verdicts are held until `gslb hold --release`\n"
        await service.sites.sites["fra"].turn("stop")
        await asyncio.sleep(1.5)  # a verdict would have fallen after 0.85 s
        held = time.monotonic()
        os.kill(service.children("gslb.role.control")[0], signal.SIGKILL)
        await wait(lambda: loads(service) == 3)
        status = await wait(lambda: service.ask("status"))
        assert status["hold"]["author"] == "ann"
        await asyncio.sleep(1)
        assert {a.data for a in asker.since(held)} == {(FRA,)}
        assert (await service.gslb("hold", "--release"))[1] == "checks decide again\n"
        await asker.moves(IAD)
    assert asker.lost == 0
