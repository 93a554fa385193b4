"""Regular expressions over what strangers send: Python's syntax, matched in linear time.

Called by the check types for `{regex: …}`. Python's own matcher backtracks: a pattern such as `(a+)+b` against a page of a's would hold
the whole prober for hours, and a thread would not help, as it keeps the interpreter's lock. So a pattern is parsed by `re`
and run as an automaton whose states are made when first needed (Thompson's construction). Each character is looked at once.
References back and looking around have no such automaton and are refused at load.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterable, Sequence
from re import _constants as sre  # type: ignore[attr-defined]  # the parser of `re` has no public door; a second one would be a second syntax
from re import _parser as parser  # type: ignore[attr-defined]  # as above; tests hold both against `re` itself
from typing import Any, Final

_NODES: Final = 500  # parts of an automaton: far more than any health page needs; a step costs at most as many looks
_KEPT: Final = 10_000  # moves kept between looks, some 1 MB; after that they are made anew
_SLICE: Final = 512  # characters matched before others have their turn: 20 µs as a rule, 50 ms at worst
_LENGTH: Final = 1000  # characters of a pattern

_END: Final = ""  # the symbol after the last character
_LAST: Final = "\n\0"  # a line feed that is the last character: `$` matches before it

Test = Callable[[str], bool]


class PatternError(ValueError):
    """The pattern cannot be used; the text says why."""


class _Node:
    """A part of the automaton: a character to pass, a place to be at, or a fork; without any of them the match."""

    __slots__ = ("at", "forks", "test", "then")

    def __init__(self, then: _Node | None = None, *, test: Test | None = None, at: Callable[[str, str], bool] | None = None) -> None:
        self.then = then
        self.test = test
        self.at = at
        self.forks: list[_Node] = []


class _State:
    """All nodes the text may stand at, and the character before; `moves` by the next symbol are filled in when first met."""

    __slots__ = ("before", "moves", "nodes")

    def __init__(self, nodes: frozenset[_Node], before: str) -> None:
        self.nodes = nodes
        self.before = before
        self.moves: dict[str, _State] = {}


_MATCHED: Final = _State(frozenset(), "")


class Pattern:
    """A pattern, ready to be searched for. Raises PatternError."""

    def __init__(self, text: str) -> None:
        if len(text) > _LENGTH:
            raise PatternError(f"{len(text)} characters: at most {_LENGTH}")
        try:
            parsed = parser.parse(text)
            self._made = 0
            self._start = self._build(parsed, parsed.state.flags, _Node())
        except (re.error, OverflowError) as error:
            raise PatternError(str(error)) from error
        except RecursionError as error:
            raise PatternError("too deep") from error
        self.text = text
        self._states: dict[tuple[frozenset[_Node], str], _State] = {}
        self._moves = 0

    def scan(self) -> Scan:
        """Begin a search."""
        return Scan(self)

    async def occurs(self, text: str) -> bool:
        """Search a whole text, letting others have their turn."""
        scan = self.scan()
        for at in range(0, len(text), _SLICE):
            if scan.feed(text[at : at + _SLICE]):
                return True
            await asyncio.sleep(0)
        return scan.end()

    def begin(self) -> _State:
        """Return the state before the first character."""
        return self._state(frozenset(), _END)

    def move(self, state: _State, symbol: str) -> _State:
        """Go over one symbol."""
        self._moves += 1
        if self._moves > _KEPT:
            self._states.clear()
            self._moves = 0
        char = symbol[:1]
        passed: set[_Node] = set()
        reached = {self._start, *state.nodes}  # a match may begin anywhere
        waiting = list(reached)
        while waiting:
            node = waiting.pop()
            if node.test:
                if char and node.test(char) and node.then:
                    passed.add(node.then)
                continue
            if not node.forks and node.then is None:
                return _MATCHED
            ahead = node.forks or ([node.then] if node.then and (node.at is None or node.at(state.before, symbol)) else [])
            fresh = [one for one in ahead if one not in reached]
            reached.update(fresh)
            waiting += fresh
        return self._state(frozenset(passed), char)

    def _state(self, nodes: frozenset[_Node], before: str) -> _State:
        kind = before if before in (_END, "\n") else "a" if _word(before) else "-"  # all that `^`, `$` and `\b` ask of it
        state = self._states.get((nodes, kind))
        if state is None:
            state = self._states[nodes, kind] = _State(nodes, kind)
        return state

    # ---- from the parsed pattern to nodes, from its end to its beginning ----

    def _node(self, then: _Node | None, test: Test | None = None, at: Callable[[str, str], bool] | None = None) -> _Node:
        self._made += 1
        if self._made > _NODES:
            raise PatternError("too large; repeat less often")
        return _Node(then, test=test, at=at)

    def _build(self, items: Sequence[tuple[Any, Any]], flags: int, then: _Node) -> _Node:
        for op, value in reversed(list(items)):
            then = self._one(op, value, flags, then)
        return then

    def _one(self, op: Any, value: Any, flags: int, then: _Node) -> _Node:
        if op in (sre.MAX_REPEAT, sre.MIN_REPEAT):  # greedy or not: whether it occurs is the same
            least, most, inner = value
            return self._repeat(least, most, inner, flags, then)
        if op is sre.SUBPATTERN:
            _, more, less, inner = value
            return self._build(inner, (flags | more) & ~less, then)
        if op is sre.BRANCH:
            fork = self._node(None)
            fork.forks = [self._build(one, flags, then) for one in value[1]]
            return fork
        if op is sre.AT:
            return self._node(then, at=_place(value, flags))
        test = _single(op, value, flags)
        if test is None:
            raise PatternError("looking around, references back and possessive repeats cannot be matched in linear time")
        return self._node(then, test=test)

    def _repeat(self, least: int, most: Any, inner: Sequence[tuple[Any, Any]], flags: int, then: _Node) -> _Node:
        if most is sre.MAXREPEAT:
            loop = self._node(None)
            loop.forks = [self._build(inner, flags, loop), then]
            then = loop
        else:
            end = then
            for _ in range(most - least):
                fork = self._node(None)
                fork.forks = [self._build(inner, flags, then), end]
                then = fork
        for _ in range(least):
            then = self._build(inner, flags, then)
        return then


class Scan:
    """One search, fed piece by piece."""

    def __init__(self, pattern: Pattern) -> None:
        self._pattern = pattern
        self._state = pattern.begin()
        self._held = ""  # the last character: whether it is the last of all is not known yet

    def feed(self, text: str) -> bool:
        """Go on; whether the pattern has occurred for certain."""
        if not text:
            return self._state is _MATCHED
        text = self._held + text
        self._held = text[-1]
        return self._run(text[:-1])

    def end(self) -> bool:
        """Whether the pattern occurs in all of it."""
        return self._run([_LAST if self._held == "\n" else self._held, _END] if self._held else [_END])

    def _run(self, symbols: Iterable[str]) -> bool:
        state, move = self._state, self._pattern.move
        for symbol in symbols:
            if state is _MATCHED:
                break
            ahead = state.moves.get(symbol)
            if ahead is None:
                ahead = state.moves[symbol] = move(state, symbol)
            state = ahead
        self._state = state
        return state is _MATCHED


def _single(op: Any, value: Any, flags: int) -> Test | None:
    """Return the test of one character, None where it is no such thing."""
    if op is sre.LITERAL:
        return _cased(chr(value).__eq__, flags)
    if op is sre.NOT_LITERAL:
        same = _cased(chr(value).__eq__, flags)
        return lambda char: not same(char)
    if op is sre.ANY:
        return (lambda _char: True) if flags & re.DOTALL else "\n".__ne__
    if op is sre.CATEGORY:
        return _category(value, flags)
    if op is sre.RANGE:
        low, high = chr(value[0]), chr(value[1])
        return _cased(lambda char: low <= char <= high, flags)
    if op is not sre.IN:
        return None
    negated = value[0][0] is sre.NEGATE
    tests = [test for op, one in value if op is not sre.NEGATE and (test := _single(op, one, flags))]
    return lambda char: any(test(char) for test in tests) is not negated


def _category(code: Any, flags: int) -> Test:
    r"""Return the test of `\d`, `\s`, `\w` or their opposites."""
    base = {
        sre.CATEGORY_DIGIT: str.isdecimal,
        sre.CATEGORY_NOT_DIGIT: str.isdecimal,
        sre.CATEGORY_SPACE: str.isspace,
        sre.CATEGORY_NOT_SPACE: str.isspace,
    }.get(code, _word)
    ascii_only = bool(flags & re.ASCII)
    negated = code in (sre.CATEGORY_NOT_DIGIT, sre.CATEGORY_NOT_SPACE, sre.CATEGORY_NOT_WORD)
    return lambda char: (base(char) and (char.isascii() or not ascii_only)) is not negated


def _word(char: str) -> bool:
    return char.isalnum() or char == "_"


def _cased(test: Test, flags: int) -> Test:
    """Let the test pass for either case, where the pattern says so."""
    return (lambda char: test(char) or test(char.lower()) or test(char.upper())) if flags & re.IGNORECASE else test


def _place(code: Any, flags: int) -> Callable[[str, str], bool]:
    r"""Return the test of `^`, `$`, `\A`, `\Z`, `\b` or `\B` by the characters around it."""
    lines = bool(flags & re.MULTILINE)
    if code in (sre.AT_BEGINNING, sre.AT_BEGINNING_STRING):
        return lambda before, _: before == _END or (lines and code is sre.AT_BEGINNING and before == "\n")
    if code is sre.AT_END:
        return lambda _, after: after in (_END, _LAST) or (lines and after == "\n")
    if code is sre.AT_END_STRING:
        return lambda _, after: after == _END
    inside = code is sre.AT_NON_BOUNDARY
    return lambda before, after: (_word(before) is _word(after[:1])) is inside
