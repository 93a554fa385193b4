"""`gslb key`: a private half that nobody else can read, and a public line that `keys.yaml` takes."""

from __future__ import annotations

from pathlib import Path

import pytest

from gslb import cli
from gslb.store.keys import read_signer
from gslb.store.trust import read_public


@pytest.fixture
def run(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def call(*arguments):
        code = cli.run(["key", *arguments])
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err
        return code, out, err

    return call


def test_generate_and_show(run):
    code, out, err = run("generate", "fra-1")
    assert code == 0
    public, octets = read_public(out.strip())
    assert len(octets) == 32
    path = Path("fra-1.key")
    assert path.stat().st_mode & 0o777 == 0o600
    assert "fra-1.key" in err
    secret = path.read_text().splitlines()[-1].rpartition(":")[2]
    assert secret not in out + err
    signer = read_signer(path, "fra-1")
    assert (signer.name, signer.key, signer.public) == ("fra-1", public, out.strip())
    assert run("show", "fra-1.key") == (0, f"fra-1 {out}", "")


def test_a_key_is_never_written_over(run):
    assert run("generate", "ann", "--file", "k")[0] == 0
    before = Path("k").read_text()
    code, out, err = run("generate", "bob", "-f", "k")
    assert (code, out) == (2, "")
    assert "never written over" in err
    assert Path("k").read_text() == before
    assert run("generate", "ann", "-f", "other")[0] == 0
    assert Path("other").read_text() != before, "another key each time"


@pytest.mark.parametrize("name", ["", "two words", "a/b", "ü", "x" * 65, "-x"])
def test_odd_names_make_no_key(run, name):
    code, out, err = run("generate", "--", name)
    assert (code, out) == (2, "")
    assert "no name for a key" in err
    assert not list(Path().iterdir())


def test_no_key_is_one_clear_line(run, tmp_path):
    Path("empty").touch()
    for file in ("missing", "empty", str(tmp_path)):
        code, out, err = run("show", file)
        assert (code, out, err.count("\n")) == (2, "", 1)
    assert run("generate", "ann", "--file", "no/such/folder/k")[0] == 2
