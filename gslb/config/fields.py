"""Record data written as fields (`{preference: 10, exchange: mail.example.com.}`), by octoDNS's names for them.

One table says which fields a type has; called by `records`, which hands the resulting presentation text to `rdata`. Raises
`FieldError`, never anything else. Adding a type that operators like to write as fields is one entry in `TYPES`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from gslb.config.words import kind, meant, shown


class FieldError(Exception):
    """What is wrong with a field; `key` is where, None = the value as a whole."""

    def __init__(self, message: str, key: str | None = None, hint: str = "", code: str = "R007") -> None:
        super().__init__(message)
        self.message, self.key, self.hint, self.code = message, key, hint, code


class Form(StrEnum):
    """How a field is written in presentation form."""

    NUMBER = "number"
    WORD = "word"  # one token: hex, base64, a mnemonic
    TEXT = "text"  # a quoted character-string
    NAME = "name"
    PARAMS = "params"  # SVCB parameters: a mapping


@dataclass(frozen=True, slots=True)
class Field:
    """One field: its names (the first is preferred), form, and default; None = required."""

    names: tuple[str, ...]
    form: Form
    default: str | None = None


def _number(*names: str, default: str | None = None) -> Field:
    return Field(names, Form.NUMBER, default)


_SVCB: Final = (
    _number("priority", "svcpriority"),
    Field(("target", "targetname"), Form.NAME),
    Field(("params", "svcparams"), Form.PARAMS, ""),
)

TYPES: Final[dict[str, tuple[Field, ...]]] = {
    "MX": (_number("preference", "priority"), Field(("exchange", "value"), Form.NAME)),
    "SRV": (_number("priority"), _number("weight"), _number("port"), Field(("target",), Form.NAME)),
    "CAA": (_number("flags", default="0"), Field(("tag",), Form.WORD), Field(("value",), Form.TEXT)),
    "NAPTR": (
        _number("order"),
        _number("preference"),
        Field(("flags",), Form.TEXT),
        Field(("service",), Form.TEXT),
        Field(("regexp",), Form.TEXT),
        Field(("replacement",), Form.NAME),
    ),
    "SSHFP": (_number("algorithm"), _number("fingerprint_type"), Field(("fingerprint",), Form.WORD)),
    "TLSA": (
        _number("certificate_usage"),
        _number("selector"),
        _number("matching_type"),
        Field(("certificate_association_data",), Form.WORD),
    ),
    "DS": (_number("key_tag"), Field(("algorithm",), Form.WORD), _number("digest_type"), Field(("digest",), Form.WORD)),
    "URI": (_number("priority"), _number("weight"), Field(("target",), Form.TEXT)),
    "LOC": (
        _number("lat_degrees"),
        _number("lat_minutes", default="0"),
        _number("lat_seconds", default="0"),
        Field(("lat_direction",), Form.WORD),
        _number("long_degrees"),
        _number("long_minutes", default="0"),
        _number("long_seconds", default="0"),
        Field(("long_direction",), Form.WORD),
        _number("altitude"),
        _number("size", default="1"),
        _number("precision_horz", default="10000"),
        _number("precision_vert", default="10"),
    ),
    "SVCB": _SVCB,
    "HTTPS": _SVCB,
}

TOLERATED: Final = {"SVCB": ("hints",), "HTTPS": ("hints",)}  # `hints: auto` will fill the hints from the pool's decision

_NUMERAL: Final = re.compile(r"-?[0-9]{1,10}(?:\.[0-9]{1,6})?").fullmatch
_TOKEN: Final = re.compile(r"""[^\s";()\\@]+""").fullmatch


def text(type_text: str, value: Mapping[str, Any], source: Mapping[str, str]) -> str:
    """Write fields as presentation text. `source`: how scalars were written, where YAML made numbers of them."""
    fields = TYPES.get(type_text)
    if fields is None:
        raise FieldError(f"{type_text} has no fields", None, "write its data as one text, as in a master file")
    known = {name: field for field in fields for name in field.names}
    for key in value:
        if key not in known and key not in TOLERATED.get(type_text, ()):
            raise FieldError(f"unknown field {key!r} of {type_text}", key, meant(key, known))
    if value.get("hints", "auto") != "auto":
        raise FieldError(f"hints: {shown(value['hints'])} is not understood", "hints", "hints: auto, or leave it out")
    parts = [_part(type_text, field, value, source) for field in fields]
    if type_text == "LOC":
        parts[8:] = [f"{metres}m" for metres in parts[8:]]
    return " ".join(part for part in parts if part)


def _part(type_text: str, field: Field, value: Mapping[str, Any], source: Mapping[str, str]) -> str:
    given = [name for name in field.names if name in value]
    if len(given) > 1:
        raise FieldError(f"{given[0]!r} and {given[1]!r} of {type_text} are the same field", given[1], "keep one of them")
    if not given:
        if field.default is None:
            order = ", ".join(one.names[0] for one in TYPES[type_text])
            raise FieldError(f"{type_text} has no {field.names[0]!r}", None, f"its fields: {order}")
        return field.default
    key = given[0]
    one = value[key]
    if field.form is Form.PARAMS:
        return _params(one, key)
    if isinstance(one, dict | list | bool) or one is None:
        raise FieldError(f"{key!r} of {type_text} cannot be {kind(one)}", key)
    written = one if isinstance(one, str) else source.get(key, str(one))
    if field.form is Form.NUMBER:
        if isinstance(one, int) or _NUMERAL(written):
            return str(one)
        raise FieldError(f"{key!r} of {type_text} must be a number, not {kind(one)}", key)
    if field.form is Form.TEXT:
        return quoted(written)
    if field.form is Form.NAME:
        return absolute(written, key)
    if not _TOKEN(written):
        raise FieldError(f"{key!r} of {type_text} must be one word, not {kind(one)}", key)
    return written


def absolute(name: str, key: str | None = None) -> str:
    """Insist on the final dot: without it a name would silently end in the zone's own name (octoDNS insists too)."""
    if name.endswith("."):
        return name
    raise FieldError(f"{shown(name)} has no final dot", key, "names in values are absolute", "R008")


def quoted(value: str) -> str:
    """Write a character-string of presentation form (RFC 1035 section 5.1)."""
    return '"' + "".join(_escaped(octet) for octet in value.encode("utf-8", "surrogatepass")) + '"'


def _escaped(octet: int) -> str:
    if octet in (0x22, 0x5C):
        return "\\" + chr(octet)
    return chr(octet) if 0x20 <= octet <= 0x7E else f"\\{octet:03d}"


def _params(value: Any, key: str) -> str:
    """Write SVCB parameters (RFC 9460 section 2.1)."""
    if value is None:
        return ""
    if not isinstance(value, dict):
        raise FieldError(f"{key!r} must be a mapping, not {kind(value)}", key, "such as {alpn: [h2, h3], port: 443}")
    out = []
    for name, one in value.items():
        if not _TOKEN(name) or "=" in name:
            raise FieldError(f"{shown(name)} is not a parameter's name", key)
        if one is None or one is True or one == "":
            out.append(name)
        elif isinstance(one, list):
            items = [str(item) for item in one if not isinstance(item, dict | list)]
            out.append(f"{name}={quoted(','.join(item.replace(chr(92), chr(92) * 2).replace(',', chr(92) + ',') for item in items))}")
        elif isinstance(one, dict | bool):
            raise FieldError(f"parameter {name!r} cannot be {kind(one)}", key)
        else:
            out.append(f"{name}={quoted(str(one))}")
    return " ".join(out)
