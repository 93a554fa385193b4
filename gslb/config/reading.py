"""Master files as they were read, so that a reload reads anew only what has changed.

Made by `build` for each master file; the loader hands those of an accepted load to the next. A zone of a million names takes seconds to read,
and nothing to find unchanged.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gslb.config.files import Source
from gslb.errors import Problem
from gslb.model import Zone

Include = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Reading:
    """What a master file gave. `included`: the path and text of each file it included, in order."""

    source: Source
    included: tuple[tuple[str, str], ...]
    zone: Zone | None
    problems: tuple[Problem, ...]

    def still(self, source: Source, include: Include) -> bool:
        """Whether reading this file now would give the same: its text and all that it includes are what they were."""
        if source.name != self.source.name or source.text != self.source.text:
            return False
        try:
            return all(include(path) == text for path, text in self.included)
        except (OSError, ValueError):  # one of them is gone
            return False
