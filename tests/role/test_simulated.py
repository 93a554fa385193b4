"""The simulated sites of the demonstration: each mode as a prober sees it, and the control socket."""

from __future__ import annotations

import asyncio
import socket
import stat
from contextlib import asynccontextmanager
from ipaddress import ip_address

import pytest

from gslb.check import CHECKS
from gslb.check.observation import Result
from gslb.errors import GslbError, ListenError, UsageError
from gslb.model import Check
from gslb.role.simulated import BREAKS, PATH, SITES, Simulation, run, tell


async def look(site, seconds=0.8):
    options = {"port": site.port, "path": PATH, "expect": {"status": 200, "json": {"status": "healthy", "site": site.name}}}
    definition = Check("web", "http", options, interval=5.0, timeout=seconds, down=3, ok=10, up=5, digest="d")
    seen = await CHECKS["http"].build(definition).observe(ip_address(site.address))
    return seen.result, seen.reason


@pytest.fixture
async def simulation():
    sites = Simulation(port=0)
    await sites.start()
    yield sites
    await sites.close()


@asynccontextmanager
async def running(control):
    stop, ready = asyncio.Event(), asyncio.Event()
    task = asyncio.create_task(run(control, stop, simulation=Simulation(port=0), ready=ready))
    await asyncio.wait_for(asyncio.wait([task, asyncio.create_task(ready.wait())], return_when=asyncio.FIRST_COMPLETED), 30.0)
    try:
        yield
    finally:
        stop.set()
        await task


async def test_four_sites_at_addresses_of_their_own(simulation):
    assert list(simulation.sites) == ["fra", "iad", "sjc", "sin"]
    assert len(set(SITES.values())) == 4
    for site in simulation.sites.values():
        assert await look(site, 2.0) == (Result.OK, "status 200")


REASONS = {
    "stop": "connection refused",
    "hang": "timeout: 0.8 s over while waiting for an answer",
    "error": "status 503",
    "slow": "timeout: 0.8 s over while reading the body",
}


@pytest.mark.parametrize("how", BREAKS)
async def test_broken_and_mended(simulation, how):
    statuses = await simulation.obey(f"break fra {how}")
    assert {status.site: status.mode for status in statuses} == {"fra": how, "iad": "ok", "sjc": "ok", "sin": "ok"}
    assert await look(simulation.sites["fra"]) == (Result.FAIL, REASONS[how])
    assert (await look(simulation.sites["iad"], 2.0))[0] is Result.OK
    await simulation.obey("mend fra")
    assert await look(simulation.sites["fra"], 2.0) == (Result.OK, "status 200")


async def test_open_connections_end_when_a_site_breaks(simulation):
    site = simulation.sites["fra"]
    await simulation.obey("break fra hang")
    reader, writer = await asyncio.open_connection(site.address, site.port)
    writer.write(b"GET / HTTP/1.1\r\n\r\n")
    while not site.requests:
        await asyncio.sleep(0.001)
    await simulation.obey("break fra stop")
    async with asyncio.timeout(30):
        assert await reader.read() == b""
    writer.close()


async def test_all_at_once_and_every_way_around(simulation):
    for first in (*BREAKS, "ok"):
        for second in BREAKS:
            await simulation.obey("mend all" if first == "ok" else f"break all {first}")
            statuses = await simulation.obey(f"break all {second}")
            assert {status.mode for status in statuses} == {second}


@pytest.mark.parametrize("command", ["", "break", "break nowhere", "break fra badly", "break fra stop now", "mend", "dance fra"])
async def test_bad_commands(simulation, command):
    with pytest.raises(UsageError):
        await simulation.obey(command)


async def test_the_control_socket(tmp_path):
    control = tmp_path / "sites"
    async with running(control):
        assert stat.S_IMODE(control.stat().st_mode) == 0o600
        assert {status.mode for status in await asyncio.to_thread(tell, control, "status")} == {"ok"}
        statuses = await asyncio.to_thread(tell, control, "break sin error")
        assert {status.site: status.mode for status in statuses}["sin"] == "error"
        with pytest.raises(UsageError, match="no simulated site 'lhr': there are fra, iad, sjc, sin"):
            await asyncio.to_thread(tell, control, "break lhr")
        with pytest.raises(UsageError, match="no command"):
            await asyncio.to_thread(tell, control, "x" * 100_000)
        with pytest.raises(ListenError, match="already run"):
            await run(control, asyncio.Event())
    assert not control.exists()


async def test_what_a_crash_left_behind_is_no_obstacle(tmp_path):
    control = tmp_path / "sites"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(control))
    assert control.exists()
    with pytest.raises(GslbError, match="start them with `gslb demo`"):
        tell(control, "status")
    async with running(control):
        assert await asyncio.to_thread(tell, control, "status")


async def test_a_port_in_use_is_one_clear_line():
    async with asyncio.timeout(30):
        server = await asyncio.start_server(lambda _reader, _writer: None, SITES["sjc"], 0)
        port = server.sockets[0].getsockname()[1]
        sites = Simulation(port=port)
        try:
            with pytest.raises(ListenError, match=rf"simulated site sjc: cannot listen on 127.0.10.3:{port}: .*: choose another port"):
                await sites.start()
            assert {site.mode for site in sites.sites.values()} == {"stop"}, "all or none"
        finally:
            server.close()
