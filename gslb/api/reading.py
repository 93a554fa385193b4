"""From an HTTP request to a Call: path, query parameters, body and conditions, judged by the models that the operation names.

Raises ProblemError with every mistake at once; nothing of what was sent is believed before.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, get_origin

from aiohttp import web
from pydantic import BaseModel, ValidationError

from gslb.api.limits import Bodies
from gslb.api.operation import Call, Operation
from gslb.api.problem import ProblemError
from gslb.api.service import Caller, Service

SHOWN: Final = 20  # mistakes of one request
_TAG: Final = re.compile(r'\s*(?:W/)?"([^"]*)"\s*|\s*(\*)\s*')
_JSON: Final = re.compile(r'application/json\s*(;\s*charset\s*=\s*"?utf-8"?\s*)?', re.IGNORECASE).fullmatch
_LONGEST: Final = 1024  # characters of one part of a path
_FLAGS: Final = {"true": True, "false": False}


class Reader:
    """Reads requests for one service."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._bodies = Bodies()

    async def call(self, request: web.Request, operation: Operation, caller: Caller) -> Call:
        """Read one request."""
        path = dict(request.match_info)
        for part in path.values():
            if len(part) > _LONGEST or not part.isprintable():
                raise ProblemError(404, "unknown", "there is nothing of such a name")
        query = _query(request, operation.query)
        body = await self._body(request, operation) if operation.body else None
        match = _tags(request, "If-Match") if operation.tagged else None
        absent = operation.tagged and "*" in (_tags(request, "If-None-Match") or ())
        return Call(self._service, caller, path, query, body, match, absent)

    async def _body(self, request: web.Request, operation: Operation) -> BaseModel:
        if not _JSON(request.headers.get("Content-Type", "")):
            raise ProblemError(415, "content_type", "send JSON, with Content-Type: application/json")
        if request.headers.get("Content-Encoding", "identity") != "identity":
            raise ProblemError(415, "content_encoding", "send it as it is, without Content-Encoding")
        body = await self._bodies.read(request, operation.largest)
        assert operation.body is not None
        try:
            return operation.body.model_validate_json(body, strict=True)
        except ValidationError as error:
            if error.errors()[0]["type"] == "json_invalid":
                raise ProblemError(400, "json", f"the body is not JSON: {error.errors()[0]['ctx']['error']}") from None
            raise _mistaken(error, "body") from None


def _query(request: web.Request, model: type[BaseModel] | None) -> Any:
    """Read query parameters; those that may be repeated become tuples, all others must not be."""
    given: dict[str, Any] = {}
    for name in dict.fromkeys(request.query):
        values = request.query.getall(name)
        field = model.model_fields.get(name) if model else None
        if field is not None and get_origin(field.annotation) is tuple:
            given[name] = tuple(values)
        elif len(values) > 1:
            raise ProblemError(422, "invalid", f"{name} is there twice")
        else:
            given[name] = _typed(values[0], field.annotation if field else str)
    if model is None:
        if given:
            raise ProblemError(422, "invalid", f"unknown parameter {next(iter(given))[:100]!r}")
        return None
    try:
        return model.model_validate(given, strict=True)
    except ValidationError as error:
        raise _mistaken(error, "query") from None


def _typed(text: str, kind: Any) -> Any:
    """Read true, false and whole numbers where they are asked for; what is neither is left for the model to refuse."""
    if kind is bool:
        return _FLAGS.get(text, text)
    if kind in (int, int | None) and re.fullmatch(r"-?[0-9]{1,18}", text):
        return int(text)
    return text


def _mistaken(error: ValidationError, where: str) -> ProblemError:
    """Turn pydantic's errors into problems."""
    problems: list[Mapping[str, Any]] = []
    for one in error.errors(include_url=False, include_input=False)[:SHOWN]:
        place = ".".join([where, *(str(part)[:100] for part in one["loc"])])
        message = one["msg"].removeprefix("Value error, ")
        problems.append({"code": one["type"], "severity": "error", "where": place, "message": message, "hint": ""})
    first = problems[0]
    more = f", and {error.error_count() - 1} more" if error.error_count() > 1 else ""
    return ProblemError(422, "invalid", f"{first['where']}: {first['message']}{more}", problems=problems)


def _tags(request: web.Request, header: str) -> frozenset[str] | None:
    """Read entity tags; None where none were sent."""
    given = request.headers.getall(header, [])
    if not given:
        return None
    tags: set[str] = set()
    for part in ",".join(given).split(","):
        found = _TAG.fullmatch(part)
        if found is None:
            raise ProblemError(400, "tag", f'{header} must hold entity tags, such as "overrides-12"')
        tags.add(found[2] or found[1])
    return frozenset(tags)


def known_tags(request: web.Request) -> frozenset[str]:
    """Return the tags of what a reader has already; what makes no sense is nothing."""
    try:
        return _tags(request, "If-None-Match") or frozenset()
    except ProblemError:
        return frozenset()
