"""Patterns match what Python's `re` matches, in linear time, piece by piece."""

from __future__ import annotations

import asyncio
import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gslb.check.pattern import Pattern, PatternError


def occurs(pattern, text, pieces=1):
    scan = Pattern(pattern).scan()
    size = -(-len(text) // pieces) or 1
    heard = [scan.feed(text[at : at + size]) for at in range(0, len(text), size)]  # all of it, also after a match
    return any(heard) or scan.end()


@pytest.mark.parametrize(
    ("pattern", "yes", "no"),
    [
        ("ready", ["ready", "all ready now"], ["", "read", "rea dy"]),
        ("^ok$", ["ok", "ok\n"], ["ok\n\n", "\nok", "not ok", "okay"]),
        ("(?m)^ok$", ["ok", "a\nok\nb", "\nok"], ["not ok", "okay"]),
        (r"\Aok\Z", ["ok"], ["ok\n", " ok"]),
        (r"\bup\b", ["up", "is up.", "up\n"], ["upper", "_up", "pup"]),
        (r"\Bup", ["pup"], ["up", " up"]),
        ("(?i)HeaLthy", ["HEALTHY", "healthy"], ["heal"]),
        ("(?i)[^a-f]x", ["gx", "GX"], ["ax", "AX", "x"]),
        ("a.c", ["abc"], ["a\nc", "ac"]),
        ("(?s)a.c", ["a\nc"], ["ac"]),
        ("(?:a|bc)+d", ["ad", "abcad", "bcbcd"], ["bd", "d"]),
        (r"lag: \d{1,3}\b", ["lag: 7", "lag: 120 s"], ["lag: 1200", "lag: x"]),
        (r"x{0}y", ["y"], ["x"]),
        ("a{2,}b", ["aab", "aaab"], ["ab"]),
        (r"[\w.-]+@\S+?\.example", ["a.b@c.example"], ["@.example"]),
        ("größe ✓", ["die größe ✓"], ["grösse"]),
        ("(a*)*b|^$", ["b", "aab", "", "\n"], ["a"]),
        ("", ["", "x"], []),
    ],
)
def test_like_re(pattern, yes, no):
    for text, wanted in [(one, True) for one in yes] + [(one, False) for one in no]:
        assert bool(re.search(pattern, text)) is wanted
        assert [occurs(pattern, text, pieces) for pieces in (1, 2, 7)] == [wanted] * 3, text


ATOMS = st.sampled_from(["a", "b", ".", "[ab]", "[^a]", r"\n", r"\w", r"\W", r"\s", "^", "$", r"\b", r"\Z", r"\A", r"\d", "1"])
PATTERNS = st.recursive(
    ATOMS,
    lambda inner: (
        st.tuples(inner, inner).map("".join)
        | st.tuples(inner, inner).map(lambda two: f"(?:{two[0]}|{two[1]})")
        | st.tuples(inner, st.sampled_from(["*", "+", "?", "{2}", "{1,3}", "*?"])).map(lambda two: f"(?:{two[0]}){two[1]}")
    ),
    max_leaves=6,
)


@settings(max_examples=400, deadline=None)
@given(PATTERNS, st.text(alphabet="ab1 \n", max_size=12), st.integers(1, 4), st.sampled_from(["", "(?m)", "(?s)", "(?i)"]))
def test_equal_to_re_on_random_patterns(pattern, text, pieces, flags):
    assert occurs(flags + pattern, text, pieces) is bool(re.search(flags + pattern, text))


@pytest.mark.parametrize("pattern", ["(a+)+b", "(a|aa)+b", "(?:a*)*(?:a*)*b", "a*a*a*a*b", "(.*)(.*)(.*)x", "(a?){100}a{100}b"])
def test_linear_where_re_would_never_end(pattern):
    text = "a" * 65_536
    before = time.process_time()
    assert not occurs(pattern, text)
    assert time.process_time() - before < 2.0


async def test_others_have_their_turn_meanwhile():
    """A pattern whose states are never seen twice: the slowest there is, and the loop still turns."""
    turns = 0

    async def other():
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(other())
    text = "".join("ab"[(n * n >> 3) & 1] for n in range(20_000))
    assert not await Pattern("(?:a|b)*a(?:a|b){60}c").occurs(text)
    task.cancel()
    assert turns >= 20_000 // 512


def test_what_is_kept_is_bounded():
    pattern = Pattern("x[^y]*y")
    for start in range(0, 60_000, 5_000):
        scan = pattern.scan()
        scan.feed("x" + "".join(map(chr, range(0x4E00 + start % 15_000, 0x4E00 + start % 15_000 + 5_000))))
        assert sum(len(state.moves) for state in pattern._states.values()) <= 10_001


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("(", "missing )"),
        ("[b-a]", "bad character range"),
        (r"(a)\1", "linear time"),
        ("(?=a)b", "linear time"),
        ("(?<!a)b", "linear time"),
        ("(?>a+)b", "linear time"),
        ("a++b", "linear time"),
        ("(?:a{100}){100}", "too large"),
        ("x" * 1001, "at most 1000"),
        ("(" * 490 + ")" * 490, "too deep"),
    ],
)
def test_what_is_refused(pattern, why):
    with pytest.raises(PatternError, match=re.escape(why)):
        Pattern(pattern)
