"""The demonstration as a newcomer meets it: start, ask, break, mend, Ctrl-C."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dns.asyncquery
import dns.edns
import dns.message
import pytest

from gslb.testing import stall

pytestmark = pytest.mark.live

ROOT = Path(__file__).parents[2]
SITES = {"fra": "198.51.100.10", "iad": "192.0.2.10", "sjc": "192.0.2.130", "sin": "203.0.113.10"}
ALSO = {"fra": "2001:db8:1::10", "iad": "2001:db8:2::10", "sjc": "2001:db8:4::10", "sin": "2001:db8:3::10"}


async def ask(port: int, subnet: str, kind: str) -> set[str]:
    address, length = subnet.split("/")
    query = dns.message.make_query("www.example.com", kind, use_edns=0, options=[dns.edns.ECSOption(address, int(length))])
    reply = await dns.asyncquery.udp(query, "127.0.0.1", port=port, timeout=20)
    return {str(rdata) for rrset in reply.answer for rdata in rrset}


async def gslb(*arguments: str, folder: Path) -> tuple[int, str]:
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "gslb", *arguments, cwd=folder, stdout=pipe, stderr=pipe)
    out, err = await process.communicate()
    assert process.returncode is not None
    return process.returncode, (out + err).decode()


async def test_the_screen_tells_the_truth(tmp_path: Path, wait: Callable[..., Any]) -> None:
    shutil.copytree(ROOT / "zones", tmp_path / "zones")
    shutil.copy(ROOT / "gslb.yaml", tmp_path)
    (tmp_path / "geodb").symlink_to(ROOT / "geodb")
    environ = {
        **os.environ,
        "GSLB_DNS_LISTEN": "127.0.0.1:0",
        "GSLB_METRICS_LISTEN": "127.0.0.1:0",
        "GSLB_API_LISTEN": "127.0.0.1:0",
        "GSLB_DNS_THREADS": "1",
    }
    log = tmp_path / "log"
    with log.open("wb") as out:
        demo = await asyncio.create_subprocess_exec(sys.executable, "-m", "gslb", "demo", cwd=tmp_path, env=environ, stdout=out, stderr=out)
    try:
        await wait(lambda: demo.returncode is not None or "Ctrl-C stops everything" in log.read_text(), 60)
        assert demo.returncode is None, log.read_text()
        screen = log.read_text()
        asks = re.findall(r"-p (\d+) www\.example\.com (A|AAAA) (?:\+|--)subnet[= ](\S+) +# \w+: (\w+)", screen)
        assert [site for *_, site in asks] == ["fra", "sjc", "iad", "sin", "fra"]
        port = int(asks[0][0])
        for _port, kind, subnet, site in asks:  # all that it says to type shows what it says
            assert await ask(port, subnet, kind) == {(SITES if kind == "A" else ALSO)[site]}
        [limit] = re.findall(r"within ([\d.]+) s;", screen)

        assert (await gslb("site-sim", "break", "fra", folder=tmp_path))[0] == 0
        broken = stall.Stopwatch()
        while await ask(port, asks[0][2], "A") == {SITES["fra"]}:
            await asyncio.sleep(0.02)
        assert await ask(port, asks[0][2], "A") == {SITES["iad"]}
        assert broken.seconds() < float(limit)
        code, text = await gslb("status", folder=tmp_path)
        assert code == 0
        assert re.search(r"fra +198\.51\.100\.10 +down +\d+ s +connection refused", text)

        code, text = await gslb("site-sim", "mend", "all", folder=tmp_path)
        assert code == 0
        assert text.count(" ok ") == 4
        async with asyncio.timeout(60):
            while await ask(port, asks[0][2], "A") != {SITES["fra"]}:
                await asyncio.sleep(0.05)
        code, text = await gslb("reload", folder=tmp_path)
        assert code == 0
        assert "served now" in text
    finally:
        demo.send_signal(signal.SIGINT)
        assert await asyncio.wait_for(demo.wait(), 60) == 0
    assert not list((tmp_path / "state").glob("*.sock"))
