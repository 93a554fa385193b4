"""What the supervisor tells a plane when it starts it: the few settings that concern packets, as one argument."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Self

from gslb.transport.connections import Limits
from gslb.transport.telling import Telling


@dataclass(frozen=True, slots=True)
class Options:
    """What a plane is told by its command line."""

    user: str = ""  # to become, where we are root
    engine: str = "python"
    sockets: int = 0  # descriptors that it needs for listening
    max_udp: int = 1232
    ecs: bool = True
    tcp: Limits = field(default_factory=Limits)
    telling: Telling = field(default_factory=Telling)
    log_level: str = "info"
    log_format: str = "auto"

    def as_text(self) -> str:
        """Write them as one argument."""
        return json.dumps(asdict(self))

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read what `as_text` wrote."""
        given = json.loads(text)
        return cls(**{**given, "tcp": Limits(**given["tcp"]), "telling": Telling.read(given["telling"])})
