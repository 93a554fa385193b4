r"""Words of a master file taken as plain text: quotes off, `\X` and `\DDD` resolved (RFC 1035 section 5.1)."""

from __future__ import annotations

import re
from typing import Final

_ESCAPE: Final = re.compile(r"\\(?:([0-9]{3})|(.))", re.DOTALL | re.ASCII)


def unquoted(word: str) -> str:
    """Return what a word says."""
    if len(word) > 1 and word.startswith('"'):
        word = word[1:-1]
    return _ESCAPE.sub(lambda match: chr(int(match[1])) if match[1] else match[2], word)
