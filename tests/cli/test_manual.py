"""The manual pages: one for each command, and mandoc has nothing against them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
import typer

from gslb import cli


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("man") / "man1"
    assert cli.run(["man", str(made)]) == 0
    return made


def test_a_page_for_each_command(folder: Path) -> None:
    commands = typer.main.get_command(cli.app).commands  # type: ignore[attr-defined]
    assert {page.name for page in folder.iterdir()} == {"gslb.1", *(f"gslb-{name}.1" for name in commands)}


@pytest.mark.skipif(shutil.which("mandoc") is None, reason="no mandoc here")
def test_mandoc_reads_them(folder: Path) -> None:
    done = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", *folder.iterdir()], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (0, "")
    shown = subprocess.run(["mandoc", "-T", "ascii", folder / "gslb-site.1"], capture_output=True, text=True, timeout=60, check=True).stdout
    shown = "".join(letter for at, letter in enumerate(shown) if letter != "\b" and shown[at + 1 : at + 2] != "\b")
    assert "gslb site drain NAME... [OPTIONS]" in shown
    assert "--reason" in shown
    assert "No new answers; still probed." in shown


def test_a_place_where_nothing_can_be_written(tmp_path, capsys):
    (tmp_path / "file").touch()
    assert cli.run(["man", str(tmp_path / "file")]) == 2
    assert "File exists" in capsys.readouterr().err
