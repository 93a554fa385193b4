"""The compose file's first start: it makes what the processes need, the store takes its users, and a second start changes nothing."""

from __future__ import annotations

import asyncio
import importlib.util
import re
import shutil
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from gslb.config import settings
from gslb.errors import StoreError
from gslb.lease import Lease
from gslb.role import identity
from gslb.store import open_store
from gslb.testing.lab import RedisServer, redis_missing

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/reference/store.md"

pytestmark = [
    pytest.mark.skipif(bool(redis_missing()), reason=redis_missing()),
    pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl here"),
]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The folder after the first start, and what it printed."""
    path = ROOT / "deploy/compose/first-start.py"
    spec = importlib.util.spec_from_file_location("first_start", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    folder = tmp_path_factory.mktemp("secrets")
    said = []
    module.print = lambda *words, **_how: said.append(" ".join(map(str, words)))
    module.main(folder, PAGE)
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    module.main(folder, PAGE)
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before, "a second start makes nothing anew"
    return folder, "\n".join(said)


def test_secrets_are_nobody_elses(made: tuple[Path, str]) -> None:
    folder, _said = made
    modes = {file.name: file.stat().st_mode & 0o777 for file in folder.iterdir()}
    assert modes.pop("users.acl") == 0o644  # the store is another user; passwords are hashed in it
    assert set(modes.values()) == {0o600}
    passwords = [urlsplit(file.read_text()).password for file in folder.glob("store-*")]
    assert len(set(passwords)) == len(passwords) == 6
    assert not any(str(password) in (folder / "users.acl").read_text() for password in passwords)


def test_a_token_is_shown_and_only_its_digest_kept(made: tuple[Path, str]) -> None:
    folder, said = made
    [token] = re.findall(r"^gslb_\S+$", said, re.MULTILINE)
    assert token not in (folder / "tokens.yaml").read_text()
    assert "admin" in (folder / "tokens.yaml").read_text()


async def test_everybody_gets_into_the_store_and_does_his_work(made: tuple[Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, _said = made
    monkeypatch.chdir(tmp_path)  # no settings file lies here
    users = dict(re.findall(r"^user (\S+) (.*)$", (folder / "users.acl").read_text(), re.MULTILINE))
    assert users.pop("default") == "off"
    with RedisServer(users=users) as redis:
        for name in users:
            url = urlsplit((folder / f"store-{name}").read_text())
            prober = (folder / f"{name}.key").exists()
            environment = {"GSLB_NODE": name, "GSLB_STORE": redis.url_of(name, str(url.password)), "GSLB_KEYS_TRUST": str(folder / "keys.yaml")}
            if prober:
                environment |= {"GSLB_KEYS_PROBER": str(folder / f"{name}.key"), "GSLB_PROBE_PLACE": name[:3]}
            read = settings.load(None, environment)
            store = open_store(read.store, identity.of(read))
            try:
                async with asyncio.timeout(30):
                    if prober:
                        assert name in (await store.renew(Lease(name, name[:3], 0.0))).leases
                    else:
                        await store.read()
                        with pytest.raises(StoreError):
                            await store.renew(Lease("fra-1", "fra", 0.0))  # another's name
            finally:
                await store.close()
