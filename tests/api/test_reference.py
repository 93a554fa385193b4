"""The reference page is what the operations say of themselves."""

from __future__ import annotations

from pathlib import Path

from gslb.api.reference import page
from gslb.api.resources import OPERATIONS

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "api.md"


def test_the_page_is_what_the_operations_say() -> None:
    assert PAGE.read_text() == page(), "make it anew: python -m gslb.api.reference > docs/reference/api.md"


def test_every_operation_says_what_it_does() -> None:
    for operation in OPERATIONS:
        assert operation.summary
        assert operation.family
