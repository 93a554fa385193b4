"""What control says to `_gslb.NAME`: a whole reply, decoded by another library; and that nothing a packet holds ends control."""

from __future__ import annotations

from typing import Any

import dns.edns
import dns.flags
import dns.message
import pytest

from gslb import explain
from gslb.config.settings import Settings
from gslb.explain import subject as subjects
from gslb.explain.short import LONGEST, cut
from gslb.role.why import Why

NOW = 1_795_189_992.0
CLIENT = bytes([203, 0, 113, 9])
NAMES = "".join(f"      - {{id: m{n}, address: 192.0.2.{n}}}\n" for n in range(1, 30))
ZONE = f"""
zone: example.com
soa: {{primary: ns1.example.com., contact: hostmaster.example.com., negative_ttl: 30, serial: 1}}
pools:
  web:
    policy: [{{geo: {{EU: [fra], default: [iad]}}}}]
    pick: first
    ttl: 30
    members: [{{site: fra, address: 192.0.2.1}}, {{site: iad, address: 192.0.2.2}}]
  six: {{policy: all, members: [{{address: "2001:db8::1"}}]}}
  many:
    policy: all
    members:
{NAMES}
sites: {{fra: {{}}, iad: {{}}}}
records:
  '': {{type: NS, values: [ns1.example.com., ns2.example.com.]}}
  ns1: {{type: A, value: 192.0.2.53}}
  ns2: {{type: A, value: 192.0.2.54}}
  www: {{pool: web}}
  six: {{pool: six}}
  many: {{pool: many}}
"""


class Explaining:
    """Control's, from files."""

    def __init__(self, subject: subjects.Subject) -> None:
        self.subject = subject

    async def explain(self, request: dict[str, Any]) -> dict[str, Any]:
        return explain.explain(self.subject, explain.read(request["question"], NOW))


class Feed:
    """The way to a plane."""

    def __init__(self) -> None:
        self.said: list[dict[str, Any]] = []

    def say(self, message: dict[str, Any]) -> bool:
        self.said.append(message)
        return True


@pytest.fixture(scope="module")
def why(tmp_path_factory: pytest.TempPathFactory) -> Why:
    folder = tmp_path_factory.mktemp("why")
    (folder / "zones").mkdir()
    (folder / "zones" / "example.com.yaml").write_text(ZONE)
    (folder / "networks.yaml").write_text("203.0.113.0/24: {country: DE}\n198.51.100.0/24: {country: US}\n")
    nowhere = {"database": str(folder / "none.mmdb"), "networks": str(folder / "networks.yaml")}
    settings = Settings(node="ns1", zones=(folder / "zones",), state_dir=folder / "state", geo=nowhere)
    return Why(Explaining(subjects.read(settings, NOW)), max_udp=1232, ecs=True)


def query(name: str, *, subnet: str = "", edns: bool = True, kind: str = "TXT") -> dns.message.Message:
    options = [dns.edns.ECSOption(subnet, 24)] if subnet else []
    return dns.message.make_query(name, kind, use_edns=edns, options=options)


def lines(reply: bytes) -> dict[str, str]:
    texts = [b"".join(rdata.strings).decode() for rrset in dns.message.from_wire(reply).answer for rdata in rrset]
    return {text.partition(":")[0]: text for text in texts}


async def test_the_client_is_told_what_it_would_get(why: Why) -> None:
    asked = query("_gslb.WWW.example.com")
    reply = await why.reply(asked.to_wire(), CLIENT)
    message = dns.message.from_wire(reply)
    assert (message.id, message.question, message.rcode()) == (asked.id, asked.question, 0)
    assert message.flags & (dns.flags.AA | dns.flags.TC) == dns.flags.AA
    assert {rrset.ttl for rrset in message.answer} == {0}
    told = lines(reply)
    assert told["answer"] == "answer: www.example.com A for 203.0.113.9: 192.0.2.1 (fra), TTL 30"
    assert told["client"].startswith("client: 203.0.113.9 is DE, EU")
    assert told["pool"].startswith("pool: web, policy ")
    assert told["member"] == "member: fra 192.0.2.1, 100 %, up (not checked)"
    assert told["node"].startswith("node: ns1, generation ")


async def test_a_client_subnet_is_heeded_and_echoed_with_its_scope(why: Why) -> None:
    reply = await why.reply(query("_gslb.www.example.com", subnet="198.51.100.0").to_wire(), CLIENT)
    [option] = dns.message.from_wire(reply).options
    assert (option.address, option.srclen) == ("198.51.100.0", 24)
    assert 0 < option.scopelen <= 24
    assert lines(reply)["region"].endswith(f"scope {option.scopelen}")
    assert lines(reply)["answer"] == "answer: www.example.com A for 198.51.100.0/24: 192.0.2.2 (iad), TTL 30"
    assert dns.message.from_wire(await why.reply(query("_gslb.www.example.com", edns=False).to_wire(), CLIENT)).edns == -1


async def test_aaaa_where_there_is_no_a_and_what_does_not_exist(why: Why) -> None:
    assert "2001:db8::1" in lines(await why.reply(query("_gslb.six.example.com").to_wire(), CLIENT))["member"]
    assert "NXDOMAIN" in lines(await why.reply(query("_gslb.nothing.example.com").to_wire(), CLIENT))["answer"]
    assert lines(await why.reply(query("_gslb.example.com").to_wire(), CLIENT))["answer"]


async def test_many_members_are_counted(why: Why) -> None:
    assert lines(await why.reply(query("_gslb.many.example.com").to_wire(), CLIENT))["others"] == "others: 21 more"


@pytest.mark.parametrize(
    "packet",
    [b"", bytes(40), query("www.example.com").to_wire(), query("_gslb.www.example.com", kind="A").to_wire()],
    ids=["nothing", "zeros", "another name", "another type"],  # the octets have a random id, and each worker must name a test alike
)
async def test_what_is_no_such_question_gets_nothing(why: Why, packet: bytes) -> None:
    assert await why.reply(packet, CLIENT) == b""


async def test_a_plane_is_answered_whatever_happens(why: Why) -> None:
    feed: Any = Feed()
    await why.tell(feed, {"why": 1, "query": query("_gslb.www.example.com").to_wire().hex(), "client": CLIENT.hex()})
    await why.tell(feed, {"why": 2, "query": query("_gslb.www.example.com").to_wire().hex(), "client": "00"})
    assert [(one["why"], bool(one["reply"])) for one in feed.said] == [(1, True), (2, False)]


@pytest.mark.parametrize("line", ["x" * 300, "\u00e4" * 200, "\U0001f600" * 100])
def test_lines_are_cut_between_characters(line: str) -> None:
    assert LONGEST - 6 <= len(cut(line)) <= LONGEST
    assert cut(line).decode().endswith("...")
    assert cut(line[:60]).decode() == line[:60]
