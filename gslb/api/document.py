"""The OpenAPI 3.1 document, made from the operations and their models: what is served at `/api/v1/openapi.json`."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from functools import cache
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from gslb import __version__
from gslb.api.operation import PREFIX, Operation
from gslb.api.problem import CONTENT_TYPE, TITLES
from gslb.api.resources import OPERATIONS
from gslb.api.shapes.base import Fault

STREAM: Final = f"{PREFIX}/stream"
DOCUMENT: Final = f"{PREFIX}/openapi.json"
ALWAYS: Final = (400, 401, 403, 404, 421, 429, 431, 503)  # what any operation may end with
REF: Final = "#/components/schemas/{model}"
_TEXT: Final = (
    "What gslb serves and why, and what operators say against it. Faults are `application/problem+json` with a stable `code`. Lists are pages: "
    "`items`, and `next` for the `cursor` of the next one. Every GET has an entity tag."
)


@cache
def octets() -> bytes:
    """Return the document as it is sent: written once, whoever asks."""
    return json.dumps(document(), separators=(",", ":")).encode()


@cache
def tag() -> str:
    """Return its entity tag."""
    return hashlib.sha256(octets()).hexdigest()[:24]


@cache
def document() -> dict[str, Any]:
    """Return the document."""
    schemas, definitions = _schemas(OPERATIONS)
    paths: dict[str, Any] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation, schemas)
    paths[DOCUMENT] = {"get": _plain("openapi", "Show this document", "application/json", "service")}
    paths[STREAM] = {"get": _stream()}
    return {
        "openapi": "3.1.0",
        "info": {"title": "gslb", "version": __version__, "description": _TEXT, "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"}},
        "servers": [{"url": "/"}],
        "security": [{"token": []}, {}],
        "tags": [{"name": family} for family in dict.fromkeys(operation.family for operation in OPERATIONS)],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": definitions,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "description": "made by `gslb token create`"}},
            "responses": {str(status): _fault(status) for status in TITLES},
        },
    }


def _schemas(operations: Iterable[Operation]) -> tuple[dict[Any, Any], dict[str, Any]]:
    """Return a reference for every model, and what they refer to: shapes as they are given, bodies as they are taken."""
    given = {operation.returns for operation in operations if operation.returns} | {Fault}
    taken = {operation.body for operation in operations if operation.body}
    wanted: list[tuple[type[BaseModel], Any]] = [
        *((one, "serialization") for one in sorted(given, key=str)),
        *((one, "validation") for one in sorted(taken, key=str)),
    ]
    found, whole = models_json_schema(wanted, ref_template=REF)
    return {model: schema for (model, _), schema in found.items()}, dict(sorted(whole.get("$defs", {}).items()))


def _operation(operation: Operation, schemas: dict[Any, Any]) -> dict[str, Any]:
    told: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "tags": [operation.family],
        "parameters": [*_in_path(operation), *_in_query(operation), *_conditions(operation)],
        "responses": _responses(operation, schemas),
    }
    if operation.description:
        told["description"] = operation.description
    if operation.scope is None:
        told["security"] = [{}]
    else:
        told["x-scope"] = operation.scope.value
    if operation.body:
        told["requestBody"] = {"required": True, "content": {"application/json": {"schema": schemas[operation.body]}}}
    return told


def _responses(operation: Operation, schemas: dict[Any, Any]) -> dict[str, Any]:
    schema = schemas[operation.returns] if operation.returns else {"type": "string"}
    tag = {"ETag": {"schema": {"type": "string"}, "description": "send it as If-None-Match, or as If-Match with a write"}}
    done = {"description": "Done", "content": {operation.content_type.split(";")[0]: {"schema": schema}}}
    faults = {*ALWAYS, *operation.faults}
    if operation.query:
        faults.add(422)
    if operation.body:
        faults |= {408, 413, 415, 422}
    if operation.tagged:
        faults.add(412)
    told = {"200": done | ({"headers": tag} if operation.returns else {})}
    if operation.method == "GET" and operation.returns:
        told["304"] = {"description": "You have it already"}
    told |= {str(status): done for status in operation.also}
    return told | {str(status): {"$ref": f"#/components/responses/{status}"} for status in sorted(faults) if str(status) not in told}


def _in_path(operation: Operation) -> list[dict[str, Any]]:
    names = re.findall(r"{(\w+)}", operation.path)
    return [{"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1, "maxLength": 1024}} for name in names]


def _in_query(operation: Operation) -> list[dict[str, Any]]:
    if operation.query is None:
        return []
    schema = operation.query.model_json_schema()
    required = schema.get("required", ())
    found = []
    for name, one in schema.get("properties", {}).items():
        kind = {key: value for key, value in one.items() if key not in ("title", "description", "maxItems")}
        if "anyOf" in kind:  # a number or nothing: nothing is to leave it out
            kind = next(one for one in kind["anyOf"] if one.get("type") != "null")
        text = {"description": one["description"]} if "description" in one else {}
        found.append({"name": name, "in": "query", "required": name in required, "schema": kind, **text})
    return found


def _conditions(operation: Operation) -> list[dict[str, Any]]:
    if not operation.tagged:
        return []
    text = "the entity tag of what is to be changed, as you know it; refused where it is another by now"
    schema = {"type": "string", "pattern": r'^(\*|"[^",]{0,100}")$'}
    return [{"name": "If-Match", "in": "header", "required": False, "schema": schema, "description": text}]


def _fault(status: int) -> dict[str, Any]:
    return {"description": TITLES[status], "content": {CONTENT_TYPE: {"schema": {"$ref": REF.format(model="Fault")}}}}


def _plain(name: str, summary: str, content_type: str, family: str) -> dict[str, Any]:
    schema = {"type": "object"} if content_type == "application/json" else {"type": "string"}
    responses = {"200": {"description": "Done", "content": {content_type: {"schema": schema}}}, "304": {"description": "You have it already"}}
    responses |= {str(status): {"$ref": f"#/components/responses/{status}"} for status in ALWAYS}
    return {"operationId": name, "summary": summary, "tags": [family], "x-scope": "read", "parameters": [], "responses": responses}


def _stream() -> dict[str, Any]:
    told = _plain("stream", "Hear what changes, as server-sent events: status, pools, overrides, traffic, event", "text/event-stream", "history")
    told["parameters"] = [{"name": "Last-Event-ID", "in": "header", "required": False, "schema": {"type": "string", "maxLength": 40}}]
    del told["responses"]["304"]
    return told
