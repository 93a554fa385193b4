"""Which files are read: every name that is like ours, whatever stands behind it; and bounds on what is in them."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from gslb.config import bounds, load, report

ZONE = "zone: example.com\nrecords:\n  '': {type: NS, values: [ns.example.org.]}\n"
MASTER = "$TTL 60\n@ SOA ns.example.org. h.example.org. 1 7200 900 1209600 300\n@ NS ns.example.org.\n"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "zones").mkdir()
    (tmp_path / "zones" / "example.com.yaml").write_text(ZONE)
    return tmp_path / "zones"


def told(folder: Path) -> str:
    loaded = load([folder])
    assert len(loaded.model.zones) >= 1
    return report.text(loaded.problems, loaded.sources).replace(f"{folder.parent}/", "")


def test_a_dangling_link_is_an_error(folder):
    (folder / "example.net.yaml").symlink_to(folder.parent / "gone.yaml")
    assert told(folder) == (
        "zones/example.net.yaml: F001 a link to gone.yaml, which does not exist\n      = mend the link, or remove it\n\n1 error\n"
    )


def _folder(path: Path) -> None:
    path.mkdir()


def _pipe(path: Path) -> None:
    os.mkfifo(path)


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(str(path))


def _device(path: Path) -> None:
    path.symlink_to("/dev/zero")


@pytest.mark.parametrize(
    ("make", "said"),
    [(_folder, "it is not a file"), (_pipe, "it is not a file"), (_socket, "No such device or address"), (_device, "it is not a file")],
)
def test_what_is_no_file_is_an_error_and_never_waited_for(folder, make, said):
    make(folder / "x.zone")
    assert told(folder) == f"zones/x.zone: F002 cannot be read: {said}\n\n1 error\n"


def test_a_link_that_leads_to_itself_is_an_error(folder):
    (folder / "x.yml").symlink_to(folder / "x.yml")
    assert told(folder) == "zones/x.yml: F002 cannot be read: Too many levels of symbolic links\n\n1 error\n"


def test_links_that_lead_somewhere_and_names_that_are_not_ours_are_fine(folder):
    (folder.parent / "one.yaml").write_text(ZONE.replace("com", "net"))
    (folder / "example.net.yaml").symlink_to(folder.parent / "one.yaml")
    (folder / ".#example.com.yaml").symlink_to("editor@host")  # as Emacs locks files
    (folder / "old").mkdir()
    assert told(folder) == ""


@pytest.mark.parametrize("name", ["x.yaml", "x.zone"])
@pytest.mark.parametrize("more", [0, 1])
def test_a_line_may_be_so_long(folder, name, more):
    short, long = b"# y\n" * 5, b"#" + b"x" * (bounds.MAX_LINE - 1 + more)
    comment = (short + long + b"\n" + short).replace(b"#", b";" if name == "x.zone" else b"#")
    (folder / name).write_bytes(comment + (MASTER.encode() if name == "x.zone" else ZONE.replace("com", "net").encode()))
    if not more:
        assert told(folder) == ""
    else:
        assert told(folder) == f"zones/{name}:6: F007 a line of more than 1048576 octets\n      = is this the right file? Break the line\n\n1 error\n"


@pytest.mark.parametrize(
    ("bound", "said"), [("MAX_OCTETS", "larger than 0 MiB"), ("MAX_LINES", "more than 50 lines"), ("MAX_LINE", "a line of more than 50 octets")]
)
def test_included_files_are_bounded_too(folder, monkeypatch, bound, said):
    (folder / "example.net.zone").write_text(MASTER + "$INCLUDE part\n")
    (folder / "part").write_text("\n" * 51 if bound == "MAX_LINES" else "; " + "x" * 49)
    assert told(folder) == ""
    monkeypatch.setattr(bounds, bound, 50)
    over = bounds.excess((folder / "part").read_bytes())
    assert over is not None
    assert said in over.message
    monkeypatch.undo()
    monkeypatch.setattr("gslb.config.bounds.excess", lambda data: over if data.startswith((b"; x", b"\n")) else None)
    assert f"M021 cannot include part: 'part': {said}" in told(folder)


@pytest.mark.parametrize("kind", [_folder, _pipe, _device])
def test_what_is_included_must_be_a_file_and_is_not_waited_for(folder, kind):
    (folder / "example.net.zone").write_text(MASTER + "$INCLUDE part\n")
    kind(folder / "part")
    said = "leads outside the zone file's folder" if kind is _device else "it is not a file"
    assert f"zones/example.net.zone:4:10: M021 cannot include part: {said}" in told(folder).replace("'part' ", "")
