r"""TXT values in YAML: one text of any length, as octoDNS writes it.

Called by `records`. A text is cut into character-strings of 255 octets by itself. `\;` is a semicolon (octoDNS demands the backslash, we do
not), `\"`, `\\` and `\DDD` are as in master files. A text that begins with a quote is in presentation form already:
`"first" "second"`, joined, as octoDNS joins it.
"""

from __future__ import annotations

import re
from typing import Final

CHUNK: Final = 255  # octets of a character-string, RFC 1035 section 3.3

_ESCAPE: Final = re.compile(rb"\\([0-9]{3}|.)", re.DOTALL)
_QUOTED: Final = re.compile(r'"((?:[^"\\]|\\.)*)"\s*', re.DOTALL)


def wire(value: str) -> bytes:
    """Return the rdata of one TXT record. Raises ValueError with a message for the operator."""
    text = _join(value.strip()) if value.lstrip().startswith('"') else value
    data = _ESCAPE.sub(_octet, text.encode("utf-8", "surrogatepass"))
    chunks = [data[at : at + CHUNK] for at in range(0, len(data), CHUNK)] or [b""]
    found = b"".join(bytes([len(chunk)]) + chunk for chunk in chunks)
    if len(found) > 65_535:
        raise ValueError(f"a text of {len(data)} octets does not fit into one record: at most 65,279")
    return found


def _join(text: str) -> str:
    parts = []
    at = 0
    while at < len(text):
        match = _QUOTED.match(text, at)
        if match is None:
            raise ValueError('the text begins with a quote but is not a row of quoted texts; write \\" for a quote that belongs to it')
        parts.append(match.group(1))
        at = match.end()
    return "".join(parts)


def _octet(match: re.Match[bytes]) -> bytes:
    found = match.group(1)
    if len(found) == 1:
        return found
    number = int(found)
    if number > 255:
        raise ValueError(f"\\{number} is no octet: \\DDD goes up to 255")
    return bytes([number])
