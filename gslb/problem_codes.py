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
    "M001": Code("A parenthesis is not closed, or closes nothing.", "Balance the parentheses; they only let a record span lines."),
    "M002": Code("A quote is not closed on its line.", 'Close it; inside quotes write \\" for the character itself.'),
    "M003": Code("A character cannot stand here: a control character, or a backslash at a line's end.", "Remove it, or write it as \\DDD (decimal)."),
    "M004": Code("The directive is not known.", "Use $ORIGIN, $TTL, $INCLUDE or $GENERATE; a name that begins with a dollar is written \\$name."),
    "M005": Code("A directive has too few or too many arguments.", "Write it as the hint shows."),
    "M006": Code("A TTL is not one.", "Write seconds, or units like 1h30m, at most 2147483647 seconds (RFC 2181)."),
    "M007": Code("The class is not IN.", "Remove the record, or write IN; other classes are not served."),
    "M008": Code("The record type is not known.", "Correct it; any type can be written as TYPEnumber \\# length hex (RFC 3597)."),
    "M009": Code("A record ends too early.", "A record is: owner, TTL, class, type, data; an owner alone says nothing."),
    "M010": Code("A record has no owner.", "A line that starts with a blank continues the owner before it; start the first one with a name or @."),
    "M011": Code("A name is not a domain name.", "Labels have 1 to 63 octets, a name at most 255; relative names are completed by $ORIGIN."),
    "M012": Code("A record's data does not fit its type.", "Write it as the message shows."),
    "M013": Code("A record has no TTL, and none can be taken over.", "Put $TTL at the top of the file."),
    "M014": Code("A record has no TTL; the SOA's minimum is taken.", "Put $TTL at the top of the file (RFC 2308 section 4)."),
    "M015": Code("A record is outside the zone.", "Check $ORIGIN and the dots at the ends of names; move the record to its own zone's file."),
    "M016": Code("The zone has no SOA record.", "Begin the file with one."),
    "M017": Code("The zone has more than one SOA record.", "Keep one."),
    "M018": Code("The SOA record does not stand at the zone's apex.", "The file's name names the zone: correct $ORIGIN or rename the file."),
    "M019": Code("A record stands there twice.", "Remove one; it is served once."),
    "M020": Code("Records of one RRset have different TTLs.", "Give them one TTL (RFC 2181 section 5.2); the lowest is served."),
    "M021": Code("A file cannot be included.", "Keep included files inside the zone file's folder, and out of each other."),
    "M023": Code("A $GENERATE directive is wrong.", "Write it as the hint shows."),
    "M024": Code("$GENERATE makes too many records.", "Use a smaller range, or a wildcard."),
    "M025": Code("A dynamic name does not name a pool.", "Write: www 30 IN GSLB poolname."),
    "M026": Code("DYNC, a pool of names, is not supported.", "Use DYNA with a pool of addresses, or a CNAME to a name that points to a pool."),
    "M027": Code("A name points to two pools.", "Keep one; a pool can take members of both."),
    "M028": Code(
        "A zone file has so many mistakes that reading stopped.", "Make sure that it is a zone file; correct the first mistakes and check again."
    ),
    # ── L: lint (references between objects, DNS rules, pools) ────────────────────────────────────────────────────────
}
