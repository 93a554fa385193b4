"""The OpenAPI document, and the service held to it: schemathesis asks what the document says may be asked, and what may not."""

from __future__ import annotations

import os
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, settings
from openapi_spec_validator import OpenAPIV31SpecValidator
from schemathesis.checks import CHECKS, load_all_checks

from gslb.api.document import STREAM, document
from gslb.api.resources import OPERATIONS

load_all_checks()
SCHEMA = schemathesis.openapi.from_dict(document()).exclude(path=STREAM)  # which never ends
SCHEMA.config.checks.negative_data_rejection.expected_statuses = ["400", "401", "404", "409", "412", "413", "415", "422", "431", "501"]
HELD_TO = [
    *("not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance", "response_schema_conformance"),
    *("negative_data_rejection", "missing_required_header", "unsupported_method", "allow_header_conformance"),
]
EXAMPLES = int(os.environ.get("GSLB_API_EXAMPLES", "12"))  # per operation


def test_the_document_is_one() -> None:
    OpenAPIV31SpecValidator(document()).validate()


def test_the_document_tells_everything() -> None:
    paths = document()["paths"]
    assert len({one.path for one in OPERATIONS}) + 2 == len(paths)
    names = [one["operationId"] for path in paths.values() for one in path.values()]
    assert len(names) == len(set(names))
    for path in paths.values():
        for one in path.values():
            assert one["summary"]
            assert "200" in one["responses"]


@SCHEMA.parametrize()
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.explicit, Phase.generate])
def test_the_service_keeps_to_the_document(case: schemathesis.Case, beside: Any) -> None:
    case.call_and_validate(base_url=beside.url, checks=CHECKS.get_by_names(HELD_TO), timeout=60)
