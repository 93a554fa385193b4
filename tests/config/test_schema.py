"""The published schema is whole, and knows every key that the readers know."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from gslb.check import CHECKS
from gslb.config import yaml12, zones
from gslb.config.schema import json_schema
from gslb.errors import Problems
from gslb.policy import FILTERS, PRESETS

SCHEMA = json_schema()


def nodes(schema):
    yield schema
    for value in schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ():
        if isinstance(value, dict | list):
            yield from nodes(value)


def target(ref):
    found = SCHEMA
    for part in ref.removeprefix("#/").split("/"):
        found = found[part]
    return found


def test_it_is_json_of_the_right_dialect_and_every_reference_leads_somewhere():
    assert json.loads(json.dumps(SCHEMA)) == SCHEMA
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    refs = [node["$ref"] for node in nodes(SCHEMA) if isinstance(node, dict) and isinstance(node.get("$ref"), str)]
    assert len(refs) > 10
    for ref in refs:
        assert isinstance(target(ref), dict)


def test_it_knows_all_checks_filters_presets_and_keys():
    checks = {kind["properties"]["type"]["const"]: kind["properties"] for kind in SCHEMA["$defs"]["check"]["oneOf"]}
    assert set(checks) == set(CHECKS)
    for name, kind in CHECKS.items():
        assert set(kind.options) | {
            "type",
            "interval",
            "timeout",
            "down",
            "ok",
            "up",
            "cooldown",
            "degraded_above",
            "fast_interval",
            "invert",
        } == set(checks[name])
    names, mapping = SCHEMA["$defs"]["filter"]["anyOf"]
    assert set(names["enum"]) == set(mapping["properties"]) == set(FILTERS)
    presets, with_options, _ = SCHEMA["$defs"]["policy"]["anyOf"]
    assert set(presets["enum"]) == {one["properties"]["preset"]["const"] for one in with_options["oneOf"]} == set(PRESETS)
    assert set(SCHEMA["$defs"]["zone_file"]["properties"]) | {"format"} == set(zones.FILE_KEYS)


# A validator of just the keywords the schema uses: enough to see that examples pass and slips do not.


def valid(schema, data):
    if schema is True or schema == {}:
        return True
    if schema is False:
        return False
    checks = {
        "$ref": lambda ref: valid(target(ref), data),
        "anyOf": lambda options: any(valid(one, data) for one in options),
        "oneOf": lambda options: sum(valid(one, data) for one in options) == 1,
        "not": lambda one: not valid(one, data),
        "enum": lambda values: data in values,
        "const": lambda value: data == value,
        "type": lambda kinds: any(_is(kind, data) for kind in ([kinds] if isinstance(kinds, str) else kinds)),
        "required": lambda keys: not isinstance(data, dict) or all(key in data for key in keys),
        "minimum": lambda bound: not _is("number", data) or data >= bound,
        "maximum": lambda bound: not _is("number", data) or data <= bound,
        "minItems": lambda bound: not isinstance(data, list) or len(data) >= bound,
        "maxItems": lambda bound: not isinstance(data, list) or len(data) <= bound,
        "items": lambda one: not isinstance(data, list) or all(valid(one, item) for item in data),
        "format": lambda form: not isinstance(data, str) or (":" in data) == (form == "ipv6"),
    }
    if isinstance(data, dict):
        known = schema.get("properties", {})
        if not all(valid(known[key], value) for key, value in data.items() if key in known):
            return False
        rest = schema.get("additionalProperties", True)
        if not all(valid(rest, value) for key, value in data.items() if key not in known and not key.startswith("x-")):
            return False
    return all(check(schema[keyword]) for keyword, check in checks.items() if keyword in schema)


def _is(kind, data):
    kinds = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None), "integer": int, "number": (int, float)}
    return isinstance(data, kinds[kind]) and (kind == "boolean" or not isinstance(data, bool))


EXAMPLE = Path(__file__).parent / "example.com.yaml"


def zone_data(text):
    return yaml12.load("x.yaml", text, Problems()).value


def test_the_example_is_valid():
    assert valid(SCHEMA["$defs"]["zone_file"], zone_data(EXAMPLE.read_text()))
    assert valid(SCHEMA["$defs"]["networks"], {"10.0.0.0/8": {"country": "DE", "tags": ["office"], "location": [1, 2.5]}})
    assert valid(SCHEMA["$defs"]["settings"], {"node": "a", "dns": {"listen": ["127.0.0.1:53"], "tcp": {"idle": "5s"}}, "probe": {"name": "p"}})


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        ("capacity: 400", "capcity: 400"), ("type: https", "type: htps"), ("interval: 5s", "intervall: 5s"), ("weight: 3", "weight: heavy"),
        ("policy: nearest ", "policy: nearst "), ("ttl: 60/10", "ttl: []"), ("{backup: sorry}", "{bakcup: sorry}"),
        ("preference: 10", "prefrence: 10"),
        ("{pool: web, ttl: 30}", "{pool: web, tll: 30}"), ("records:", "recrods:"), ("negative_ttl: 30", "negativ_ttl: 30"),
    ],
)  # fmt: skip
def test_a_slip_is_not(good, bad):
    text = EXAMPLE.read_text()
    assert good in text
    assert not valid(SCHEMA["$defs"]["zone_file"], zone_data(text.replace(good, bad, 1)))


def test_unknown_settings_are_not_valid():
    assert not valid(SCHEMA["$defs"]["settings"], {"dns": {"lisen": []}})
    assert not valid(SCHEMA["$defs"]["settings"], {"dns": {"engine": "fast"}})


def test_keys_are_whole_lines_and_only_probers_have_a_place():
    schema, line = SCHEMA["$defs"]["keys"], "ed25519:bab2a291:PswRhKWMg4Z0mP6vcGGkv8NKT/P2mdlpvhNfRdXEfQA="
    assert valid(schema, {"probers": {"fra-1": {"place": "fra", "keys": [line, line]}}, "operators": {"ann": {"keys": line}}})
    for slip in (
        {"prober": {}},
        {"probers": {"p": {}}},
        {"operators": {"ann": {"keys": line, "place": "fra"}}},
    ):
        assert not valid(schema, slip)
    (pattern,) = {node["pattern"] for node in nodes(schema) if "pattern" in node}
    assert re.fullmatch(pattern, line)
    assert not re.fullmatch(pattern, line[:-3])
