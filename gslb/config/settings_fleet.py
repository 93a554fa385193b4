"""`fleet:` of the settings: whether this node's files are those of the store's published versions."""

from __future__ import annotations

from pydantic import Field

from gslb.config.section import Section


class Fleet(Section):
    """Files that are published to all nodes at once."""

    follow: bool = Field(default=False, description="serve (or probe) the versions that an operator publishes in the store, instead of `zones`")
    keep: int = Field(default=50, ge=2, le=1000, description="versions that `gslb publish` leaves in the store; at most 256 MiB of them")
