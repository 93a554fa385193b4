"""JSON Schema (2020-12) of everything an operator writes in YAML, made from the same tables that judge it.

Called by `gslb schema`; editors use it (`# yaml-language-server: $schema=…`). It is as strict as a schema can be; `gslb check` knows more.
Four kinds of files, each a definition of its own: zones, `networks.yaml`, `keys.yaml` and `gslb.yaml`. The whole accepts any of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from gslb.check import CHECKS
from gslb.config import fields, keys, members, rdata, registrations
from gslb.config.checks import CHECK
from gslb.config.members import MEMBER, NAME
from gslb.config.networks import NETWORK
from gslb.config.pools import ALL_DOWN, POOL
from gslb.config.settings import Settings
from gslb.config.sites import SITE
from gslb.config.soa import SOA
from gslb.option import REQUIRED, Kind, Option
from gslb.policy import FILTERS, PICK_OPTIONS, PICKS, PRESETS

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

Schema = dict[str, Any]

_TTL: Final[Schema] = {"type": ["integer", "string"], "minimum": 0, "maximum": 2**31 - 1}
_TEXT: Final[Schema] = {"type": ["string", "number"]}  # `name: 12` means those two characters
_TEXTS: Final[Schema] = {"anyOf": [_TEXT, {"type": "array", "items": _TEXT}]}
_ADDRESS: Final[Schema] = {"anyOf": [{"type": "string", "format": "ipv4"}, {"type": "string", "format": "ipv6"}]}
_POINT: Final[Schema] = {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2}
_KINDS: Final[dict[Kind, Schema]] = {
    Kind.INTEGER: {"type": "integer"},
    Kind.NUMBER: {"type": "number"},
    Kind.BOOLEAN: {"type": "boolean"},
    Kind.STRING: _TEXT,
    Kind.DURATION: {"type": ["string", "number"], "pattern": r"^([0-9]+(\.[0-9]+)?(ms|[smhdw]))+$"},
    Kind.STRINGS: _TEXTS,
    Kind.SITES: _TEXTS,
    Kind.MAPPING: {"type": "object"},
    Kind.ANY: {},
}


def json_schema() -> Schema:
    """Return the schema of all files."""
    settings = Settings.model_json_schema(ref_template="#/$defs/settings/$defs/{model}")
    return {
        "$schema": DIALECT,
        "title": "gslb: zones, networks, keys and settings",
        "anyOf": [{"$ref": f"#/$defs/{kind}"} for kind in ("zone_file", "octodns_zone", "networks", "keys", "settings")],
        "$defs": {
            "zone_file": _zone_file(),
            "octodns_zone": {"type": "object", "additionalProperties": {"$ref": "#/$defs/name"}, "properties": {"format": {"const": "octodns"}}},
            "networks": {"type": "object", "additionalProperties": _object(NETWORK, {"location": _POINT})},
            "keys": _keys(),
            "settings": settings,
            "site": _object(SITE, {"location": _POINT}),
            "check": _check(),
            "member": {"anyOf": [_object(MEMBER, _MEMBER), _object(NAME, _NAME), _object(members.POOL)]},
            "pool": _object(POOL, {**_pool(), "members": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/member"}}}),
            "policy": _policy(),
            "filter": _filter(),
            "name": {"anyOf": [{"$ref": "#/$defs/record"}, {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/record"}}]},
            "record": _record(),
        },
    }


_SOME: Final[Schema] = {"type": "object", "properties": {"at_least": {"type": "integer", "minimum": 1}, "of": _TEXTS}, "required": ["at_least", "of"]}
_REQUIREMENT: Final[Schema] = {
    "anyOf": [
        _TEXTS,
        *({"type": "object", "properties": {mode: _TEXTS}, "required": [mode], "additionalProperties": False} for mode in ("all", "any")),
        {**_SOME, "additionalProperties": False},
    ]
}
_NAME: Final[dict[str, Schema]] = {
    "name": {"type": "string", "pattern": r"\.$"},
    "check": _REQUIREMENT,
    "check_address": {"anyOf": [_ADDRESS, {"type": "array", "minItems": 1, "items": _ADDRESS}]},
}
_MEMBER: Final[dict[str, Schema]] = {
    "check": _REQUIREMENT,
    "address": {"anyOf": [_ADDRESS, {"type": "array", "minItems": 1, "items": _ADDRESS}]},
    "check_address": {"type": "object", "additionalProperties": _ADDRESS},
}


def _keys() -> Schema:
    """Describe `keys.yaml`; a key's pattern finds lines that were cut."""
    key = {"type": "string", "pattern": "^ed25519:[0-9a-f]{8}:[A-Za-z0-9+/]{43}=$"}
    some = {"keys": {"anyOf": [key, {"type": "array", "minItems": 1, "items": key}]}}
    names = {section: {"type": "object", "additionalProperties": _object(keys.named(writer), some)} for section, writer in keys.SECTIONS.items()}
    return _object(keys.FILE, names)


def _object(table: Mapping[str, Option], special: Mapping[str, Schema] | None = None) -> Schema:
    """Describe a mapping by its table; `special`: what the table can only call `any`."""
    properties = {key: {**((special or {}).get(key) or _value(option)), "description": option.doc} for key, option in table.items() if key != "*"}
    for key, option in table.items():
        if key != "*" and option.default is not REQUIRED and isinstance(option.default, str | int | float | bool):
            properties[key]["default"] = option.default
    required = [key for key, option in table.items() if option.default is REQUIRED]
    rest = {"*": _value(table["*"])} if "*" in table else {}
    return {
        "type": "object",
        "properties": properties,
        "additionalProperties": rest.get("*", False),
        **({"required": required} if required else {}),
    }


def _value(option: Option) -> Schema:
    schema = dict(_KINDS[option.kind])
    if option.choices:
        schema = {"enum": list(option.choices)}
    if option.minimum is not None:
        schema["minimum"] = option.minimum
    if option.maximum is not None:
        schema["maximum"] = option.maximum
    return schema


def _zone_file() -> Schema:
    sections = {f"{what}s": {"type": "object", "additionalProperties": {"$ref": f"#/$defs/{what}"}} for what in ("site", "check", "pool")}
    return {
        "type": "object",
        "properties": {
            "zone": {"type": "string", "description": "the zone's name; default: the file's"},
            "soa": _object(SOA, {key: _TTL for key, option in SOA.items() if option.kind is Kind.ANY and key != "serial"}),
            "default_ttl": {**_TTL, "default": 3600, "description": "TTL of records that have none"},
            **sections,
            "records": {
                "type": "object",
                "additionalProperties": {"$ref": "#/$defs/name"},
                "description": "names, relative to the zone; '' is the zone",
            },
        },
        "patternProperties": {"^x-": {}},
        "additionalProperties": False,
    }


def _check() -> Schema:
    """Describe a check: what all have, and by its type the rest."""
    kinds = []
    for name, kind in CHECKS.items():
        table = {**CHECK, **kind.options}
        kinds.append({"title": kind.doc, **_object(table, {"type": {"const": name}})})
    return {"type": "object", "required": ["type"], "oneOf": kinds}


def _pool() -> dict[str, Schema]:
    bounds = {"type": "object", "properties": {"max": _TTL, "min": _TTL}, "required": ["max"], "additionalProperties": False}
    backup = {"type": "object", "properties": {"backup": {"type": "string"}}, "required": ["backup"], "additionalProperties": False}
    return {
        "check": _REQUIREMENT,
        "policy": {"$ref": "#/$defs/policy"},
        "pick": {"anyOf": [{"enum": list(PICKS)}, *map(_pick, PICK_OPTIONS)]},
        "fail_if": {
            "type": "object",
            "properties": {
                "members_below": {"type": "integer", "minimum": 1, "maximum": 1000},
                "weight_below": {"anyOf": [{"type": "integer", "minimum": 1, "maximum": 100}, {"type": "string", "pattern": "^[0-9]{1,3} ?%$"}]},
            },
            "minProperties": 1,
            "additionalProperties": False,
        },
        "ttl": {"anyOf": [{"type": "integer", "minimum": 0}, {"type": "string", "pattern": "^[0-9a-z]+(/[0-9a-z]+)?$"}, bounds]},
        "when_all_down": {"anyOf": [{"enum": list(ALL_DOWN)}, backup]},
        "register": _object(registrations.KEYS),
    }


def _pick(name: str) -> Schema:
    own = {"anyOf": [_object(PICK_OPTIONS[name]), {"type": "null"}]}
    return {"type": "object", "properties": {name: own}, "required": [name], "additionalProperties": False}


def _policy() -> Schema:
    with_options = []
    for name, preset in PRESETS.items():
        described = _object(preset.options)
        described["properties"]["preset"] = {"const": name, "description": preset.doc}
        with_options.append({**described, "required": ["preset"]})
    chain = {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/filter"}}
    return {"anyOf": [{"enum": list(PRESETS)}, {"type": "object", "oneOf": with_options}, chain]}


def _filter() -> Schema:
    one_key = {name: {"anyOf": [_object(kind.options), {"type": "null"}], "description": kind.doc} for name, kind in FILTERS.items()}
    mapping = {"type": "object", "properties": one_key, "additionalProperties": False, "minProperties": 1, "maxProperties": 1}
    return {"anyOf": [{"enum": list(FILTERS)}, mapping]}


def _record() -> Schema:
    """Describe a record: a reference to a pool, or a type and its values."""
    types = {"anyOf": [{"enum": ["A", "AAAA"]}, {"type": "array", "items": {"enum": ["A", "AAAA"]}}]}
    pool = {
        "pool": {"type": "string", "description": "the pool that A and AAAA come from"},
        "ttl": _TTL,
        "types": types,
        "expose_sites": {"type": "boolean"},
    }
    common = {"ttl": _TTL, "octodns": {"type": "object"}, "dynamic": {"type": "object"}}
    kinds = [_static(name, common, fields.TYPES.get(name)) for name in rdata.FORMS if name != "SOA"]
    rest = {"type": {"type": "string", "not": {"enum": list(rdata.FORMS)}, "description": "any other type, or TYPEnumber"}}
    return {
        "anyOf": [
            {"type": "object", "properties": pool, "required": ["pool"], "additionalProperties": False},
            *kinds,
            {"type": "object", "properties": {**rest, **common, **_values(_TEXT)}, "required": ["type"], "additionalProperties": False},
        ]
    }


def _static(name: str, common: Mapping[str, Schema], parts: Iterable[fields.Field] | None) -> Schema:
    text = {**_TEXT, "examples": [rdata.FORMS[name]]} if name != "TXT" else {"type": ["string", "number", "boolean"]}
    value = text if parts is None else {"anyOf": [text, _fields(name, parts)]}
    properties = {"type": {"const": name}, **common, **_values(value)}
    return {"type": "object", "properties": properties, "required": ["type"], "additionalProperties": False}


def _fields(name: str, parts: Iterable[fields.Field]) -> Schema:
    forms: dict[fields.Form, Schema] = {fields.Form.PARAMS: {"type": ["object", "null"]}, fields.Form.NAME: {"type": "string", "pattern": r"\.$"}}
    properties = {one: forms.get(part.form, _TEXT) for part in parts for one in part.names}
    hints: dict[str, Schema] = {key: {"const": "auto"} for key in fields.TOLERATED.get(name, ())}
    return {"type": "object", "properties": {**properties, **hints}, "additionalProperties": False}


def _values(value: Schema) -> dict[str, Schema]:
    many = {"anyOf": [value, {"type": "array", "minItems": 1, "items": value}]}
    return {"value": many, "values": many}
