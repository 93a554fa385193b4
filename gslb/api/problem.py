"""What goes wrong, as `application/problem+json` (RFC 9457): every answer of the API that is no success is one of these.

`code` is stable and for programs; `detail` is for people and says what to do. A fault of ours says no more than that it is one: the log has it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from gslb.api.service import AbsentError, ChangedError, ForbiddenError, InvalidError, RefusedError, UnknownError
from gslb.errors import GslbError, StoreError, UsageError
from gslb.store import OvertakenError

CONTENT_TYPE: Final = "application/problem+json"
TITLES: Final = {
    400: "The request makes no sense",
    401: "Who are you?",
    403: "Not allowed",
    404: "There is no such thing",
    405: "Not that method",
    408: "Too slow",
    409: "Refused",
    412: "It has changed meanwhile",
    413: "Too large",
    415: "Not that type of content",
    421: "Not this host",
    422: "It cannot be done like that",
    429: "Too many requests",
    431: "Headers too large",
    500: "A fault of gslb itself",
    501: "Not set up for that",
    503: "Not now",
}


class ProblemError(Exception):
    """Ends a request. `headers` go with the answer; `problems` are an operator's mistakes, each with code, where, message and hint."""

    def __init__(
        self, status: int, code: str, detail: str, *, problems: Sequence[Mapping[str, Any]] = (), headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail = status, code, detail
        self.problems = list(problems)
        self.headers = dict(headers or {})

    def data(self) -> dict[str, Any]:
        """Return it as plain data."""
        said: dict[str, Any] = {
            "type": f"urn:gslb:problem:{self.code}",
            "title": TITLES.get(self.status, "It did not work"),
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
        }
        return said | ({"problems": self.problems} if self.problems else {})

    def body(self) -> bytes:
        """Return it as JSON."""
        return json.dumps(self.data()).encode()


def of(error: GslbError) -> ProblemError:
    """Turn what a service raises into a problem."""
    text = str(error)
    match error:
        case UnknownError():
            return ProblemError(404, "unknown", text)
        case InvalidError():
            return ProblemError(422, "invalid", _first(error) if "\n" in text else text, problems=error.problems)
        case RefusedError():
            hint = '; "force": true does it all the same' if error.forceable else ""
            return ProblemError(409, error.code, text + hint, problems=error.problems)
        case ChangedError():
            return ProblemError(412, "changed", text)
        case OvertakenError():
            return ProblemError(409, "overtaken", text)
        case ForbiddenError():
            return ProblemError(403, "forbidden", text)
        case AbsentError():
            return ProblemError(501, "not_set_up", text)
        case StoreError():
            return ProblemError(503, "store", text, headers={"Retry-After": "5"})
        case UsageError():
            return ProblemError(422, "invalid", text)
    return ProblemError(422, "impossible", text)


def _first(error: InvalidError) -> str:
    """Say the first of many mistakes: the others are in `problems`, and nobody reads pages of carets in one line."""
    worst = next((one for one in error.problems if one.get("severity") == "error"), None)
    if worst is None:
        return str(error).partition("\n")[0]
    more = len(error.problems) - 1
    return f"{worst['where']}: {worst['message']}" + (f", and {more} more" if more else "")
