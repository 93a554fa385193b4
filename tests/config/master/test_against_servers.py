"""NSD's and BIND's own checkers judge the corpus too: what they refuse we refuse, what they read is what we read.

Differences are explained one by one in the tables below; an entry that no longer differs fails the test.
"""

from __future__ import annotations

import random
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import dns.name
import dns.rdata
import pytest

from gslb import model
from gslb.errors import Problem, Severity

HERE = Path(__file__).parent
BAD = sorted((HERE / "bad").glob("*.zone"))
GOOD = sorted((HERE / "good").glob("*.zone"))

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(not shutil.which("named-checkzone") or not shutil.which("nsd-checkzone"), reason="bind9 and nsd are not installed"),
]

# Bad files that both of them accept: where we are stricter, and why.
STRICTER = {
    "cname-circle": "no resolver can follow it",
    "dname-and-ns": "which of the two wins differs from server to server",
    "dnskey-protocol": "RFC 4034 section 2.1.2: MUST be 3, validators ignore such a key",
    "glue-missing": "BIND warns; the delegation cannot be followed",
    "naptr-both": "RFC 3403 section 4.1: MUST be considered an error by clients",
    "svcb-alias-keys": "RFC 9460 section 2.4.2: ignored by clients, so it cannot be meant",
    "svcb-reserved-key": "RFC 9460 section 14.3.2: never to be used",
    "tlsa-length": "the digest can match no certificate",
    "ttl-beyond": "BIND and NSD read it as another number than the one written",
    "uri-empty": "RFC 7553 section 4.4: MUST NOT be empty",
}

# Good files that one of them refuses: what it lacks.
LACKING = {
    ("nsd", "generate"): "$GENERATE is BIND's",
    ("nsd", "include"): "NSD 4.6 takes quotes for a part of the file's name",
    ("nsd", "origin-relative"): "NSD 4.6 wants an absolute name, against RFC 1035 section 5.1",
    ("nsd", "types-nsd-lacks"): "NSD 4.6 does not know HIP and GPOS by name",
    ("nsd", "gslb"): "GSLB and DYNA are names for pools",
    ("bind", "gslb"): "GSLB and DYNA are names for pools",
}


def _bind(folder: Path, name: str) -> str:
    done = subprocess.run(
        ["named-checkzone", "-i", "full", "example.com", name], cwd=folder, capture_output=True, text=True, timeout=300, check=False
    )
    return done.stdout if done.returncode else ""


def _nsd(folder: Path, name: str) -> str:
    done = subprocess.run(["nsd-checkzone", "example.com", name], cwd=folder, capture_output=True, text=True, timeout=300, check=False)
    return done.stderr if done.returncode else ""


@pytest.mark.timeout(600)  # one of them keeps BIND's checker busy for seconds
def test_bad_files_that_only_we_refuse() -> None:
    both_accept = {path.stem for path in BAD if not _bind(path.parent, path.name) and not _nsd(path.parent, path.name)}
    assert both_accept == set(STRICTER)


def test_good_files_are_good() -> None:
    refused = {(server, path.stem) for path in GOOD for server, check in (("bind", _bind), ("nsd", _nsd)) if check(path.parent, path.name)}
    assert refused == set(LACKING)


@pytest.mark.parametrize("path", [path for path in GOOD if path.stem != "gslb"], ids=lambda path: path.stem)
def test_bind_reads_the_same_data(path: Path, read: Callable[[Path], model.Zone]) -> None:
    command = ["named-compilezone", "-s", "full", "-i", "none", "-k", "ignore", "-o", "-", "example.com", path.name]
    done = subprocess.run(command, cwd=path.parent, capture_output=True, text=True, timeout=300, check=True)
    theirs: dict[tuple[bytes, int], tuple[int, set[bytes]]] = {}
    for line in done.stdout.splitlines():
        if line.startswith(";"):
            continue
        owner, ttl, _, kind, *rest = line.split(None, 4)
        if kind in ("NID", "L64"):  # BIND writes them in a form that dnspython does not read
            continue
        data = dns.rdata.from_text("IN", kind, rest[0] if rest else "")
        key = dns.name.from_text(owner).to_wire().lower(), int(data.rdtype)
        theirs.setdefault(key, (int(ttl), set()))[1].add(data.to_wire().lower())
    ours = {
        (owner, rrset.type): (rrset.ttl, {wire.lower() for wire in rrset.rdata})
        for owner, data in read(path).names.items()
        for rrset in data.rrsets
        if rrset.type not in (104, 106)
    }
    if path.stem == "ttls-differ":  # BIND serves the first TTL, we the lowest
        key = b"\x03www\x07example\x03com\x00", 1
        assert (ours[key][0], theirs[key][0]) == (60, 300)
        theirs[key] = (60, theirs[key][1])
    assert ours == theirs


# What a mutation can make of the good files that NSD or BIND refuse and RFC 1035 does not.
QUIRKS = ("$ORIGIN directive requires absolute domain name", "unknown character '$'")


def test_mutated_files(tmp_path: Path, judge: Callable[[Path], list[Problem]]) -> None:
    """A file with one change somewhere: whatever a server refuses, we refuse."""
    chance = random.Random(20261120)
    skipped = {name for _, name in LACKING} | {"crlf", "utf-8"}
    texts = [path.read_text() for path in GOOD if path.stem not in skipped]
    refused = 0
    for _ in range(250):
        text = _mutated(chance.choice(texts), chance)
        path = tmp_path / "mutated.zone"
        path.write_text(text)
        complaints = [said for said in (_bind(tmp_path, path.name), _nsd(tmp_path, path.name)) if said and not any(quirk in said for quirk in QUIRKS)]
        refused += bool(complaints)
        if complaints:
            assert any(one.severity is Severity.ERROR for one in judge(path)), f"{complaints}\n{text}"
    assert refused > 80


def _mutated(text: str, chance: random.Random) -> str:
    at = chance.randrange(len(text))
    kind = chance.randrange(6)
    if kind < 3:
        mark = chance.choice('().;"\\@ \t\n0123456789abA-_*:!,=/')
        return text[:at] + (mark if kind else "") + text[at + (kind != 1) :]
    lines = text.split("\n")
    at = chance.randrange(len(lines))
    words = lines[at].split(" ")
    one, other = chance.randrange(len(words)), chance.randrange(len(words))
    if kind == 3:
        del words[one]
    elif kind == 4:
        words[one], words[other] = words[other], words[one]
    else:
        words[one] = chance.choice(
            ["0", "-1", "65536", "4294967296", "CNAME", "NS", "A", "*", "@", ".", "..", "IN", "CH", "TYPE1", "www", '""', "1h"]
        )
    lines[at] = " ".join(words)
    return "\n".join(lines)
