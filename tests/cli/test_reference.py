"""The reference page is what the commands say of themselves."""

from __future__ import annotations

from pathlib import Path

from gslb.cli.reference import page

PAGE = Path(__file__).parents[2] / "docs/reference/cli.md"


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text() == page(), "python -m gslb.cli.reference > docs/reference/cli.md"


def test_commands_of_every_kind_are_on_it() -> None:
    text = page()
    assert "gslb site|pool|member weight WEIGHT NAME... [OPTIONS]" in text
    assert "| `NAME...` | As the files name them. | required |" in text
    assert "| `--port, -p` | Port of the server. | `5300` |" in text
