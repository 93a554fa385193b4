r"""Names that point to pools: `GSLB pool` (also as `TYPE65401 \# …`), and gdnsd's `DYNA plugin!resource`.

gdnsd's plugin and resource together are what a pool is here, so the resource names the pool and the plugin is dropped.
"""

from __future__ import annotations

from typing import Final

from gslb.config.master_file.word import unquoted

DYNAMIC_TYPES: Final = frozenset(["GSLB", "TYPE65401", "DYNA", "DYNC"])


def pool_id(type_text: str, words: list[str]) -> str:
    """Return the pool that the data of a dynamic name points to. Raises ValueError with a message for the operator."""
    if type_text in ("GSLB", "TYPE65401") and words[:1] == ["\\#"]:
        return _generic(words[1:])
    if type_text == "TYPE65401":
        raise ValueError("TYPE65401 data is written as \\# length hex (RFC 3597); GSLB takes the pool's name itself")
    if len(words) != 1:
        raise ValueError(f"{type_text} takes one word, the pool's name")
    name = unquoted(words[0])
    if type_text == "DYNA":
        plugin, mark, resource = name.partition("!")
        name = resource if mark else plugin
        if "/" in name:
            raise ValueError(f"{words[0]!r} names one data centre of a resource: give those members a pool of their own")
    if not name:
        raise ValueError(f"{type_text} needs the pool's name")
    return name


def _generic(words: list[str]) -> str:
    r"""Read `\# length hex`: the pool's name as a character-string, or its bare octets."""
    try:
        octets = bytes.fromhex("".join(words[1:]))
    except ValueError:
        raise ValueError("hex digits are expected after \\# and the length") from None
    if not words or not words[0].isdigit() or words[0] != str(len(octets)):
        raise ValueError(f"the length after \\# does not match the {len(octets)} octets that follow")
    bare = octets[1:] if octets and octets[0] == len(octets) - 1 else octets
    if not bare or not bare.isascii() or not bare.decode("ascii").isprintable():
        raise ValueError("the octets are not a pool's name")
    return bare.decode("ascii")
