"""A whole service: it answers, fails over, reloads, survives the death of its parts, and ends cleanly."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from pathlib import Path
from typing import Any

import dns.asyncquery
import dns.message
import dns.rcode
import pytest

from gslb.testing import stall

pytestmark = pytest.mark.live

FRA, IAD = "198.51.100.10", "192.0.2.10"
SLACK = 0.5  # seconds allowed on top of what the counters need (the promise made to operators)
DETECTION = 2 * 0.3 + 0.25 + SLACK


async def dig(port: int, name: str, kind: str = "A", *, tcp: bool = False) -> dns.message.Message:
    query = dns.message.make_query(name, kind)
    ask = dns.asyncquery.tcp if tcp else dns.asyncquery.udp
    return await ask(query, "127.0.0.1", port=port, timeout=20)


def alive(pid: int) -> bool:
    """Whether it runs; one that nobody has buried yet does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


async def test_answers_and_ends(start: Any, engine_name: str) -> None:
    service = await start(engine=engine_name)
    for tcp in (False, True):
        reply = await dig(service.port, "www.example.com", tcp=tcp)
        assert [str(rdata) for rdata in reply.answer[0]] == [FRA]
        assert (await dig(service.port, "nosuch.example.com", tcp=tcp)).rcode() == dns.rcode.NXDOMAIN
        assert (await dig(service.port, "example.net", tcp=tcp)).rcode() == dns.rcode.REFUSED
    children = service.children("gslb.role")
    assert len(children) == (3 if engine_name == "python" else 2)  # two planes, or one with two threads
    assert await service.stop() == 0
    assert not [pid for pid in children if alive(pid)]
    left = {path.name for path in (service.folder / "state").iterdir()}
    assert left - {"events"} == {"accepted", "small.mmdb.runs", "votes"}  # and no socket; events where there were any to keep
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", service.port)


async def test_failover_and_recovery_without_a_lost_query(start: Any, make_asker: Any, wait: Any, engine_name: str) -> None:
    service = await start(engine=engine_name)
    async with make_asker(service.port) as asker:
        await wait(lambda: asker.seen(FRA))
        broken = stall.Stopwatch()
        await service.sites.sites["fra"].turn("hang")  # the slowest way to die
        assert broken.seconds(await asker.moves(IAD)) <= DETECTION

        await service.sites.sites["iad"].turn("stop")  # all down: every member is answered
        await asker.moves(FRA, IAD)

        mended = stall.Stopwatch()
        await service.sites.sites["fra"].turn("ok")
        assert mended.seconds(await asker.moves(FRA)) <= 3 * 0.3 + SLACK  # two successes, the first of them up to an interval away
    assert asker.lost == 0
    assert {a.rcode for a in asker.answers} == {0}


async def test_reload_whole_or_not_at_all(start: Any, make_asker: Any, engine_name: str) -> None:
    service = await start(engine=engine_name)
    zone = (service.folder / "zones" / "example.com.yaml").read_text()
    async with make_asker(service.port, "static.example.com", 0.002) as asker:
        service.write_zone(zone.replace("192.0.2.80", "192.0.2.81"))
        answer = await service.ask("reload")
        assert answer["accepted"], answer["text"]
        changed = time.monotonic()
        assert [str(rdata) for rdata in (await dig(service.port, "static.example.com")).answer[0]] == ["192.0.2.81"]

        service.write_zone(zone.replace("192.0.2.80", "192.0.2.999"))
        refused = await service.ask("reload")
        assert not refused["accepted"]
        assert refused["problems"][0]["where"].endswith("example.com.yaml:20:28")
        assert "192.0.2.999" in refused["text"]
        await asyncio.sleep(0.2)

        service.write_zone(zone.replace("192.0.2.80", "192.0.2.82"))
        service.process.send_signal(signal.SIGHUP)
        async with asyncio.timeout(30):
            while not asker.seen("192.0.2.82"):
                await asyncio.sleep(0.02)

        service.write_zone("records: [broken\n")  # and what is wrong is in the log, for nobody waits for an answer
        service.process.send_signal(signal.SIGHUP)
        async with asyncio.timeout(30):
            while not (refusals := [line for line in service.log() if "files refused" in line["event"]])[1:]:
                await asyncio.sleep(0.02)
        assert "example.com.yaml:" in refusals[1]["first"]
    assert asker.lost == 0
    assert {a.data for a in asker.answers} == {("192.0.2.80",), ("192.0.2.81",), ("192.0.2.82",)}
    assert {a.data for a in asker.answers if a.asked > changed} == {("192.0.2.81",), ("192.0.2.82",)}
    assert max(a.seconds for a in asker.answers) < 0.5


async def test_who_reloads_hears_that_geo_data_are_broken(start: Any, geodb: Path, tmp_path: Path) -> None:
    own, whole = tmp_path / "geo.mmdb", geodb.read_bytes()  # noqa: ASYNC240  a few octets
    own.write_bytes(whole)
    service = await start(planes=1, geo={"database": str(own)})
    code, said = await service.gslb("reload")
    assert (code, "warning" in said) == (0, False)
    own.write_bytes(whole[:-100])
    code, said = await service.gslb("reload")
    assert code == 0
    assert "gslb: warning: geo data cannot be read; the last good data stay: geo.mmdb: " in said
    assert (await service.ask("reload"))["warnings"]


@pytest.mark.parametrize("planes", [1, 2])
async def test_a_large_zone_is_loaded_while_answering(start: Any, make_asker: Any, planes: int, engine_name: str) -> None:
    service = await start(planes=planes, engine=engine_name)
    lines = "\n".join(f"n{n} IN A 10.{n >> 16}.{n >> 8 & 255}.{n & 255}" for n in range(30_000))
    async with make_asker(service.port, "static.example.com", 0.002) as asker:
        head = "$TTL 60\n@ SOA ns1.example.com. h.example.com. 1 2 3 4 5\n@ NS ns1.example.com.\n@ NS ns2.example.com.\n"
        service.write_zone(head + lines + "\n", "example.net.zone")
        answer = await service.ask("reload")
        assert answer["accepted"], answer["text"]
        reply = await dig(service.port, "n29999.example.net")
        assert [str(rdata) for rdata in reply.answer[0]] == ["10.0.117.47"]
        (service.folder / "zones" / "example.net.zone").unlink()  # and gone again: 30,000 names are given back in slices
        assert (await service.ask("reload", force=True))["accepted"]
        assert (await dig(service.port, "n29999.example.net")).rcode() == dns.rcode.REFUSED
        await asyncio.sleep(0.3)
    assert asker.lost == 0
    assert {a.data for a in asker.answers} == {("192.0.2.80",)}
    slow = sorted(a.seconds for a in asker.answers)
    assert slow[int(len(slow) * 0.99)] < 0.1


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
async def test_control_dies_or_stalls_and_nobody_notices(start: Any, make_asker: Any, wait: Any, number: signal.Signals, engine_name: str) -> None:
    service = await start(stall_limit=3, engine=engine_name)
    [control] = service.children("gslb.role.control")
    async with make_asker(service.port) as asker:
        await wait(lambda: asker.seen(FRA))
        os.kill(control, number)
        # dead: started anew at once. stopped: noticed after 3 s of silence
        await wait(lambda: service.logged("control ended and is started again"))
        await wait(lambda: service.ask("status"))
        assert {a.data for a in asker.answers} == {(FRA,)}
        [fresh] = service.children("gslb.role.control")
        assert fresh != control
        broken = stall.Stopwatch()
        await service.sites.sites["fra"].turn("stop")
        assert broken.seconds(await asker.moves(IAD)) <= DETECTION
    assert asker.lost == 0


async def test_a_plane_that_dies_while_control_is_stopped_waits_for_control(start: Any, wait: Any) -> None:
    service = await start(planes=1, stall_limit=3)
    [control], [plane] = service.children("gslb.role.control"), service.children("gslb.role.plane")
    os.kill(control, signal.SIGSTOP)
    os.kill(plane, signal.SIGKILL)
    await wait(lambda: not alive(plane))  # a thread that waits for a datagram may take one with it as it dies
    query = dns.message.make_query("www.example.com", "A")
    reply = await dns.asyncquery.udp(query, "127.0.0.1", port=service.port, timeout=40)  # it waits in the socket, which the supervisor keeps
    assert service.logged("control ended and is started again")  # an answer needs a plan, and only control makes one
    assert [str(rdata) for rdata in reply.answer[0]] == [FRA]


async def test_a_killed_plane_comes_back_to_its_queued_queries(start: Any, make_asker: Any, wait: Any, engine_name: str) -> None:
    service = await start(engine=engine_name)
    async with make_asker(service.port) as asker:  # queries wait in the socket for as long as a new Python takes to start
        await wait(lambda: len(asker.answers) > 50)
        first = service.children("gslb.role.plane")
        for plane in first:
            os.kill(plane, signal.SIGKILL)
        killed = time.monotonic()
        await wait(lambda: len(asker.since(killed + 1)) > 100)
        assert not set(first) & set(service.children("gslb.role.plane"))
    assert asker.lost <= 2  # what a plane had taken from its socket when it was killed
    assert service.logged("plane 0 ended and is started again")


async def test_a_second_service_is_told_who_holds_the_port(start: Any, tmp_path: Any) -> None:
    service = await start(planes=1)
    other = tmp_path / "other"
    other.mkdir()
    second = await start(folder=other, ready=False, listen=f"127.0.0.1:{service.port}")
    assert await asyncio.wait_for(second.process.wait(), 60) == 1
    text = (other / "log").read_text()
    assert text.startswith(f"gslb: 127.0.0.1:{service.port} (UDP) is already in use by python")
    assert text.count("\n") == 1
    assert (await dig(service.port, "www.example.com")).answer


async def test_broken_files_at_first_start_end_with_the_place(start: Any) -> None:
    service = await start(ready=False, zone="pools: {web: {policy: nearst}}\n")
    assert await asyncio.wait_for(service.process.wait(), 60) == 1
    text = (service.folder / "log").read_text()
    assert "example.com.yaml:1:" in text
    assert "nearst" in text
    assert "Traceback" not in text


async def test_a_restart_with_broken_files_starts_from_the_last_accepted_and_obeys_what_was_said(start: Any) -> None:
    service = await start(planes=1)
    said = await service.ask("override", verb="drain", level="site", names=["fra"], reason="new switches", author="ann")
    assert said["kept"]
    assert await service.stop() == 0
    service.write_zone("records: [broken\n")
    again = await start(planes=1)
    assert [str(rdata) for rdata in (await dig(again.port, "www.example.com")).answer[0]] == [IAD]  # from the first answer on
    assert again.logged("STARTING FROM THE LAST ACCEPTED FILES")
    assert [str(rdata) for rdata in (await dig(again.port, "static.example.com")).answer[0]] == ["192.0.2.80"]
    status = await again.ask("status")
    assert status["files"] == "last accepted"
    assert [(one["subject"], one["author"], one["reason"]) for one in status["overrides"]] == [("fra", "ann", "new switches")]


async def test_a_restart_remembers_a_dead_site(start: Any, make_asker: Any, wait: Any) -> None:
    service = await start(planes=1)
    await service.sites.sites["fra"].turn("hang")
    async with make_asker(service.port) as asker:
        await wait(lambda: asker.seen(IAD))
    assert await service.stop() == 0
    again = await start(planes=1)
    assert [str(rdata) for rdata in (await dig(again.port, "www.example.com")).answer[0]] == [IAD]


async def test_nothing_outlives_a_killed_supervisor(start: Any, wait: Any) -> None:
    service = await start()
    children = service.children("gslb.role")
    service.process.kill()
    await service.process.wait()
    await wait(lambda: not [pid for pid in children if alive(pid)])
    again = await start()  # the port is free again, and so is the control socket
    assert (await dig(again.port, "www.example.com")).answer


async def test_without_a_state_directory_it_serves_all_the_same(start: Any, tmp_path: Any) -> None:
    (tmp_path / "state").write_text("a file in the way of the folder")
    service = await start(planes=1, ready=False)
    async with asyncio.timeout(30):
        while not service.logged("listening"):
            await asyncio.sleep(0.05)
    [line] = [line for line in service.log() if line["event"] == "listening"]
    port = int(line["addresses"][0].rpartition(":")[2])
    assert (await dig(port, "www.example.com")).answer
    assert service.logged("no state directory")
    assert service.logged("no local control")
