"""Every code a `Problem` may carry: what it means and what to do, in one literal table.

Codes are stable: a code is never given another meaning, and a retired one is never given out again. `--silence CODE`
hides a warning. `docs/reference/problems.md` is made from this table. Families:

    F  files: missing, unreadable, too large            R  records in YAML zones
    Y  YAML: syntax, duplicate keys, aliases            M  RFC 1035 master files and rdata text
    S  settings: gslb.yaml and the environment          L  lint: what the files mean together
    C  structure of sites, checks, pools, zones, networks
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Code(NamedTuple):
    """One line of meaning, and what to do about it."""

    meaning: str
    advice: str


CODES: Final[dict[str, Code]] = {
    # ── F: files ──────────────────────────────────────────────────────────────────────────────────────────────────────
    "F001": Code("A file or folder does not exist.", "Correct the path, or create it."),
    "F002": Code("A file cannot be read.", "Give the user that runs gslb permission to read it."),
    "F003": Code("A file is not UTF-8 text.", "Save it as UTF-8."),
    "F004": Code("A file is too large.", "Split it: all files of a folder share one namespace."),
    "F005": Code("A folder holds no configuration files.", "Put *.yaml, *.yml or *.zone files there."),
    # ── Y: YAML ───────────────────────────────────────────────────────────────────────────────────────────────────────
    "Y001": Code("The file is not valid YAML.", "Look at the place shown and just before it: brackets, quotes, indentation, tabs."),
    "Y002": Code("A key stands twice in one mapping.", "Remove one of them; the second would silently win."),
    "Y003": Code("A YAML tag is used.", "Remove the tag; plain YAML 1.2 values are all that is needed."),
    "Y004": Code("Aliases multiply the file beyond bounds.", "Write the data out, or use fewer aliases of aliases."),
    "Y005": Code("The data is nested too deeply.", "Flatten it; nothing here needs so many levels."),
    "Y006": Code("The file holds more than one YAML document.", "Split it into files, one document each."),
    "Y007": Code("An alias names no anchor, or contains itself.", "Define the anchor (&name) before its alias (*name)."),
    "Y008": Code("A key is not plain text.", "Use a single word or a quoted string as the key."),
    "Y009": Code("A merge key (<<) does not lead to a mapping.", "Merge with an alias to a mapping, or with a list of those."),
    # ── S: settings ───────────────────────────────────────────────────────────────────────────────────────────────────
    # ── C: structure ──────────────────────────────────────────────────────────────────────────────────────────────────
    # ── R: records in YAML ────────────────────────────────────────────────────────────────────────────────────────────
    # ── M: master files and rdata text ────────────────────────────────────────────────────────────────────────────────
    # ── L: lint (references between objects, DNS rules, pools) ────────────────────────────────────────────────────────
}
