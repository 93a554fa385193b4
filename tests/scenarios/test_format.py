"""The format itself: what is false is found, and told with file and line; the page of grammar names every statement."""

from pathlib import Path

import pytest

from gslb.testing.scenario import PureAsker, ScenarioError, play, read
from gslb.testing.scenario.story import Story

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "scenarios.md"

WORLD = """# A story.
shows   5-shares
sites
  fra: {location: [50.11, 8.68]}
  iad: {location: [39.04, -77.49]}
checks
  web: {type: tcp, port: 443, interval: 5s, timeout: 1s, down: 3, ok: 10, up: 5}
pools
  web:
    policy: weighted
    check: web
    members: [{site: fra, address: 192.0.2.1, weight: 3}, {site: iad, address: 192.0.2.2}]
zone example.com
  www: {pool: web}
  txt: {type: TXT, value: hello}
"""
LINE = WORLD.count("\n") + 1


def told(tmp_path: Path, text: str) -> str:
    """What playing a scenario says; it must not hold."""
    path = tmp_path / "story.scn"
    path.write_text(text)
    with pytest.raises(ScenarioError) as caught:
        play(read(path), PureAsker())
    return str(caught.value)


ASK = "ask www.example.com A draw 0\n"


@pytest.mark.parametrize(
    ("statements", "line", "said"),
    [
        ("dance\n", 0, "unknown statement 'dance'"),
        ("ask www.example.com\n", 0, "a type is missing"),
        ("ask www.example.com NOTYPE\n", 0, "unknown type NOTYPE"),
        ("ask www.example.com A via tcp\n", 0, "ask does not know 'via'"),
        ("ask www.example.com A from fra\n", 0, "'fra' is no address"),
        ("ask www.example.com A ecs 192.0.2.1/24\n", 0, "no network"),
        ("answer 192.0.2.1\n", 0, "before any ask"),
        (ASK + "expect NXDOMAIN\n", 1, "rcode is NOERROR, wanted NXDOMAIN"),
        (ASK + "expect NONSENSE\n", 1, "'NONSENSE' is no rcode"),
        (ASK + "expect NOERROR tc\n", 1, "tc is False"),
        (ASK + "expect NOERROR no-aa\n", 1, "aa is True"),
        (ASK + "expect NOERROR scope 0\n", 1, "scope is None"),
        (ASK + "expect NOERROR ttl 1..9\n", 1, "TTL is 60"),
        (ASK + "expect NOERROR ttl soon\n", 1, "'soon' is no TTL"),
        (ASK + "expect NOERROR size 20\n", 1, "octets, wanted at most 20"),
        (ASK + "answer 192.0.2.2\n", 1, "answer is 192.0.2.1, wanted 192.0.2.2"),
        (ASK + "answer 192.0.2.1, 192.0.2.2\n", 1, "answer is 192.0.2.1"),
        (ASK + "answer 192.0.2.1,\n", 1, "beside a comma"),
        (ASK + "answer one-of 192.0.2.3, 192.0.2.4\n", 1, "wanted 1 of"),
        (ASK + "answer 2 of 192.0.2.1, 192.0.2.2\n", 1, "wanted 2 of"),
        (ASK + "nodata\n", 1, "answer is 192.0.2.1"),
        (ASK + "nxdomain\n", 1, "rcode is NOERROR"),
        (ASK + "via example.net\n", 1, "chain of CNAMEs is nothing"),
        (ASK + "owner WWW.example.com\n", 1, "owner is www.example.com"),
        (ASK + "authority SOA x\n", 1, "authority is nothing"),
        (ASK + "additional A 192.0.2.1\n", 1, "additional is nothing"),
        (ASK + "shares 192.0.2.1 weight 1, 192.0.2.2 weight 1\n", 1, "wanted 192.0.2.1 50.0 %"),
        (ASK + "shares 192.0.2.1 weight 2, 192.0.2.2 weight 1\n", 1, "wanted 192.0.2.1 66.7 %"),
        (ASK + "shares 192.0.2.1 weight 1\n", 1, "answered, and should not be: 192.0.2.2"),
        (ASK + "shares 192.0.2.1 weight 3, 192.0.2.2 weight 0\n", 1, "answered, and should not be: 192.0.2.2"),
        (ASK + "shares 192.0.2.1 weight 3, 192.0.2.2 weight 1, 192.0.2.3 weight 1\n", 1, "192.0.2.3 20.0 %"),
        (ASK + "order 192.0.2.1>192.0.2.2 weight 1\n", 1, "answered, and should not be"),
        (ASK + "steady\n", 1, "another draw gives 192.0.2.2 instead of 192.0.2.1"),
        ("verdict fra down\n", 0, "wanted {'state': 'down'}"),
        ("fail fra x3\nverdict fra down since 5s\n", 1, "'since': 10.0"),
        ("down sin\n", 0, "nobody probes 'sin'"),
        ("at 10s\nat 5s\n", 1, "time goes forward only: it is 10s already"),
        ("at soon\n", 0, "'soon' is no time"),
        ("wait 5s ask nope.example.com A\nnodata\n", 1, "rcode is NXDOMAIN"),
        ("problem L003\n", 0, "no such problem"),
        ("edit pools.yaml policy: => polcy:\nreload\n", 1, "C002 unknown key 'polcy'"),
        ("edit pools.yaml failover => all\n", 0, "'failover' is not in pools.yaml"),
        ("remove nothing.yaml\n", 0, "no file nothing.yaml"),
        ("place 81.0.0.0/8\n", 0, "a place needs a fact"),
        ("place 81.0.0.1/8 country DE\n", 0, "no network"),
        ("include nowhere.inc\n", 0, ""),
        ("up fra\n  indented\n", 1, "an indented line belongs to"),
    ],
)
def test_what_is_false_is_told_with_its_line(tmp_path: Path, statements: str, line: int, said: str) -> None:
    text = told(tmp_path, WORLD + "reload\n" + statements)
    assert text.startswith(f"story.scn:{LINE + 1 + line}: ") or not said
    assert said in text


def test_a_scenario_tells_its_story_and_rules(tmp_path: Path) -> None:
    assert "begins with a comment" in told(tmp_path, "shows 5-shares\n")
    assert "names a rule" in told(tmp_path, "# A story without rules.\nreload\n")


def test_errors_that_nobody_names_are_told_at_the_end(tmp_path: Path) -> None:
    assert "unknown pool 'wbe'" in told(tmp_path, WORLD.replace("www: {pool: web}", "www: {pool: wbe}") + "reload\n")


def test_a_story_in_which_nothing_happens_proves_nothing(tmp_path: Path) -> None:
    assert "nothing happens" in told(tmp_path, WORLD)


def test_a_refused_first_load_answers_nobody(tmp_path: Path) -> None:
    broken = WORLD.replace("www: {pool: web}", "www: {pool: wbe}")
    assert "unknown pool 'wbe'" in told(tmp_path, broken + "ask www.example.com A\n")
    assert "nothing to go on with" in told(tmp_path, broken + "problem L003\nask www.example.com A\n")


def test_the_page_of_grammar_names_every_statement() -> None:
    page = PAGE.read_text()
    missing = [word for word in Story(PureAsker()).statements if f"`{word}" not in page]
    assert not missing


def test_the_example_of_the_page_holds(tmp_path: Path) -> None:
    path = tmp_path / "example.scn"
    path.write_text(PAGE.read_text().split("```text\n")[1].split("```")[0])
    play(read(path), PureAsker())
