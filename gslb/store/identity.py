"""Who uses a store, and whom it believes: what `open_store` is told beside the URL.

Made by the roles from the settings (`keys`). Without keys nothing is signed and everybody is believed: right for the memory store and for a lab,
and `signed` says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Final

from gslb.store.envelope import Anybody, Keyring, Signer

WRITERS: Final = MappingProxyType(  # kind → who signs it
    {"votes": "prober", "all": "prober", "lease": "prober", "book": "operator", "push": "site", "bundle": "operator"}
)


@dataclass(frozen=True, slots=True)
class Identity:
    """`node`: under which name reports and challenges are written. `signers`: the private keys held here, by writer (`prober`, `operator`, `site`).

    `state_dir`: where the marks are kept below which nothing is believed; None = nowhere, so that a restart begins with challenges alone.
    """

    node: str = ""
    signers: Mapping[str, Signer] = field(default_factory=lambda: MappingProxyType({}))
    keyring: Keyring = field(default_factory=Anybody)
    state_dir: Path | None = None

    @property
    def signed(self) -> bool:
        """Whether anything unsigned is refused."""
        return not isinstance(self.keyring, Anybody)
