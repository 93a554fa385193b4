"""What if: a moment with sites, pools and members taken as down or as drained, or at another time.

What is checked is taken as failing its checks since that moment; what is not, as put down by an operator, since nobody would notice. Assumptions
live in explanations and simulations only. Raises UsageError for what is not in the model.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from gslb import targets
from gslb.errors import UsageError
from gslb.model import Member, Model, Pool
from gslb.moment import Moment
from gslb.override import Kind, Level, Override
from gslb.verdict import State, Verdict

ASSUMED = "assumed down"
DRAINED = "assumed drained"


class Assumed(NamedTuple):
    """`down`, `drained`: sites, pools and members, as `site:fra`, `pool:web` and `member:web/fra`, or without the word where it is clear.

    `at`: seconds since 1970, None = now.
    """

    down: tuple[str, ...] = ()
    drained: tuple[str, ...] = ()
    at: float | None = None

    @property
    def anything(self) -> bool:
        """Whether it differs from what is."""
        return bool(self.down or self.drained or self.at is not None)


NOTHING = Assumed()


def moment(model: Model, now: Moment, assumed: Assumed) -> Moment:
    """Return the moment as the question would have it."""
    time = now.now if assumed.at is None else assumed.at
    verdicts = dict(now.verdicts)
    overrides = list(now.overrides)
    for pool, member in (pair for text in assumed.down for pair in _meant(model, text)):
        checked = list(targets.of_member(model, member))
        for target in checked:
            before = verdicts.get(target)
            last_up = time if before is None or before.state is State.UP else before.last_up
            verdicts[target] = Verdict(State.DOWN, time, 0, last_up, None, ASSUMED)
        if not checked:
            overrides.append(Override(Kind.DOWN, Level.MEMBER, pool=pool.id, member=member.id, reason=ASSUMED))
    for pool, member in (pair for text in assumed.drained for pair in _meant(model, text)):
        overrides.append(Override(Kind.DRAIN, Level.MEMBER, pool=pool.id, member=member.id, reason=DRAINED))
    return Moment(verdicts, time, tuple(overrides))


def _meant(model: Model, text: str) -> Iterator[tuple[Pool, Member]]:
    """Return the members that a text speaks of. Without a word before it a text is a site, or POOL/MEMBER, or a pool."""
    word, colon, rest = text.partition(":")
    word, name = (word, rest) if colon and word in ("site", "pool", "member") else ("", text)
    pool, slash, wanted = name.partition("/")
    if word in ("", "site") and name in model.sites:
        yield from ((one, member) for one in model.pools.values() for member in one.members if member.site == name)
    elif word in ("", "member") and slash and pool in model.pools:
        found = [member for member in model.pools[pool].members if member.id == wanted]
        if not found:
            raise UsageError(f"pool {pool} has no member {wanted!r}; it has {', '.join(member.id for member in model.pools[pool].members)}")
        yield from ((model.pools[pool], member) for member in found)
    elif word in ("", "pool") and name in model.pools:
        yield from ((model.pools[name], member) for member in model.pools[name].members)
    else:
        raise UsageError(_unknown(model, word, text))


def _unknown(model: Model, word: str, text: str) -> str:
    known: Sequence[str] = [*model.pools] if word == "pool" else [*model.sites]
    what = {"": "a site nor POOL/MEMBER", "site": "a site", "pool": "a pool", "member": "a member of a pool (POOL/MEMBER)"}[word]
    kind = "pools" if word == "pool" else "sites"
    return f"{text!r} is {'neither' if not word else 'not'} {what}; {kind}: {', '.join(known) or 'none'}"
