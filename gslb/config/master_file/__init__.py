"""RFC 1035 master files: a zone as NSD, BIND and Knot read it, plus names that point to pools.

Called by `gslb.config.load`, once per `*.zone` file. Every mistake is noted with the file, line and column where it stands,
and reading goes on. Must never raise for bad content, read a file itself, or do unbounded work.

    text ─ line ─▶ words with places ─ reader ─▶ directives (included, generate)
                                          └────▶ record (ttl, dynamic, rdata) ─▶ records ─▶ model.Zone
"""

from __future__ import annotations

from collections.abc import Callable

from gslb import model
from gslb.config.master_file.complaints import Complaints
from gslb.config.master_file.included import included_file, includes_from
from gslb.config.master_file.reader import Reader
from gslb.config.master_file.records import Records
from gslb.errors import Problems, Where

__all__ = ["included_file", "includes_from", "read"]


def read(path_or_name: str, text: str, problems: Problems, *, default_origin: bytes, include: Callable[[str], str] | None) -> model.Zone | None:
    """Read the zone `default_origin` (its name comes from the file's, as with NSD and BIND) from a master file's text.

    `include` gives the text of a file named relative to the zone file's folder (`includes_from`); None forbids `$INCLUDE`.
    Mistakes go into `problems`; what could be read is returned all the same, so that lint can judge it in the same run. None: no SOA.
    """
    complaints = Complaints(problems)
    records = Records(default_origin.lower(), complaints)
    reader = Reader(path_or_name, records, complaints, include)
    reader.read(path_or_name, text, default_origin)
    return records.zone(Where(path_or_name, 1, 1), soa_may_be_lost=reader.torn)
