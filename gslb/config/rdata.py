"""Record data: the operator's text in, wire form out.

Called for every record of every file format (`master_file`, YAML). The seven commonest types are read in `plain_rdata`;
the rest, and whatever is odd, goes through dnspython, whose terse errors are translated here, once. Only class IN.
Must never raise anything but ValueError, whatever the text, and its message must tell an operator what to write.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

import dns.exception
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.tokenizer

from gslb import names
from gslb.config import plain_rdata
from gslb.packed import targets

GSLB: Final = 65401  # private use, RFC 6895 section 3.1; names a pool, is never served
MAX_RDATA: Final = 65_535  # RDLENGTH has 16 bits, RFC 1035 section 3.2.1

# Types with no data of their own: questions and signals. RFC 6895 section 3.1 keeps 128-255 for them, besides OPT and the two reserved ends.
_META: Final = frozenset([0, 41, 65_535, *range(128, 256)])

_OBSOLETE: Final = frozenset([3, 4])  # MD and MF; BIND refuses them too

# How the data of a type is written; shown after what was wrong.
FORMS: Final = {
    "A": "192.0.2.1",
    "AAAA": "2001:db8::1",
    "CAA": '0 issue "ca.example.net"',
    "CNAME": "target.example.com.",
    "DNAME": "target.example.com.",
    "DNSKEY": "257 3 13 BASE64",
    "DS": "KEYTAG ALGORITHM DIGESTTYPE HEX",
    "HTTPS": "1 . alpn=h2,h3",
    "LOC": "52 22 23.000 N 4 53 32.000 E -2.00m",
    "MX": "10 mail.example.com.",
    "NAPTR": '100 10 "S" "SIP+D2U" "" _sip._udp.example.com.',
    "NS": "ns1.example.com.",
    "PTR": "host.example.com.",
    "SOA": "ns1.example.com. hostmaster.example.com. 2026112001 7200 900 1209600 300",
    "SRV": "10 60 5060 sip.example.com.",
    "SSHFP": "ALGORITHM FINGERPRINTTYPE HEX",
    "SVCB": "1 svc.example.com. alpn=h2",
    "TLSA": "3 1 1 HEX",
    "TXT": '"text of at most 255 octets" "more"',
    "URI": '10 1 "https://www.example.com/"',
}


def parse(type_text: str, rdata_text: str, origin: bytes) -> tuple[int, bytes, tuple[bytes, ...]]:
    r"""Read one record's data: its type number, wire form without compression, and the names in it that resolve further.

    Relative names end in `origin`. `\# n hex` (RFC 3597) is understood for every type, and judged where the type is known.
    Raises ValueError with a message for the operator.
    """
    number = data_type(type_text)
    return number, *data(number, rdata_text, origin)


def data(number: int, text: str, origin: bytes) -> tuple[bytes, tuple[bytes, ...]]:
    """Read data of a type that `data_type` has accepted: `parse` without the type."""
    plain = plain_rdata.read(number, text, origin)
    if plain is not None:
        return plain
    wire = _through_dnspython(number, text, origin)
    return wire, targets(number, wire)


@lru_cache(maxsize=1024)
def data_type(text: str) -> int:
    """Return the number of a type that zones can hold. Raises ValueError."""
    number = type_number(text)
    if number in _META:
        raise ValueError(f"{text} is not a type of data: it only occurs in questions and signals")
    if number in _OBSOLETE:
        raise ValueError(f"{text} is obsolete (RFC 973); use MX")
    if number == GSLB:
        raise ValueError("a GSLB record names a pool; it is not data")
    return number


@lru_cache(maxsize=1024)
def type_number(text: str) -> int:
    """Return the number of a record type's mnemonic or `TYPEnnn`, in any letter case. Raises ValueError."""
    if text.upper() == "GSLB":
        return GSLB
    try:
        return int(dns.rdatatype.from_text(text))
    except (dns.exception.DNSException, ValueError):
        hint = " (any type can be written as TYPEnumber)" if text[:1].isalpha() and text.isalnum() else ""
        raise ValueError(f"unknown record type {_cut(text)!r}{hint}") from None


def type_text(number: int) -> str:
    """Return the mnemonic of a record type, `TYPEnnn` where there is none."""
    return "GSLB" if number == GSLB else dns.rdatatype.to_text(dns.rdatatype.RdataType.make(number))


def text(number: int, wire: bytes) -> str:
    """Write data as a master file has it; what its type does not allow, as RFC 3597 does."""
    try:
        return dns.rdata.from_wire(dns.rdataclass.IN, dns.rdatatype.RdataType.make(number), wire, 0, len(wire)).to_text()
    except dns.exception.DNSException:
        return f"\\# {len(wire)} {wire.hex()}".rstrip()


def _through_dnspython(number: int, text: str, origin: bytes) -> bytes:
    tokenizer = dns.tokenizer.Tokenizer(text)
    try:
        rdata = dns.rdata.from_text(dns.rdataclass.IN, dns.rdatatype.RdataType.make(number), tokenizer, _dnspython_name(origin), relativize=False)
        rest = tokenizer.get()
        wire = rdata.to_wire()
    except (dns.exception.DNSException, ValueError, OverflowError) as error:
        raise ValueError(_explain(number, text, str(error))) from None
    if not rest.is_eof():  # dnspython stops at a line's end; what follows must not vanish
        raise ValueError(_explain(number, text, "there is text after the end of the line"))
    assert wire is not None  # to_wire() without a file returns the octets
    complaint = _beyond_dnspython(number, text, wire)
    if complaint:
        raise ValueError(_explain(number, text, complaint))
    return wire


@lru_cache(maxsize=256)
def _dnspython_name(origin: bytes) -> dns.name.Name:
    return dns.name.from_wire(origin, 0)[0]


def _beyond_dnspython(number: int, text: str, wire: bytes) -> str:
    """Judge what dnspython lets pass and NSD, BIND or the type's RFC do not; empty when all is well."""
    if len(wire) > MAX_RDATA:
        return f"{len(wire)} octets: at most {MAX_RDATA} fit in a record"
    if number in (25, 48) and wire[2] != 3:
        return "the protocol field must be 3"  # RFC 4034 section 2.1.2
    if number in (64, 65) and b"\xff\xff" in _svcb_keys(wire):
        return "key65535 is reserved"  # RFC 9460 section 14.3.2
    if number == 256 and '"' not in text and "\\#" not in text:
        return "the target stands in quotes"  # RFC 7553 section 4.5
    if number == 35:
        return _naptr_complaint(wire)
    return ""


def _svcb_keys(wire: bytes) -> list[bytes]:
    at = 2 + len(targets(64, wire)[0])
    keys = []
    while at < len(wire):
        keys.append(wire[at : at + 2])
        at += 4 + int.from_bytes(wire[at + 2 : at + 4])
    return keys


def _naptr_complaint(wire: bytes) -> str:
    fields = []
    at = 4
    for _ in range(3):
        fields.append(wire[at + 1 : at + 1 + wire[at]])
        at += 1 + wire[at]
    flags, _, regexp = fields
    if flags and not flags.isalnum():
        return "flags are letters and digits"  # RFC 3403 section 4.1
    if not regexp:
        return ""
    if wire[at:] != names.ROOT:
        return "regexp and replacement exclude each other"  # RFC 3403 section 4.1
    # RFC 3402 section 3.2: delimiter, expression, delimiter, replacement, delimiter, flags.
    delimiter = re.escape(regexp[:1])
    # A backslash always takes the next octet along: one way to read each text, so no exponential search.
    shape = rb"%s((?:\\.|(?!%s)[^\\])+)%s((?:\\.|(?!%s)[^\\])*)%s[iI]?" % ((delimiter,) * 5)
    if regexp[:1].isdigit() or regexp[:1] in b"\\iI" or not re.fullmatch(shape, regexp, re.DOTALL):
        return "the regexp is not of the form !expression!replacement!"
    return ""


# dnspython's words → ours. The first pattern that is found wins; \1 is its group.
_TRANSLATIONS: Final = tuple(
    (re.compile(pattern), ours)
    for pattern, ours in (
        (r'expected EOL or EOF, got \d+ "(.*)"', r"\1 is too much"),
        (r"expecting (?:an )?(?:another )?(?:identifier|string|a string)|ended unexpectedly|expecting another", "something is missing at the end"),
        (r"expecting an integer", "a number is expected"),
        (r"string too long", "a string has more than 255 octets; split it into several quoted strings"),
        (r"DNS label is empty", "a name has an empty label"),
        (r"DNS label is >", "a name has a label of more than 63 octets"),
        (r"DNS name is >", "a name has more than 255 octets"),
        (r"compression pointer|compressed data", "names inside must not be compressed"),
        (r"TTL value is not|unknown unit", "a time is a number of seconds, or like 1h30m"),
        (r"not a uint16", "a number from 0 to 65535 is expected"),
        (r"hex data has wrong length", "the hex digits do not match the stated length"),
        (r"DNS message is malformed", "the octets do not make such a record"),
        (r"Unknown SVCB ParamKey", "unknown key; keys without a name are written keyNNN"),
        (r"Non-hexadecimal digit|Odd-length string", "hex digits are expected, two for each octet"),
        (r"Incorrect padding|base64|Invalid character", "base64 is expected"),
    )
)


def _explain(number: int, text: str, reason: str) -> str:
    """Say what is wrong with the text and how such data is written."""
    kind = type_text(number)
    if text.replace("\\\\", "").replace('\\"', "").count('"') % 2:
        said = "a quote is not closed"
    elif "Text input is malformed" in reason:
        said = {1: f"{_cut(text)!r} is not an IPv4 address", 28: f"{_cut(text)!r} is not an IPv6 address"}.get(number, "a value cannot be read")
        said = "the octets do not make such a record" if text.startswith("\\#") else said
    elif "does not start with" in reason:
        return f"{kind} data can only be written as \\# length hex (RFC 3597)"
    else:
        said = _cut(_translated(reason))
    form = FORMS.get(kind)
    return f"{kind}: {said}; write it as: {form}" if form else f"{kind}: {said}"


def _translated(reason: str) -> str:
    for pattern, ours in _TRANSLATIONS:
        match = pattern.search(reason)
        if match:
            return match.expand(ours)
    return (reason if reason[1:2].isupper() else reason[:1].lower() + reason[1:]).rstrip(".")


def _cut(text: str) -> str:
    return text if len(text) <= 120 else text[:119] + "…"
