"""The role `gslb run`: everything in one, with the prober inside control. For one machine, for trying out, and for tests."""

from __future__ import annotations

from pathlib import Path

from gslb.config.settings import Settings
from gslb.role.serve import supervise


def run(settings: Settings, path: Path | None) -> None:
    """Serve and probe until SIGTERM. Raises GslbError."""
    supervise(settings, path, probing=True, api=settings.api is not None)
