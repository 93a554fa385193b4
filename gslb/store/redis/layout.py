"""The layout of the shared store, version 1: names of keys, and the bounds within which they are read (`docs/reference/store.md`).

Everything has one hash tag: one slot of a Cluster, so that MULTI reaches all of it. A later version adds keys and fields and never changes what one
means; readers pass over what they do not know.
"""

from __future__ import annotations

from typing import Any, Final

VERSION: Final = 1

NAMES: Final = 1024  # members read of any set of names
NAME: Final = 64  # characters of one; as long as a signer's
LARGEST: Final = 128 << 10  # octets read of any string: the largest record there may be
INLINE: Final = 16 << 10  # octets of a record that travels in its hint; a larger one is fetched by those who need it
HINTS: Final = 4096  # hints kept: some minutes of a fleet in trouble; whoever is further behind reads everything
AUDIT: Final = 10_000  # entries kept of who said what
EVENTS: Final = 10_000  # entries kept of what happened: days of a quiet fleet, minutes of one in trouble
CHANGES: Final = 256  # records of changes in one prober's hash, then all is written anew
PARTS: Final = 256  # records that all votes of one prober may take: 131,072 votes
HASH: Final = 16 << 20  # octets that one hash may take in the server's memory; a larger one is not read
NONCES: Final = 4096
PUSHES: Final = 4096  # fields of one registrant
VERSIONS: Final = 2048  # fields of published versions
PARCELS: Final = 256 << 20  # octets of packed files that older versions may take; the newest stays whatever it takes
PIECE: Final = 512 << 10  # octets of packed files that are read or written at once: within the deadline at 2 Mbit/s
UPLOADING: Final = 900  # seconds until what was never published is gone
KEPT: Final = 86_400  # seconds until what nobody renews is gone
REPORTED: Final = 60_000  # milliseconds until a nameserver's report is gone


class Layout:
    """Keys of the store that is called `name`."""

    def __init__(self, name: str = "gslb") -> None:
        self.prefix = f"{{{name}}}:{VERSION}:"
        self.id = self.prefix + "id"
        self.count = self.prefix + "n"
        self.hints = self.prefix + "hints"
        self.probers = self.prefix + "probers"
        self.book = self.prefix + "book"
        self.nonces = self.prefix + "nonces"
        self.nodes = self.prefix + "nodes"
        self.registrants = self.prefix + "registrants"
        self.audit = self.prefix + "audit"
        self.events = self.prefix + "events"
        self.bundle = self.prefix + "bundle"
        self.bundles = self.prefix + "bundles"

    def lease(self, prober: str) -> str:
        """Return the key of a prober's lease: a string, one record."""
        return f"{self.prefix}lease:{prober}"

    def votes(self, prober: str) -> str:
        """Return the key of a prober's votes: a hash, `a0…` all in parts, `c<sequence>` changes since."""
        return f"{self.prefix}votes:{prober}"

    def node(self, node: str) -> str:
        """Return the key of a nameserver's report: a string of JSON."""
        return f"{self.prefix}node:{node}"

    def push(self, registrant: str) -> str:
        """Return the key of what a site says of itself: a hash, one record by `Push.key`."""
        return f"{self.prefix}push:{registrant}"

    def parcel(self, digest: str) -> str:
        """Return the key of a version's files: a string, packed; versions with the same files share it."""
        return f"{self.prefix}bundle:{digest}"

    def hint(self, kind: str, writer: str, record: bytes = b"", field: str = "") -> list[tuple[Any, ...]]:
        """Return the commands that tell of a change: to be put into the MULTI of the change itself."""
        words: list[str | bytes] = ["k", kind, "w", writer]
        if field:
            words += ["f", field]
        if record and len(record) <= INLINE:
            words += ["r", record]
        return [("INCR", self.count), ("XADD", self.hints, "MAXLEN", "~", HINTS, "*", *words)]


def names(found: Any) -> list[str]:
    """Read names of a set: what is none is passed over."""
    texts = []
    for octets in found if isinstance(found, list) else []:
        if isinstance(octets, bytes) and 0 < len(octets) <= NAME:
            try:
                texts.append(octets.decode())
            except UnicodeDecodeError:
                continue
    return sorted(texts)[:NAMES]
