"""The reference page of settings is what the models say of themselves."""

from __future__ import annotations

from pathlib import Path

from gslb.config import environment
from gslb.config.settings import Settings
from gslb.config.settings_reference import page

PAGE = Path(__file__).parents[2] / "docs/reference/settings.md"


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text() == page(), "make it anew: python -m gslb.config.settings_reference > docs/reference/settings.md"


def test_every_setting_is_on_it_and_described() -> None:
    text = page()
    for path, field in environment.keys(Settings):
        assert field.description, path
        assert f"| `{path[-1]}` | " in text, path
