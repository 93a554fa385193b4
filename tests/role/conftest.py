"""A folder of zones that loads, and what is made of it."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gslb.config.settings import Settings, load

ZONE = """
checks: {web: {type: tcp, port: 80, interval: 5s, timeout: 2s, down: 2, ok: 5, up: 2}}
pools:
  web:
    policy: failover
    check: web
    when_all_down: all
    members: [{address: 192.0.2.1}, {address: 192.0.2.2}]
  other: {policy: all, members: [{address: 192.0.2.9}]}
zone: example.com
soa: {primary: ns1.example.com., contact: hostmaster.example.com., negative_ttl: 30, serial: 1}
records:
  '': {type: NS, values: [ns1.example.com., ns2.example.com.]}
  ns1: {type: A, value: 192.0.2.53}
  ns2: {type: A, value: 192.0.2.54}
  www: {pool: web}
  other: {pool: other}
"""


async def until(condition: Callable[[], Any], seconds: float = 60.0) -> Any:
    """Wait for something to become true; what it is, is returned."""
    end = time.monotonic() + seconds
    while True:
        with contextlib.suppress(OSError):
            if found := condition():
                return found
        assert time.monotonic() < end, f"{condition} did not come true within {seconds} s"
        await asyncio.sleep(0.005)


@pytest.fixture
def wait() -> Callable[..., Any]:
    return until


@pytest.fixture
def zone_text() -> str:
    return ZONE


@pytest.fixture
def settings(tmp_path: Path, geodb: Path) -> Settings:
    (tmp_path / "zones").mkdir()
    (tmp_path / "zones" / "example.com.yaml").write_text(ZONE)
    (tmp_path / "gslb.yaml").write_text(f"node: test\nmetrics: {{listen: null}}\ngeo: {{database: {geodb}}}\n")
    (tmp_path / "state").mkdir()
    return load(tmp_path / "gslb.yaml", {})
