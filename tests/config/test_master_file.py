"""Reading master files: what records become, places of mistakes, `$INCLUDE`, `$GENERATE`, dynamic names, limits."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from gslb import model, names
from gslb.config import bounds, master_file
from gslb.config.master_file import included, line, reader
from gslb.config.master_file.complaints import MAX_MISTAKES
from gslb.errors import Problem, Problems, Severity, Where

APEX = names.from_text("example.com.")
HEAD = "$TTL 3600\n@ SOA ns1 hostmaster 1 7200 900 1209600 300\n@ NS ns1\nns1 A 192.0.2.1\n"


def _read(text: str, include: Callable[[str], str] | None = None, origin: bytes = APEX) -> tuple[model.Zone | None, list[Problem]]:
    problems = Problems()
    return master_file.read("zones/example.com.zone", text, problems, default_origin=origin, include=include), problems.found


def _zone(body: str, files: Mapping[str, str] | None = None) -> Mapping[bytes, model.NameData]:
    zone, problems = _read(HEAD + body, (files or {}).__getitem__)
    assert not problems
    assert zone is not None
    return zone.names


def _mistakes(text: str, include: Callable[[str], str] | None = None) -> list[str]:
    return [f"{one.code} {one.where.line}:{one.where.column}" for one in _read(text, include)[1]]


def test_records_become_rrsets() -> None:
    found = _zone("WWW 300 IN A 192.0.2.2\n    300 IN A 192.0.2.3\n    IN MX 10 Mail\n")
    www = found[names.from_text("www.example.com.")]
    place = "zones/example.com.zone"
    mail = b"\x04Mail" + APEX
    assert www.rrsets == (
        model.RRset(1, 300, (b"\xc0\x00\x02\x02", b"\xc0\x00\x02\x03")),
        model.RRset(15, 3600, (b"\x00\x0a" + mail,), (mail,)),
    )
    assert [rrset.where for rrset in www.rrsets] == [Where(place, 5, 12), Where(place, 7, 8)]


def test_apex_is_the_origin_in_lower_case() -> None:
    zone, problems = _read(HEAD, origin=names.from_text("Example.COM."))
    assert zone is not None
    assert not problems
    assert zone.apex == APEX
    assert zone.where == Where("zones/example.com.zone", 2, 3)
    assert zone.names[APEX].rrsets[0].rdata[0].startswith(b"\x03ns1\x07Example\x03COM\x00")  # as written


def test_every_mistake_is_told_at_once() -> None:
    text = "$TTL x\n@ SOA ns1 h 1 2 3 4\nwww A 1.2.3\n    AAAA ::g\nftp CH A 1.2.3.4\n$FOO\nx 1y A 1.2.3.4 5\n(\n"
    assert _mistakes(text) == ["M006 1:6", "M012 2:7", "M012 3:7", "M012 4:10", "M007 5:5", "M004 6:1", "M006 7:3", "M012 7:8", "M001 8:1"]


def test_a_wrong_record_does_not_blame_those_after_it() -> None:
    assert _mistakes(HEAD + "a..b A 192.0.2.2\n     TXT x\nwww A 192.0.2.3\n") == ["M011 5:1"]
    assert _mistakes(HEAD + 'www TXT "x\n    A 192.0.2.2\n') == ["M002 5:9"]


def test_a_zone_of_another_name_is_one_mistake() -> None:
    zone, problems = _read(HEAD.replace("@", "example.org.") + "www.example.org. A 192.0.2.2\n" * 50)
    assert zone is None
    assert [one.code for one in problems] == ["M018"]
    assert "rename the file" in problems[0].hint


def test_ttl_forms() -> None:
    found = _zone("a 1h30m A 192.0.2.2\nb 1W2D A 192.0.2.2\nc 0 A 192.0.2.2\n$TTL 5\nd A 192.0.2.2\n")
    assert [found[names.from_text(name, APEX)].rrsets[0].ttl for name in "abcd"] == [5400, 777_600, 0, 5]


def test_a_stated_ttl_counts_on_only_without_directive() -> None:
    bare = HEAD.removeprefix("$TTL 3600\n").replace("@ SOA", "@ 60 SOA")
    zone, problems = _read(bare + "a 7 A 192.0.2.2\nb A 192.0.2.2\n")
    assert zone is not None
    assert not problems
    assert zone.names[names.from_text("b", APEX)].rrsets[0].ttl == 7
    assert _zone("a 7 A 192.0.2.2\nb A 192.0.2.2\n")[names.from_text("b", APEX)].rrsets[0].ttl == 3600


class TestDynamic:
    def test_gslb(self) -> None:
        found = _zone("www 30 IN GSLB web\nftp GSLB web\nwww TXT x\n")
        www = found[names.from_text("www", APEX)]
        assert www.pool == model.PoolRef("web", (1, 28), 30)
        assert www.pool.where == Where("zones/example.com.zone", 5, 16)
        assert [rrset.type for rrset in www.rrsets] == [16]
        assert found[names.from_text("ftp", APEX)].pool == model.PoolRef("web", ttl=None)  # $TTL does not bound a pool

    @pytest.mark.parametrize(
        "data", [r"TYPE65401 \# 4 03776562", r"TYPE65401 \# 3 776562", r"GSLB \# 4 0377 6562", 'GSLB "web"', "type65401 \\# ( 4\n 03776562 )"]
    )
    def test_generic_forms(self, data: str) -> None:
        assert _zone(f"www 30 IN {data}\n")[names.from_text("www", APEX)].pool == model.PoolRef("web", ttl=30)

    @pytest.mark.parametrize(
        ("data", "ttl"), [("300 DYNA weighted!web", 300), ("300/10 DYNA web", 300), ("DYNA geoip!web", None), ("5m DYNA web", 300)]
    )
    def test_gdnsd(self, data: str, ttl: int | None) -> None:
        assert _zone(f"www {data}\n")[names.from_text("www", APEX)].pool == model.PoolRef("web", ttl=ttl)

    def test_dync_says_what_to_do(self) -> None:
        _, problems = _read(HEAD + "www 300 DYNC geoip!web\n")
        assert [one.code for one in problems] == ["M026"]
        assert "DYNA" in problems[0].hint

    def test_generated(self) -> None:
        found = _zone("$GENERATE 1-2 www$ 30 GSLB pool$\n")
        assert [found[names.from_text(f"www{i}", APEX)].pool for i in (1, 2)] == [model.PoolRef(f"pool{i}", ttl=30) for i in (1, 2)]


class TestInclude:
    def test_origin_and_owner_come_back(self) -> None:
        files = {"part.inc": "x A 192.0.2.2\n$ORIGIN deep.example.com.\ny A 192.0.2.3\n", "sub/more.inc": "@ TXT more\n"}
        found = _zone("www TXT x\n$INCLUDE part.inc sub.example.com.\n  A 192.0.2.4\n$INCLUDE sub/more.inc\nz A 192.0.2.5\n", files)
        assert {names.to_text(name) for name in found} == {f"{label}example.com." for label in ("", "ns1.", "www.", "x.sub.", "y.deep.", "z.")}
        assert found[names.from_text("www", APEX)].rrsets[1].rdata == (b"\xc0\x00\x02\x04",)

    def test_mistakes_name_the_included_file(self) -> None:
        _, problems = _read(HEAD + "$INCLUDE sub/part.inc\nwww A x\n", {"sub/part.inc": "\nx A y\n"}.__getitem__)
        assert [str(one.where) for one in problems] == ["zones/sub/part.inc:2:5", "zones/example.com.zone:6:7"]

    def test_circles_and_depth_are_refused(self) -> None:
        assert _mistakes(HEAD + "$INCLUDE a\n", {"a": "$INCLUDE b\n", "b": "$INCLUDE ./a\n"}.__getitem__) == ["M021 1:10"]
        assert _mistakes(HEAD + "$INCLUDE 0\n", lambda path: f"$INCLUDE {int(path) + 1}\n") == ["M021 1:10"]

    def test_breadth_is_bounded(self) -> None:
        calls = 0

        def doubling(path: str) -> str:
            nonlocal calls
            calls += 1
            return f"$INCLUDE {path}a\n$INCLUDE {path}b\n" if len(path) < 10 else ""

        assert {one[:4] for one in _mistakes(HEAD + "$INCLUDE x\n$INCLUDE y\n", doubling)} == {"M021"}
        assert calls == reader.MAX_FILES

    def test_amount_is_bounded(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(included, "MAX_OCTETS", 100)
        assert _mistakes(HEAD + "$INCLUDE a\n$INCLUDE b\n", lambda _: "\n" * 60) == ["M021 6:10"]

    def test_without_files_it_is_refused(self) -> None:
        assert _mistakes(HEAD + "$INCLUDE a\n") == ["M021 5:10"]

    def test_what_may_have_been_lost_is_not_missed(self) -> None:
        assert _mistakes("$INCLUDE a\n") == ["M021 1:10"]  # the SOA may stand there

    def test_folder_confines(self, tmp_path: Path) -> None:
        zones = tmp_path / "zones"
        zones.mkdir()
        (tmp_path / "secret").write_text("top")
        (zones / "link").symlink_to(tmp_path / "secret")
        (zones / "inside").symlink_to(zones / "file")
        (zones / "file").write_text("www A 192.0.2.2\n")
        (zones / "latin").write_bytes(b"\xff\n")
        include = master_file.includes_from(zones)
        assert include("file") == include("inside") == "www A 192.0.2.2\n"
        for path, said in (("link", "outside"), ("../secret", "outside"), ("nothing", "no file"), (".", "not a file"), ("latin", "UTF-8")):
            with pytest.raises((ValueError, OSError), match=said):
                include(path)
        for path in ("../secret", "/etc/passwd", "a/../../secret", "..", "."):
            with pytest.raises(ValueError, match=r"outside|not a file"):
                included.confined(path)

    def test_unreadable_file_is_a_problem(self) -> None:
        def denied(_: str) -> str:
            raise PermissionError(13, "Permission denied")

        _, problems = _read(HEAD + "$INCLUDE a\n", denied)
        assert [one.message for one in problems] == ["cannot include a: Permission denied"]


class TestGenerate:
    @pytest.mark.parametrize(
        ("line", "owners"),
        [
            ("$GENERATE 1-3 h$ A 192.0.2.$", ["h1", "h2", "h3"]),
            ("$GENERATE 0-8/4 h$ A 192.0.2.$", ["h0", "h4", "h8"]),
            ("$GENERATE 9-10 h${0,3} A 192.0.2.$", ["h009", "h010"]),
            ("$GENERATE 9-10 h${1,0,x} A 192.0.2.$", ["ha", "hb"]),
            ("$GENERATE 10-10 h${0,4,X} A 192.0.2.$", ["h000a"]),
            ("$GENERATE 8-8 h${0,0,o} A 192.0.2.$", ["h10"]),
            ("$GENERATE 18-18 ${0,3,n} A 192.0.2.$", ["2.1"]),
            ("$GENERATE 2-2 h${-1} A 192.0.2.$", ["h1"]),
            ("$GENERATE 1-1 a\\$b$ A 192.0.2.$", ["a$b1"]),
            ("$GENERATE 1-1 a$$b$ A 192.0.2.$", ["a$b1"]),
            ("$generate 1-1 h$ 60 IN A 192.0.2.$ ; done", ["h1"]),
        ],
    )
    def test_owners(self, line: str, owners: list[str]) -> None:
        found = _zone(line + "\n").keys() - _zone("").keys()
        assert found == {names.join([label.encode() for label in owner.split(".")], APEX) for owner in owners}

    def test_total_is_bounded(self) -> None:
        many = f"$GENERATE 1-{reader.MAX_GENERATED} h$ A 192.0.2.1\n"
        assert _mistakes(HEAD + many.replace("1-", "0-")) == ["M024 5:11"]

    def test_what_all_of_them_would_make_is_counted_before_any_is_carried_out(self, monkeypatch: pytest.MonkeyPatch) -> None:
        made: list[int] = []
        monkeypatch.setattr(reader.Reader, "_round", lambda *_: made.append(1))
        assert _mistakes(HEAD + "$generate 1-65535 h$ A 192.0.2.1\n" * 200 + "x A 1\n") == ["M024 5:11", "M012 205:5"]
        assert not made
        assert _mistakes(HEAD + "$INCLUDE a\n" * 200, lambda _: "$GENERATE 1-1000 h$ A 192.0.2.1\n") == ["M024 1:11"]
        assert len(made) == 131_000

    def test_a_range_over_several_lines_is_bounded_too(self) -> None:
        assert _mistakes(HEAD + "$GENERATE ( 1-2000000\n h$ A 192.0.2.1 )\n") == ["M024 5:13"]

    def test_one_complaint_for_all_rounds(self) -> None:
        assert _mistakes(HEAD + "$GENERATE 1-1000 h$ A x$\n") == ["M012 5:23"]
        assert _mistakes(HEAD + "$GENERATE 1-1000 h..$ A 192.0.2.1\n") == ["M011 5:18"]


def test_mistakes_are_bounded() -> None:
    _, problems = _read(HEAD + "x A y\n" * (MAX_MISTAKES + 100))
    assert [one.code for one in problems].count("M012") == MAX_MISTAKES
    assert problems[-1].code == "M028"
    assert len(problems) == MAX_MISTAKES + 1


def test_messages_are_bounded() -> None:
    _, problems = _read(HEAD + f"{'x' * 900} A 192.0.2.1\nwww {'T' * 5000} x\nwww 1{'0' * 5000} A 192.0.2.1\n$INCLUDE {'f' * 5000}\n")
    assert len(problems) == 4
    assert max(len(one.message) for one in problems) <= 400


def test_warnings_are_bounded() -> None:
    _, problems = _read(HEAD + "x A 192.0.2.1\n" * (MAX_MISTAKES + 100))
    assert len(problems) == MAX_MISTAKES
    assert {one.severity for one in problems} == {Severity.WARNING}


def test_byte_order_mark_is_no_part_of_the_file() -> None:
    zone, problems = _read("\ufeff" + HEAD)
    assert zone is not None
    assert not problems


def test_large_files_are_read_fast() -> None:
    """At least 15,000 lines a second of CPU, where 80,000 to 100,000 are usual: so that losing the fast way is noticed."""
    lines = [f'host{at} 300 IN A 10.0.{at >> 8}.{at & 255}\nhost{at} 300 IN TXT "host {at}"\n' for at in range(15_000)]
    began = time.process_time()
    assert len(_zone("".join(lines))) == 15_002
    assert time.process_time() - began < 2


class TestHostile:
    """What no zone file is: it is refused soon, whatever its size."""

    @pytest.mark.parametrize("text", ["x TXT ( " + "a\n" * 1_000_000, "x TXT ( " + "a a a a a a a a a a\n" * 60_000, "(" + "\n" * 2_000_000])
    def test_an_entry_is_bounded(self, text: str) -> None:
        began = time.process_time()
        assert _mistakes(HEAD + text) == [f"M001 5:{text.index('(') + 1}"]
        assert time.process_time() - began < 5

    @pytest.mark.parametrize("sign", ["a ", '"', '""', "\\", "(", "é", "${"])
    def test_a_long_line_takes_no_more_than_its_length(self, sign: str) -> None:
        began = time.process_time()
        _read(HEAD + "x TXT " + sign * (bounds.MAX_LINE // 2 // len(sign)) + "\n")
        assert time.process_time() - began < 3

    def test_lines_are_cut_in_pieces_without_losing_one(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(line, "PIECE", 100)
        text = HEAD + "".join(f"h{at} A 192.0.2.1\n" for at in range(1_000))
        zone, problems = _read(text)
        assert zone is not None
        assert (len(zone.names), problems) == (1_002, [])
        where = zone.names[names.from_text("h999.example.com.")].rrsets[0].where
        assert where.line == text.count("\n")
