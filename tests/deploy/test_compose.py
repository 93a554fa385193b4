"""The compose file: it keeps the schema, every file it mounts is there, and every role of ours can read its settings.

No container engine runs where these tests run: that the containers come up is not shown here.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from gslb.config import settings

FOLDER = Path(__file__).parents[2] / "deploy"
COMPOSE: dict[str, Any] = yaml.safe_load((FOLDER / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if service["image"] == "gslb" and "command" in service}


def test_it_keeps_the_schema() -> None:
    schema = files("check_jsonschema") / "builtin_schemas" / "vendor" / "compose-spec.json"
    jsonschema.validate(COMPOSE, json.loads(schema.read_text()))


def test_who_is_there() -> None:
    roles = [service["command"] for service in OURS.values()]
    assert sorted(roles) == [["control"], ["probe"], ["probe"], ["probe"], ["serve"], ["serve"]]
    assert len({service["environment"]["GSLB_PROBE_PLACE"] for service in OURS.values() if service["command"] == ["probe"]}) == 3


@pytest.mark.parametrize("name", SERVICES)
def test_what_it_needs_is_there(name: str) -> None:
    service = SERVICES[name]
    assert set(service.get("depends_on", {})) <= set(SERVICES)
    for volume in service.get("volumes", ()):
        source, _, _rest = volume.partition(":")
        assert (FOLDER / source).exists() if source.startswith(".") else source in COMPOSE["volumes"], volume


@pytest.mark.parametrize("name", SERVICES)
def test_it_may_do_little(name: str) -> None:
    service = SERVICES[name]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert name == "redis" or service["cap_drop"] == ["ALL"]  # Redis' own start changes the user
    assert name == "grafana" or service["read_only"]  # Grafana unpacks plugins where it likes
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ())), "a demonstration is nobody else's business"


@pytest.mark.parametrize("name", OURS)
def test_its_settings_make_sense(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # no settings file lies here, as in the image
    environment = {}
    for key, value in OURS[name]["environment"].items():
        environment[key] = value
        if key.endswith("_FILE"):  # a secret that `first-start` writes
            (tmp_path / key).write_text(f"redis://{name}:secret@redis:6379/0")
            environment[key] = str(tmp_path / key)
    read = settings.load(None, environment)
    assert read.node == OURS[name]["environment"]["GSLB_NODE"]
    assert read.store.startswith("redis://")
    assert (read.keys.prober is not None) == (OURS[name]["command"] == ["probe"])
    assert (read.keys.operator is not None) == (OURS[name]["command"] == ["control"])


def test_the_sites_balancer_reads_its_file() -> None:
    haproxy = shutil.which("haproxy", path="/usr/sbin:/usr/local/sbin:/usr/bin")
    if haproxy is None:
        pytest.skip("no haproxy here")
    done = subprocess.run(
        [haproxy, "-c", "-f", str(FOLDER / "compose/haproxy.cfg")], env={"SITE": "fra"}, capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 0, done.stderr


def test_members_are_the_balancers() -> None:
    zone = yaml.safe_load((FOLDER / "compose/zones/example.test.yaml").read_text())
    members = {member["site"]: member["address"] for member in zone["pools"]["web"]["members"]}
    assert members == {
        name.removeprefix("haproxy-"): service["networks"]["gslb"]["ipv4_address"]
        for name, service in SERVICES.items()
        if name.startswith("haproxy-")
    }
