"""What a scenario's operators say of sites, pools and members, against or beside what checks say. Part of a story."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from gslb.override import HOLD, Hold, Kind, Level, Override, Withdrawal
from gslb.testing.scenario.words import Words
from gslb.testing.scenario.world import World
from gslb.testing.scenario.written import Written

_KINDS: Final = [kind.value for kind in Kind]


class Overriding:
    """Gives a world its operators' words, and takes them back."""

    def __init__(self, world: World, written: Written) -> None:
        self._world = world
        self._written = written
        self.statements: Mapping[str, Callable[[Words], None]] = {
            "override": self._override,
            "lift": self._lift,
            "hold": self._hold,
            "release": self._release,
        }

    def _override(self, words: Words) -> None:
        """`override site SITE|pool POOL|member POOL/MEMBER down|drain|weight N|up [for TIME]`."""
        self._written.load(words)
        about = self._about(words)
        kind = words.take("down, drain, weight or up")
        if kind not in _KINDS:
            raise words.fail(f"{kind!r} is no override: one of {', '.join(_KINDS)}")
        weight = words.integer("weight") if kind == Kind.WEIGHT else 1
        self._world.say([replace(about, kind=Kind(kind), weight=weight, since=self._world.now, expires=self._until(words))])

    def _lift(self, words: Words) -> None:
        """`lift site SITE|pool POOL|member POOL/MEMBER`: whatever was said of it is taken back."""
        self._written.load(words)
        about = self._about(words)
        said = [one.key for one in self._world.said.standing(self._world.now) if (one.level, one.subject) == (about.level, about.subject)]
        if not said:
            raise words.fail("nothing has been said of it")
        self._world.say([Withdrawal(key, since=self._world.now) for key in said])

    def _hold(self, words: Words) -> None:
        """`hold [for TIME]`: all verdicts are frozen."""
        self._written.load(words)
        self._world.say([Hold(since=self._world.now, expires=self._until(words))])

    def _release(self, words: Words) -> None:
        """`release`: verdicts move again."""
        self._written.load(words)
        self._world.say([Withdrawal(HOLD, since=self._world.now)])

    def _until(self, words: Words) -> float | None:
        return self._world.now + words.duration("a time") if words.skip("for") else None

    def _about(self, words: Words) -> Override:
        level, name = words.take("site, pool or member"), words.take("a name")
        pools = self._world.model.pools
        if level == "site" and name in self._world.model.sites:
            return Override(Kind.UP, Level.SITE, site=name)
        if level == "pool" and name in pools:
            return Override(Kind.UP, Level.POOL, pool=name)
        pool, _, member = name.partition("/")
        if level == "member" and pool in pools and any(one.id == member for one in pools[pool].members):
            return Override(Kind.UP, Level.MEMBER, pool=pool, member=member)
        raise words.fail(f"there is no {level} {name!r}: site SITE, pool POOL or member POOL/MEMBER")
