"""The same static zone in NSD and here, and 20,000 random questions to both: every difference is a rule below, or a fault.

NSD is the Debian package, in the foreground on loopback, asked over a socket; ours is asked through `answer()`.
"""

from __future__ import annotations

import os
import random
import shutil
import socket
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import dns.edns
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import pytest

from gslb import model, names
from gslb.answer import Env, Reply, answer
from gslb.compiler.zones import compile_zone
from gslb.config import master_file
from gslb.errors import Problems
from gslb.plan import Snapshot
from gslb.testing.ports import free_port

pytestmark = [pytest.mark.live, pytest.mark.timeout(300)]

QUESTIONS = int(os.environ.get("GSLB_TWIN_QUESTIONS", "20000"))
NSD = shutil.which("nsd") or "/usr/sbin/nsd"

HEAD = """
$TTL 300
@ 3600 IN SOA ns1 hostmaster 2026112001 3600 600 86400 60
@ IN NS ns1
@ IN NS ns2.elsewhere.test.
@ IN MX 10 mail
@ IN TXT "apex"
@ IN CAA 0 issue "ca.test"
ns1 IN A 192.0.2.1
ns1 IN AAAA 2001:db8::1
mail IN A 192.0.2.2
mail IN AAAA 2001:db8::2
"""

MAIN = (
    HEAD
    + """
MiXed.CaSe IN A 192.0.2.3
a.b.c.ent IN A 192.0.2.4
_sip._tcp IN SRV 1 2 5060 mail
naptr IN NAPTR 100 10 "u" "E2U+sip" "!^.*$!sip:info@twin.test!" .
svc IN HTTPS 1 . alpn=h2 ipv4hint=192.0.2.2
loc IN LOC 52 22 23.000 N 4 53 32.000 E -2.00m 0.00m 10000m 10m
tlsa IN TLSA 3 1 1 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff
sshfp IN SSHFP 4 2 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff
unknown IN TYPE65400 \\# 4 deadbeef
ptr IN PTR mail
hinfo IN HINFO "a" "b"
multi IN A 192.0.2.10
multi IN A 192.0.2.11
multi IN A 192.0.2.12
multi IN AAAA 2001:db8::10
multi IN TXT "one" "two"
multi IN MX 5 mail
multi IN MX 6 mx.elsewhere.test.
*.wild IN A 192.0.2.20
*.wild IN TXT "wild"
*.wild IN MX 10 mail
exact.wild IN A 192.0.2.21
x.below.wild IN TXT "hides below"
*.inner.wild IN TXT "inner"
*.alias IN CNAME mail
*.faralias IN CNAME www.elsewhere.test.
*.deadalias IN CNAME gone.nowhere
*.selfalias IN CNAME q.selfalias
*.todname IN CNAME host.dname
sub IN NS ns.sub
sub IN NS ns2.sub
sub IN NS ns1
sub IN NS ns.elsewhere.test.
sub IN DS 1 8 2 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff
ns.sub IN A 192.0.2.30
ns2.sub IN A 192.0.2.31
ns2.sub IN AAAA 2001:db8::31
self IN NS self
self IN A 192.0.2.32
deep.er.cut IN NS ns.deep.er.cut
ns.deep.er.cut IN A 192.0.2.33
out IN NS ns.elsewhere.test.
www IN CNAME multi
chain1 IN CNAME chain2
chain2 IN CNAME chain3
chain3 IN CNAME multi
tonodata IN CNAME hinfo
tonx IN CNAME gone
toout IN CNAME www.elsewhere.test.
tosub IN CNAME host.sub
tosubapex IN CNAME sub
towild IN CNAME x.wild
todname IN CNAME host.dname
toent IN CNAME c.ent
loop1 IN CNAME loop2
loop2 IN CNAME loop1
itself IN CNAME itself
dname IN DNAME target
dname IN TXT "at the owner"
host.target IN A 192.0.2.40
alias.target IN CNAME multi
dname2 IN DNAME dname
dout IN DNAME elsewhere.test.
dsub IN DNAME sub
dwild IN DNAME wild
dlong IN DNAME {long}
big IN TXT {big}
""".replace("{long}", ".".join(["l" * 60] * 3)).replace("{big}", " ".join(['"' + "b" * 200 + '"'] * 7))
    + "".join(f"many IN NS ns{n}.many\nns{n}.many IN A 192.0.2.{n}\nns{n}.many IN AAAA 2001:db8:1::{n}\n" for n in range(1, 25))
    + "".join(f"some IN NS a-longer-name-of-a-server-{n}.some\na-longer-name-of-a-server-{n}.some IN A 192.0.2.{n}\n" for n in range(1, 11))
)
CHILD = HEAD + "inchild IN A 192.0.2.50\n*.w IN A 192.0.2.51\n"
OTHER = HEAD + "d IN DNAME twin.test.\nc IN CNAME mail.twin.test.\n"
ZONES = {"twin.test": MAIN + "kid IN NS ns1.kid\nns1.kid IN A 192.0.2.1\n", "kid.twin.test": CHILD, "other.test": OTHER}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("nsd")
    for name, text in ZONES.items():
        (folder / f"{name}.zone").write_text(text)
    return folder


@pytest.fixture(scope="module")
def nsd(folder: Path) -> Iterator[socket.socket]:
    """A socket connected to a running NSD."""
    port = free_port()
    zones = "".join(f'zone:\n  name: "{name}"\n  zonefile: "{name}.zone"\n' for name in ZONES)
    settings = {
        "ip-address": f"127.0.0.1@{port}",
        "username": '""',
        "zonesdir": f'"{folder}"',
        "database": '""',
        "pidfile": '""',
        "xfrdfile": '""',
        "zonelistfile": f'"{folder}/zonelist"',
        "xfrdir": f'"{folder}"',
        "minimal-responses": "yes",
        "server-count": "1",
        "rrl-ratelimit": "0",
        "refuse-any": "no",
    }
    lines = "".join(f"  {key}: {value}\n" for key, value in settings.items())
    (folder / "nsd.conf").write_text(f"server:\n{lines}remote-control:\n  control-enable: no\n{zones}")
    with (folder / "log").open("w") as log:
        server = subprocess.Popen([NSD, "-d", "-c", str(folder / "nsd.conf")], stdout=log, stderr=log)
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as first:
            first.connect(("127.0.0.1", port))
            first.settimeout(0.2)
            probe = dns.message.make_query("twin.test", "SOA").to_wire()
            for _ in range(300):
                try:
                    first.send(probe)
                    first.recv(4096)
                    break
                except OSError:
                    if server.poll() is not None:
                        break
                    time.sleep(0.05)
            else:
                pytest.fail((folder / "log").read_text())
            assert server.poll() is None, (folder / "log").read_text()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:  # another one: late answers to the first must not be taken for ours
            asker.connect(("127.0.0.1", port))
            asker.settimeout(20)
            yield asker
    finally:
        server.terminate()
        server.wait(10)


@pytest.fixture(scope="module")
def ours(folder: Path) -> Snapshot:
    """The same files, read by our own reader."""
    zones = {}
    for name in ZONES:
        problems = Problems()
        path = folder / f"{name}.zone"
        read = master_file.read(str(path), path.read_text(), problems, default_origin=names.from_text(name), include=None)
        assert isinstance(read, model.Zone), problems.found
        zones[read.apex] = compile_zone(read, {})
    return Snapshot(1, zones, {}, {})


OWNERS = sorted({line.split()[0] for text in ZONES.values() for line in text.splitlines() if line and line[0] not in "$ "} - {"@"})
OWNERS = [owner for owner in OWNERS if not owner.endswith((".many", ".some"))] + ["ns1.many", "a-longer-name-of-a-server-1.some"]
TYPES = [
    *("A", "AAAA", "NS", "SOA", "MX", "TXT", "CNAME", "DNAME", "DS", "SRV", "PTR", "CAA", "HTTPS", "NAPTR", "LOC", "TLSA", "SSHFP", "HINFO", "ANY"),
    *("TYPE65400", "TYPE65399", "DNSKEY", "RRSIG", "NSEC", "SVCB", "SPF", "URI", "TYPE0"),
]
LABELS = ["x", "y", "host", "ns", "www", "gone", "*", "ns1", "a", "q", "l" * 60, "wild", "ent", "_tcp"]


def some_question(rng: random.Random) -> dns.message.Message:
    """A question near what exists: an owner, above it, below it, or beside it; in any case, with or without EDNS and DO."""
    zone = rng.choice([*ZONES, "twin.test", "twin.test", "twin.test"])
    labels = [*rng.choice(OWNERS).split("."), *zone.split(".")] if rng.random() < 0.9 else zone.split(".")
    for _ in range(rng.choice([0, 0, 0, 1, 1, 2, 3])):
        labels.insert(0, rng.choice(LABELS))
    if rng.random() < 0.15 and len(labels) > 1:
        labels.pop(rng.randrange(len(labels) - 1))
    if rng.random() < 0.1:
        labels[0] = "*"
    name = ".".join(labels)
    if rng.random() < 0.3:
        name = "".join(rng.choice((c.lower(), c.upper())) for c in name)
    rtype = rng.choice(TYPES) if rng.random() < 0.7 else rng.choice(["A", "AAAA", "TXT", "MX", "NS", "DS"])
    edns: dict = {"use_edns": 0, "payload": rng.choice([512, 600, 1232, 4096]), "want_dnssec": rng.random() < 0.5} if rng.random() < 0.5 else {}
    message = dns.message.make_query(name, rtype, id=rng.getrandbits(16), **edns)
    message.flags = rng.choice([0, dns.flags.RD, dns.flags.CD, dns.flags.AD, dns.flags.RD | dns.flags.AD])
    return message


Records = frozenset[tuple[str, str, int, str]]


def records(message: dns.message.Message, section: str) -> Records:
    return frozenset(
        (str(rrset.name).lower(), dns.rdatatype.to_text(rrset.rdtype), rrset.ttl, data.to_text().lower())
        for rrset in getattr(message, section)
        for data in rrset
    )


def difference(theirs: dns.message.Message, us: dns.message.Message) -> str:
    """Name the first thing that differs; empty where nothing does."""
    if theirs.rcode() != us.rcode():
        return f"rcode {dns.rcode.to_text(theirs.rcode())} and {dns.rcode.to_text(us.rcode())}"
    for flag in ("QR", "AA", "TC", "RD", "RA", "AD"):
        if (theirs.flags ^ us.flags) & dns.flags.from_text(flag):
            return f"{flag} is {bool(theirs.flags & dns.flags.from_text(flag))} and {bool(us.flags & dns.flags.from_text(flag))}"
    if (theirs.edns, theirs.ednsflags) != (us.edns, us.ednsflags):
        return "EDNS"
    if [str(q) for q in theirs.question] != [str(q) for q in us.question]:
        return "question"
    for section in ("answer", "authority", "additional"):
        if records(theirs, section) != records(us, section):
            return section
    return ""


@dataclass(frozen=True)
class Pair:
    """Two replies to one question, and their sections as sets."""

    query: dns.message.Message
    theirs: dns.message.Message
    ours: dns.message.Message

    def same(self, *sections: str) -> bool:
        return all(records(self.theirs, section) == records(self.ours, section) for section in sections)

    @property
    def same_head(self) -> bool:
        return (self.theirs.rcode(), self.theirs.flags) == (self.ours.rcode(), self.ours.flags)

    @property
    def referral(self) -> bool:
        return bool(self.ours.authority) and self.ours.authority[0].rdtype == dns.rdatatype.NS


def glue_sets_tc(pair: Pair) -> bool:
    """TC where glue does not fit (RFC 9471 section 3); this NSD is older than the rule."""
    only_tc = pair.ours.flags ^ pair.theirs.flags == dns.flags.TC and bool(pair.ours.flags & dns.flags.TC)
    return pair.referral and only_tc and pair.same("answer", "authority")


def ds_in_referrals(pair: Pair) -> bool:
    """DS in a referral where DO is set (RFC 4035 section 3.1.4); NSD gives it in signed zones only."""
    less, more = records(pair.theirs, "authority"), records(pair.ours, "authority")
    only_ds = less < more and {kind for _, kind, _, _ in more - less} == {"DS"}
    return pair.referral and pair.same_head and only_ds and bool(pair.ours.ednsflags & dns.flags.DO) and pair.same("answer", "additional")


def addresses_of_targets(pair: Pair) -> bool:
    """Addresses of targets are in the additional section; NSD with minimal-responses leaves them out."""
    targets = {data.split()[-1] for _, kind, _, data in records(pair.ours, "answer") if kind in ("MX", "NS", "SRV")}
    added = {owner for owner, _, _, _ in records(pair.ours, "additional")}
    return pair.same_head and pair.same("answer", "authority") and not pair.theirs.additional and added <= targets


def any_is_one(pair: Pair) -> bool:
    """ANY gets one RRset, whichever (RFC 8482 section 4.1)."""
    one = len(pair.ours.answer) == len(pair.theirs.answer) == 1 and pair.ours.answer[0].name == pair.theirs.answer[0].name
    return pair.query.question[0].rdtype == dns.rdatatype.ANY and pair.same_head and one and pair.same("authority")


def chains_end_with_the_zone(pair: Pair) -> bool:
    """A chain into another zone is not followed; NSD follows it where it serves that zone too."""
    ours = pair.ours
    if not ours.answer or ours.answer[-1].rdtype != dns.rdatatype.CNAME or ours.authority or ours.rcode():
        return False
    home = max((zone for zone in map(dns.name.from_text, ZONES) if pair.query.question[0].name.is_subdomain(zone)), key=len)
    return not ours.answer[-1][0].target.is_subdomain(home) and pair.theirs.answer[: len(ours.answer)] == ours.answer


def less_room_behind_a_dname(pair: Pair) -> bool:
    """Names behind two DNAMEs are compressed better here, so that more fits; what NSD gives, with TC, is part of it."""
    less = all(records(pair.theirs, section) <= records(pair.ours, section) for section in ("answer", "authority", "additional"))
    dnames = sum(rrset.rdtype == dns.rdatatype.DNAME for rrset in pair.ours.answer)
    return dnames > 1 and pair.theirs.rcode() == pair.ours.rcode() and bool(pair.theirs.flags & dns.flags.TC) and less


RULES = [less_room_behind_a_dname, glue_sets_tc, ds_in_referrals, addresses_of_targets, any_is_one, chains_end_with_the_zone]


def compare(query: dns.message.Message, theirs: bytes, us: bytes, counts: Counter[str], faults: dict[str, str]) -> None:
    """Note a difference: by its rule, or as a fault."""
    left, right = dns.message.from_wire(theirs), dns.message.from_wire(us)
    what = difference(left, right)
    rules = [rule.__doc__ or "" for rule in RULES if rule(Pair(query, left, right))] if what else [""]
    counts[rules[0] if rules else what] += 1
    if not rules:
        faults[what] = f"{what}\n--- question\n{query}\n--- NSD\n{left}\n--- ours\n{right}\n"


def wire_of(ours: Snapshot, query: bytes, *, udp: bool) -> bytes:
    got = answer(ours, query, b"\x7f\0\0\1", Env(0, udp=udp))
    assert isinstance(got, Reply)
    return got.wire


def test_the_same_answers(nsd: socket.socket, ours: Snapshot) -> None:
    rng = random.Random(int(os.environ.get("GSLB_TWIN_SEED", "20261120")))
    counts: Counter[str] = Counter()
    faults: dict[str, str] = {}
    for _ in range(QUESTIONS):
        query = some_question(rng)
        wire = query.to_wire()
        nsd.send(wire)
        compare(query, nsd.recv(65535), wire_of(ours, wire, udp=True), counts, faults)
    print(counts)
    assert not faults, f"unexplained: {counts}\n" + "\n".join(faults.values())
    assert counts[""] > QUESTIONS * 0.9  # rules are for the few


def test_the_same_answers_over_tcp(nsd: socket.socket, ours: Snapshot) -> None:
    rng = random.Random(7766)
    counts: Counter[str] = Counter()
    faults: dict[str, str] = {}
    with socket.create_connection(nsd.getpeername(), timeout=5) as stream, stream.makefile("rb") as replies:
        for _ in range(QUESTIONS // 20):
            query = some_question(rng)
            wire = query.to_wire()
            stream.sendall(len(wire).to_bytes(2) + wire)
            theirs = replies.read(int.from_bytes(replies.read(2)))
            compare(query, theirs, wire_of(ours, wire, udp=False), counts, faults)
    assert not faults, f"unexplained: {counts}\n" + "\n".join(faults.values())
    assert not counts[glue_sets_tc.__doc__ or ""]
