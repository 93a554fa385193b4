"""`gslb register` and `gslb push`: what is said, how often, and what is wrong with it. The whole way to an answer is in tests/live."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from pathlib import Path

import pytest

from gslb import cli
from gslb.config import Source, build
from gslb.config.files import Role
from gslb.errors import Problems, StoreError
from gslb.role import site
from gslb.store import MemoryStore, Push

PAGE = Path(__file__).parents[2] / "docs/how-to/register-members.md"
MEMBER = Push("fra", "198.51.100.7", 0.0, 0.06, pool="web", weight=2)
CHECK = Push("fra", "198.51.100.7", 0.0, 0.06, check="app")


@pytest.fixture
def run(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def call(*arguments):
        code = cli.run(list(arguments))
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err
        return code, out + err

    return call


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("register web 198.51.100.7", "needs"),
        ("push app www.example.com", "is not an IP address"),
        ("push app 192.0.2.1 --lease 1s", "from 3 s"),
        ("register web 192.0.2.1 --lease soon", "--lease soon"),
        ("push app 192.0.2.1 --grade 0", "grade"),
    ],
)
def test_wrong_usage(run, line, says):
    code, told = run(*line.split())
    assert code == 2
    assert says.replace("needs", "a store that nameservers and probers read too") in told


def test_a_store_that_is_not_there(run, tmp_path):
    (tmp_path / "gslb.yaml").write_text(f"store: unix://{tmp_path}/nothing.sock\n")
    code, told = run("push", "app", "192.0.2.1", "--once")
    assert code == 1
    assert "gslb: " in told


async def test_it_is_said_again_and_taken_back_in_the_end():
    store, told, stop = MemoryStore(), [], asyncio.Event()
    task = asyncio.create_task(site.keep_saying(store, MEMBER, site.Times(), stop, told.append))
    async with asyncio.timeout(30):
        while not (await store.read()).pushes:
            await asyncio.sleep(0.005)
        first = told[0]
        while (word := (await store.read()).pushes.get(("fra", MEMBER.key))) is None or word.at == first.at:
            await asyncio.sleep(0.005)
    assert word.weight == 2
    stop.set()
    await task
    assert not (await store.read()).pushes
    assert [one.until > one.at for one in told] == [True, False], "told once, and in the end"


async def test_a_check_is_left_to_its_lease_and_a_store_that_was_away_is_told_again():
    class Away(MemoryStore):
        away = True

        async def push(self, word):
            if self.away:
                self.away = False
                raise StoreError("out of reach")
            await super().push(word)

    store, told, stop = Away(), [], asyncio.Event()
    task = asyncio.create_task(site.keep_saying(store, CHECK, site.Times(), stop, told.append))
    async with asyncio.timeout(30):
        while not told:
            await asyncio.sleep(0.005)
    stop.set()
    await task
    assert len(told) == 1


async def test_once_and_leave():
    store, told = MemoryStore(), []
    await site.keep_saying(store, replace(MEMBER, until=60.0), site.Times(once=True), asyncio.Event(), told.append)
    assert set((await store.read()).pushes) == {("fra", MEMBER.key)}
    await site.keep_saying(store, MEMBER, site.Times(leave=True), asyncio.Event(), told.append)
    assert not (await store.read()).pushes
    assert [one.until > one.at for one in told] == [True, False]


def test_the_files_on_the_page_are_right():
    blocks = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(), re.DOTALL)
    pools = next(block for block in blocks if "register:" in block)
    check = next(block for block in blocks if "type: push" in block)
    rest = "zone: example.com\nrecords:\n  '': {type: NS, values: [ns.example.net.]}\n  x: {pool: web}\n"
    used = "pools: {batch: {members: [{address: 192.0.2.1}], check: batch}}\nzone: example.org\nrecords:\n"
    texts = {"a.yaml": pools + rest, "b.yaml": f"{check}{used}  '': {{type: NS, values: [ns.example.net.]}}\n  y: {{pool: batch}}\n"}
    loaded = build([Source(Path(name), text, Role.ZONES) for name, text in texts.items()], Problems(), lambda _source: lambda _path: "")
    assert not loaded.fatal, loaded.problems
    assert loaded.model.pools["web"].register.maximum == 20
