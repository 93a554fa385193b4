"""What if: the moment of an explanation with sites and members taken as down, or at another time.

What is checked is taken as failing its checks since that moment; what is not, as put down by an operator, since nobody would notice. Assumptions
live in the explanation only. Raises UsageError for what is not in the model.
"""

from __future__ import annotations

from collections.abc import Iterator

from gslb import targets
from gslb.errors import UsageError
from gslb.explain.question import Question
from gslb.model import Member, Model, Pool
from gslb.moment import Moment
from gslb.override import Kind, Level, Override
from gslb.verdict import State, Verdict

ASSUMED = "assumed down"


def moment(model: Model, now: Moment, question: Question) -> Moment:
    """Return the moment as the question would have it."""
    time = now.now if question.at is None else question.at
    verdicts = dict(now.verdicts)
    overrides = list(now.overrides)
    for pool, member in (pair for text in question.down for pair in _meant(model, text)):
        checked = list(targets.of_member(model, member))
        for target in checked:
            before = verdicts.get(target)
            last_up = time if before is None or before.state is State.UP else before.last_up
            verdicts[target] = Verdict(State.DOWN, time, 0, last_up, None, ASSUMED)
        if not checked:
            overrides.append(Override(Kind.DOWN, Level.MEMBER, pool=pool.id, member=member.id, reason=ASSUMED))
    return Moment(verdicts, time, tuple(overrides))


def _meant(model: Model, text: str) -> Iterator[tuple[Pool, Member]]:
    """Return the members that a text speaks of."""
    name, slash, wanted = text.partition("/")
    if text in model.sites:
        yield from ((pool, member) for pool in model.pools.values() for member in pool.members if member.site == text)
        return
    if not slash or name not in model.pools:
        raise UsageError(f"{text!r} is neither a site nor POOL/MEMBER; sites: {', '.join(model.sites) or 'none'}")
    pool = model.pools[name]
    if not any(member.id == wanted for member in pool.members):
        raise UsageError(f"pool {name} has no member {wanted!r}; it has {', '.join(member.id for member in pool.members)}")
    yield from ((pool, member) for member in pool.members if member.id == wanted)
