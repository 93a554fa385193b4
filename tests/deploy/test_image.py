"""The image, without a container engine: what the Dockerfile says, and its steps replayed in a folder, as its user would find them.

Left out of the replay: base images, Debian packages, `useradd`. The native engine is compiled into the build folder of this working copy.
"""

from __future__ import annotations

import contextlib
import fnmatch
import io
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import dnslib
import pytest
from dockerfile_parse import DockerfileParser

ROOT = Path(__file__).parents[2]
PARSER = DockerfileParser(fileobj=io.BytesIO((ROOT / "Dockerfile").read_bytes()))
PLACES = ("/src", "/opt", "/wheels", "/etc/gslb", "/var/lib/gslb")  # what the steps write to


def stages() -> list[list[tuple[str, str]]]:
    """The instructions of each stage."""
    found: list[list[tuple[str, str]]] = []
    for step in PARSER.structure:
        if step["instruction"] == "FROM":
            found.append([])
        if found and step["instruction"] not in ("COMMENT", "ARG"):
            found[-1].append((step["instruction"], step["value"]))
    return found


def of_the_image(instruction: str) -> list[str]:
    return [value for name, value in stages()[-1] if name == instruction]


def variables() -> dict[str, str]:
    return dict(re.findall(r"(\w+)=(\S+)", " ".join(of_the_image("ENV"))))


def test_the_image_runs_as_nobody_with_a_health_check() -> None:
    assert of_the_image("USER") == ["65532:65532"]
    [health] = of_the_image("HEALTHCHECK")
    assert json.loads(health.partition("CMD ")[2]) == ["gslb", "health"]
    assert json.loads(of_the_image("ENTRYPOINT")[0]) == ["gslb"]
    assert of_the_image("VOLUME") == [variables()["GSLB_STATE_DIR"]]
    ports = set(re.findall(r":(\d+)", variables()["GSLB_DNS_LISTEN"]))
    assert of_the_image("EXPOSE") == [" ".join([*(f"{port}/{kind}" for port in ports for kind in ("udp", "tcp")), "8053/tcp"])]
    for label in ("title", "description", "version", "revision", "licenses"):
        assert f"org.opencontainers.image.{label}=" in of_the_image("LABEL")[0]


def test_what_is_copied_is_there_and_not_ignored() -> None:
    ignored = (ROOT / ".dockerignore").read_text().split()
    for stage in stages():
        for name, value in stage:
            if name == "COPY" and "--from" not in value:
                for source in value.split()[:-1]:
                    assert (ROOT / source).exists(), source
                    assert not any(fnmatch.fnmatch(source, pattern) for pattern in ignored), source


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds what the image would."""
    root = tmp_path_factory.mktemp("image")
    for steps in stages()[:-1]:
        folder = root / "src"
        for name, value in steps:
            if name == "WORKDIR":
                folder = root / value.lstrip("/")
                folder.mkdir(parents=True, exist_ok=True)
            elif name == "COPY":
                copy(root, folder, value)
            elif name == "RUN":
                run(root, folder, value)
    return root


def copy(root: Path, folder: Path, value: str) -> None:
    words = [word for word in value.split() if not word.startswith("--from")]
    if len(words) < len(value.split()):
        return  # from another stage: all of them share this folder
    *sources, target = words
    for source in sources:
        there = folder / target if len(sources) == 1 and not target.endswith("/") else folder / target / Path(source).name
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, there, ignore=shutil.ignore_patterns("target", "__pycache__", "fuzz"))
        else:
            shutil.copy(ROOT / source, there)


def run(root: Path, folder: Path, command: str) -> None:
    """Run one step with its places moved under the folder."""
    if "apt-get" in command or "useradd" in command:
        return
    if "maturin build" in command and shutil.which("cargo") is None:
        (root / "wheels").mkdir()
        return
    if not any((root / "wheels").glob("*")) and "/wheels/*.whl" in command:
        command = command.replace("/wheels/*.whl", "")  # no cargo here: the Python engine
    command = command.replace("python3 -m venv", f"{sys.executable} -m venv")
    command = re.sub(rf"(?<![\w.])({'|'.join(PLACES)})(?=[/\s]|$)", lambda found: f"{root}{found[0]}", command)
    environment = {**os.environ, "CARGO_TARGET_DIR": str(ROOT / "core/target"), "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command], cwd=folder, env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"


@contextlib.contextmanager
def container(image: Path, folder: Path, *words: str, **more: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run `gslb WORDS` with the image's environment and nothing else of ours; only its state directory may be written."""
    environment = {**variables(), "PATH": f"{image}/opt/gslb/bin:/usr/bin:/bin", "HOME": "/nonexistent"} | more
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen([image / "opt/gslb/bin/gslb", *words], cwd=folder, env=environment, stdout=log, stderr=log)
    try:
        yield process
    finally:
        process.terminate()
        assert process.wait(30) == 0, (folder / "log").read_text()


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@pytest.mark.live
@pytest.mark.timeout(400)
def test_its_steps_make_a_gslb_that_answers(image: Path, tmp_path: Path) -> None:
    port, vitals = free_port(), free_port()
    state = tmp_path / "state"
    shutil.copytree(ROOT / "deploy/compose/zones", tmp_path / "zones")
    before = sorted(image.rglob("*"))
    settings = {
        "GSLB_DNS_LISTEN": f"127.0.0.1:{port}",
        "GSLB_METRICS_LISTEN": f"127.0.0.1:{vitals}",
        "GSLB_STATE_DIR": str(state),
        "GSLB_ZONES": str(tmp_path / "zones"),
    }
    with container(image, tmp_path, "run", **settings):
        query = dnslib.DNSRecord.question("www.example.test").pack()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(0.5)
            end = time.monotonic() + 60
            while True:
                assert time.monotonic() < end, (tmp_path / "log").read_text()
                with contextlib.suppress(OSError):
                    client.sendto(query, ("127.0.0.1", port))
                    answer = dnslib.DNSRecord.parse(client.recv(1232))
                    break
        assert str(answer.rr[0].rdata).startswith("172.30.8.")
        healthy = subprocess.run(
            [image / "opt/gslb/bin/gslb", "health"], env={**variables(), **settings}, capture_output=True, text=True, timeout=60, check=False
        )
        assert (healthy.returncode, healthy.stdout) == (0, "ok\n"), healthy.stderr
    assert sorted(image.rglob("*")) == before, "nothing is written outside of the state directory"
    said = (tmp_path / "log").read_text()
    if shutil.which("cargo"):
        assert '"engine": "native"' in said
