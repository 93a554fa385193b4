"""Every code a `Problem` may carry: what it means and what to do, in one literal table.

Codes are stable: a code is never given another meaning, and a retired one is never given out again. `--silence CODE`
hides a warning. `docs/reference/problems.md` is made from this table. Families:

    F  files: missing, unreadable, too large            R  records in YAML zones
    Y  YAML: syntax, duplicate keys, aliases            M  RFC 1035 master files and rdata text
    S  settings: gslb.yaml and the environment          L  lint: what the files mean together
    C  structure of sites, checks, pools, networks      P  policies: options of filters
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
    "S001": Code("The settings file is not a mapping.", "Write key: value at its top."),
    "S002": Code("A setting is not known.", "Correct its spelling; the reference lists all of them."),
    "S003": Code("A setting's value is not allowed.", "Write it as the message says."),
    "S004": Code("A secret is given both directly and as a file.", "Set one of the two variables."),
    "S005": Code("A file with a secret cannot be read.", "Correct the path, or give the user that runs gslb permission."),
    # ── C: structure ──────────────────────────────────────────────────────────────────────────────────────────────────
    "C001": Code("A value has the wrong shape: a list where a mapping belongs, or nothing at all.", "Write it as the hint shows."),
    "C002": Code("A key is not known here.", "Correct its spelling, or move it to where it belongs."),
    "C003": Code("A key that is needed is missing.", "Add it."),
    "C004": Code("A value is of the wrong kind.", "Write text, a number, true or false, a list or a mapping, as the message says."),
    "C005": Code("A value is out of bounds, or not one of the words allowed.", "Choose one that is allowed."),
    "C006": Code("A duration is not one.", "Write 5s, 500ms, 2m, 1h30m, or a number of seconds."),
    "C007": Code("A site, check or pool is defined twice.", "All files share one namespace: rename or remove one of the two."),
    "C008": Code("An id is not a good one.", "Use letters, digits, '.', '_' and '-', at most 63, beginning with a letter or digit."),
    "C009": Code("An address is not one that clients can be sent to.", "Write 192.0.2.1 or 2001:db8::1, without port or prefix length."),
    "C010": Code("A network is not one, or has bits set beyond its prefix length.", "Write it in CIDR form; the hint has the corrected network."),
    "C011": Code("A network is described twice.", "Keep one of the two."),
    "C012": Code("Coordinates are not a place on earth.", "Write [latitude, longitude] in degrees, latitude first."),
    "C013": Code("A filter is not known.", "Use one of the filters listed, or install the package that brings it."),
    "C014": Code("A preset is not known.", "Use one of the presets listed; a chain of filters is a list."),
    "C015": Code("A type of check is not known.", "Use one of the types listed, or install the package that brings it."),
    "C016": Code("A policy is not written as one.", "Write a preset's name, {preset: NAME, option: …}, or a list of filters."),
    "C017": Code("A list or mapping that must hold something is empty.", "Fill it, or remove it."),
    "C018": Code("The feature is planned, but not in this version.", "Remove it, or upgrade once it is there."),
    "C019": Code("A TTL is not one.", "Write seconds, 30s or 5m; for pools 60/10 is maximum/minimum."),
    "C020": Code("What to do when all members are down is not understood.", "Write all, primary, or {backup: POOL}."),
    "C021": Code("Two members of a pool have one id.", "Give one of them an `id` of its own."),
    "C022": Code("check_address speaks of an address that the member does not have.", "Use an address from the member's own list as the key."),
    "C023": Code("A member lists an address twice.", "Remove one of them."),
    "C024": Code("A field of the SOA is wrong.", "Write it as the message says."),
    "C025": Code("A zone has no name, or none that can be one.", "Add zone: NAME, or call the file after its zone."),
    "C026": Code("A zone is defined in two files.", "A zone stands in one file: remove one, or merge them."),
    "C027": Code("A file is empty.", "Remove it, or fill it."),
    # ── P: policies (options of filters, beyond their schema) ─────────────────────────────────────────────────────────
    "P001": Code("A geo map has no default.", "Add `default:` with the sites for clients that no other rule speaks of."),
    "P002": Code("A rule of a geo map names no place.", "Continents AF AN AS EU NA OC SA, countries DE, states US-CA, AS64500, 192.0.2.0/24."),
    "P003": Code("A policy names a site at which the pool has no member.", "Correct the site's id, or add a member at that site."),
    "P004": Code("A rule of a geo map lists no site.", "List sites, the best first."),
    "P005": Code("A geo map says something twice.", "Keep one of the two."),
    "P006": Code("A bias is not a whole number from -99 to 99.", "Positive draws more clients to the site, negative fewer."),
    "P007": Code("A limit limits nothing.", "Write {limit: {sites: 1}} or {limit: {members: 2}}."),
    # ── R: records in YAML ────────────────────────────────────────────────────────────────────────────────────────────
    "R001": Code("A record is not a mapping.", "Write {type: A, value: 192.0.2.1} or {pool: NAME}."),
    "R002": Code("A key of a record is not known.", "Correct its spelling."),
    "R003": Code("A record has no type.", "Add `type`."),
    "R004": Code("A record type is not known.", "Correct it; any type can be written as TYPEnumber with RFC 3597 data."),
    "R005": Code("A record has no value, or both `value` and `values`.", "Keep one of the two keys."),
    "R006": Code("A value does not fit its record type.", "Write it as the hint shows."),
    "R007": Code("A field of a record's value is wrong, unknown or missing.", "Write the fields that the hint lists."),
    "R008": Code("A name in a record's data has no final dot.", "Write the absolute name with a final dot; names in values are not relative."),
    "R009": Code("A name has two records of one type.", "List all values in one record."),
    "R010": Code("A record has the same value twice.", "Remove one; it is served once."),
    "R011": Code("A name is not a domain name.", "Labels have 1 to 63 octets, a name at most 255."),
    "R012": Code("A name is outside the zone.", "Names are relative to the zone unless they end with a dot."),
    "R013": Code("A name stands in the zone twice.", "Merge the two; letter case does not tell names apart."),
    "R014": Code("A record's TTL is not one.", "Write whole seconds from 0 to 2147483647."),
    "R015": Code("A name points to two pools.", "Keep one; a pool can hold members of both."),
    "R016": Code("A relative name ends with the zone's name.", "Add a final dot, or leave the zone's name out."),
    "R019": Code("Something of octoDNS cannot be expressed here exactly.", "Follow the hint, or write the pool in our own syntax."),
    "R020": Code("A type cannot be written as a record here.", "Follow the hint."),
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
