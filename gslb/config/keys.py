"""`keys.yaml`: whose signatures are believed.

Read at the start of every role that reads a shared store, and again when the file has changed. Gives `store.trust.Trust`. Whoever is not in it is
not believed, so a mistake refuses the whole file: at the start with all problems, later by staying with what was read before.

    probers:   {fra-1: {place: fra, keys: [ed25519:…]}}      place: the only one it may say it stands in
    operators: {ann: {keys: [ed25519:…, ed25519:…]}}         two keys: one is being replaced by the other
    sites:     {fra: {keys: [ed25519:…]}}
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from gslb.config import files, options, yaml12
from gslb.config.document import Node
from gslb.errors import ConfigError, Problems
from gslb.option import REQUIRED, Kind, Option
from gslb.store.trust import Known, Trust, read_public

SECTIONS: Final = {"probers": "prober", "operators": "operator", "sites": "site"}  # as in the file → as in code
_NAME: Final = 64  # characters; as long as a signer's in an envelope

FILE: Final = {name: Option(Kind.MAPPING, f"{name} that are believed, by name", {}) for name in SECTIONS}
_NAMED: Final = {
    "keys": Option(Kind.STRINGS, "public keys, as `gslb key generate` prints them; two while one replaces the other", REQUIRED),
    "place": Option(Kind.STRING, "of a prober: the place it stands in, whatever it says itself"),
}


def load(path: Path) -> Trust:
    """Read the file. Raises ConfigError with every mistake."""
    problems = Problems()
    source = files.read(path, problems)
    document = yaml12.load(source.name, source.text, problems) if source is not None else None
    trust = read(document.root, problems) if document is not None and document.value is not None else {}
    if problems.fatal:
        raise ConfigError(tuple(problems.found))
    return trust


def read(node: Node, problems: Problems) -> Trust:
    """Read the whole file's content."""
    if not options.mapping(node, problems, "a file of keys"):
        return {}
    options.read(node, FILE, problems, what="a file of keys")
    trust: dict[str, dict[str, Known]] = {}
    for section, writer in SECTIONS.items():
        names = node.get(section)
        known = trust[writer] = {}
        if names is None or not isinstance(names.value, dict):
            continue
        for name, child in names.items():
            if not isinstance(name, str) or len(name) > _NAME:
                problems.error("C005", f"{writer} {str(name)[:80]!r}: a name has at most {_NAME} characters", child.key_where)
            elif (one := _known(child, writer, name, problems)) is not None:
                known[name] = one
    return trust


def named(writer: str) -> dict[str, Option]:
    """Return what may be said of one name: of probers alone where they stand."""
    return {key: option for key, option in _NAMED.items() if key == "keys" or writer == "prober"}


def _known(node: Node, writer: str, name: str, problems: Problems) -> Known | None:
    what = f"{writer} {name}"
    if not options.mapping(node, problems, what):
        return None
    given = options.read(node, named(writer), problems, what=what)
    lines = node.get("keys")
    if lines is None or "keys" not in given:
        return None
    keys: dict[str, bytes] = {}
    for line in lines.values() if isinstance(lines.value, list) else [lines]:
        try:
            of, key = read_public(line.text)
        except ValueError as error:
            problems.error("S006", f"{what}: {error}", line.where, "write the whole public line of `gslb key show FILE`")
            continue
        keys[of] = key
    if not given["keys"]:
        problems.error("S006", f"{what} has no keys, so nothing it says would be believed", lines.where, "take the name out if that is meant")
    return Known(keys, given.get("place") or "")
