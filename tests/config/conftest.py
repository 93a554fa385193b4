"""What the tests of this floor share: reading a text as one file, and what it found."""

from __future__ import annotations

from pathlib import Path

import pytest

from gslb.config import Source, build
from gslb.config.files import Role
from gslb.errors import Problems


@pytest.fixture
def load_text():
    """Load texts given by file name, without a disk."""

    def load(**texts):
        sources = [
            Source(Path(name.replace("__", ".")), text, Role.NETWORKS if name.startswith("networks") else Role.ZONES) for name, text in texts.items()
        ]

        def no_include(_source):
            def refuse(path):
                raise ValueError(f"{path} is not there")

            return refuse

        return build(sources, Problems(), no_include)

    return load


@pytest.fixture
def zone(load_text):
    """Load one zone's records, indented by nothing; give its names, and insist that nothing was wrong but unused things."""

    def load(records, head=""):
        body = "".join(f"  {line}\n" for line in records.strip("\n").split("\n"))
        text = f"zone: example.com\n{head}records:\n  '': {{type: NS, values: [ns.example.net.]}}\n{body}"
        loaded = load_text(example__com__yaml=text)
        assert not loaded.fatal, loaded.problems
        return loaded.model.zones[b"\x07example\x03com\x00"].names

    return load
