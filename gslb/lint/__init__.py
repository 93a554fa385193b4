"""What the operator's files mean together: rules over the whole model, whichever format it was written in.

Called by `gslb.config.load` once everything is read, and by `gslb check`. An error refuses the load: it would make answers wrong, or some
server of the same zone refuse it. A warning is something a careful colleague would ask about. Pure; never raises for a readable model.
One file per family of rules; each rule has a code of its own in `gslb.problem_codes`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from gslb.errors import Problem
from gslb.lint import (
    aliases,
    authority,
    checks,
    choice,
    cuts,
    fences,
    keys,
    kinds,
    members,
    nesting,
    owners,
    quorums,
    references,
    registrations,
    sizes,
    targets,
)
from gslb.lint.view import View, views
from gslb.model import Model

_OF_MODEL: Final[tuple[Callable[[Model], Iterable[Problem]], ...]] = (
    references.problems,
    checks.problems,
    members.problems,
    choice.problems,
    kinds.problems,
    fences.problems,
    quorums.problems,
    registrations.problems,
)

_OF_ZONE: Final[tuple[Callable[[View], Iterable[Problem]], ...]] = (
    authority.problems,
    cuts.problems,
    aliases.problems,
    targets.problems,
    owners.problems,
    sizes.problems,
    keys.problems,
    nesting.problems,
)


def lint(model: Model) -> list[Problem]:
    """Return everything the rules find, in the order of files and lines."""
    found = [problem for rule in _OF_MODEL for problem in rule(model)]
    for view in views(model):
        found += [problem for rule in _OF_ZONE for problem in rule(view)]
    return sorted(found, key=lambda problem: problem.where)
