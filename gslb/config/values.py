"""One value of a static record: text or fields in, octets out.

Called by `records` for every value there is. Says in the operator's terms what `rdata`, `fields` and `txt` refuse.
"""

from __future__ import annotations

import re
from typing import Final

from gslb import names
from gslb.config import fields, rdata, txt
from gslb.config.document import Node
from gslb.config.words import kind
from gslb.errors import Problems

_ABSOLUTE: Final = frozenset(["NS", "CNAME", "DNAME", "PTR"])  # types whose whole data is one name
_QUOTED: Final = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_TXT: Final = 16


def read(node: Node, type_text: str, apex: bytes, problems: Problems) -> tuple[int, bytes, tuple[bytes, ...]] | None:
    """Read one value: type number, octets and the names in it that resolve further; None (and a problem) where it is wrong."""
    value = node.value
    try:
        if isinstance(value, dict):
            sources = {key: child.text for key, child in node.items() if not isinstance(child.value, dict | list)}
            return _parse(type_text, fields.text(type_text, value, sources), apex)
        if isinstance(value, list) or value is None or (isinstance(value, bool) and type_text != "TXT"):
            problems.error("R006", f"the value of {type_text} cannot be {kind(value)}", node.where, _form(type_text))
            return None
        text = node.text
        if type_text == "TXT" and not text.startswith("\\#"):
            return _TXT, txt.wire(text), ()
        if type_text in _ABSOLUTE and not text.startswith("\\#"):
            fields.absolute(text)
        return _parse(type_text, text, apex)
    except fields.FieldError as error:
        place = node.child(error.key) if error.key is not None else node
        hint = error.hint if error.code != "R008" else _dotted(place.text, apex)
        problems.error(error.code, error.message, place.where, hint)
    except ValueError as error:
        message, _, form = str(error).partition("; write it as: ")
        hint = f"write {form}" if form and not isinstance(value, dict) else _form(type_text)
        problems.error("R006", message, node.where, hint)
    return None


def _parse(type_text: str, text: str, apex: bytes) -> tuple[int, bytes, tuple[bytes, ...]]:
    """Read presentation text. In a master file `;` would begin a comment; here what follows it must not vanish."""
    if ";" in text and ";" in _QUOTED.sub("", text):
        raise ValueError(f"{type_text}: a semicolon outside quotes would begin a comment; write it as \\059 or inside quotes")
    return rdata.parse(type_text, text, apex)


def _dotted(name: str, apex: bytes) -> str:
    """Say how a name without its final dot was probably meant."""
    zone = names.to_text(apex)
    inside = "" if f"{name}.".lower().endswith(zone) else f", or {name}.{zone.lstrip('.')} for a name in this zone"
    return f"write {name}. for that name itself{inside}"


def _form(type_text: str) -> str:
    """Show how a type's value is written."""
    if type_text in fields.TYPES:
        return "write {" + ", ".join(f"{field.names[0]}: …" for field in fields.TYPES[type_text] if field.default is None) + "}"
    return f"such as {rdata.FORMS[type_text]}" if type_text in rdata.FORMS else ""
