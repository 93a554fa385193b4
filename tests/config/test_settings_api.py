"""The section `api`: what is refused, and where its paths start."""

from __future__ import annotations

from pathlib import Path

import pytest

from gslb.config.settings import load
from gslb.errors import ConfigError


def test_the_defaults_are_for_this_machine_only(tmp_path: Path) -> None:
    (tmp_path / "gslb.yaml").write_text("api: {}")
    api = load(tmp_path / "gslb.yaml", {}).api
    assert api
    assert (str(api.listen), api.anonymous, api.local, api.tokens, api.managed) == ("127.0.0.1:8054", ("read",), True, None, ())
    (tmp_path / "gslb.yaml").write_text("node: a")
    assert load(tmp_path / "gslb.yaml", {}).api is None


def test_paths_start_at_the_file(tmp_path: Path) -> None:
    (tmp_path / "gslb.yaml").write_text("api: {listen: 'unix:///run/a.sock', tokens: t.yaml, managed: [Dyn.Example.], tls: {cert: c, key: k}}")
    api = load(tmp_path / "gslb.yaml", {}).api
    assert api
    assert api.tls
    assert (api.listen, api.local, api.managed) == (Path("/run/a.sock"), True, ("dyn.example",))
    assert (api.tokens, api.tls.key, api.managed_dir) == (tmp_path / "t.yaml", tmp_path / "k", tmp_path / "zones" / "managed")


def test_files_of_managed_zones_are_loaded_with_the_others(tmp_path: Path) -> None:
    (tmp_path / "gslb.yaml").write_text("api: {managed: [dyn.example], managed_dir: dyn}")
    assert load(tmp_path / "gslb.yaml", {}).zones == (tmp_path / "zones",)
    (tmp_path / "dyn").mkdir()
    assert load(tmp_path / "gslb.yaml", {}).zones == (tmp_path / "zones", tmp_path / "dyn")


def test_by_the_environment(tmp_path: Path) -> None:
    (tmp_path / "gslb.yaml").write_text("{}")
    api = load(tmp_path / "gslb.yaml", {"GSLB_API_LISTEN": "[::1]:99", "GSLB_API_ANONYMOUS": "read,drain", "GSLB_API_HOSTS": "a.example"}).api
    assert api
    assert (str(api.listen), api.anonymous, api.hosts) == ("[::1]:99", ("read", "drain"), ("a.example",))


@pytest.mark.parametrize(
    ("section", "told"),
    [
        ("{listen: '0.0.0.0:1'}", "not loopback"),
        ("{listen: '0.0.0.0:1', tokens: t}", "not loopback"),
        ("{listen: 'unix://a'}", "is no socket"),
        ("{listen: here}", "is not ADDRESS:PORT"),
        ("{listen: 5}", "is not ADDRESS:PORT"),
        ("{anonymous: [root]}", "api.anonymous"),
        ("{hosts: ['a:1']}", "without a port"),
        ("{hosts: ['a b']}", "without a port"),
        ("{managed: ['a..b']}", "not a zone's name"),
        ("{managed: ['../x']}", "not a zone's name"),
        ("{check_targets: [10.0.0.1/8]}", "is no network"),
        ("{tls: {cert: c}}", "api.tls.key"),
        ("{token: t}", "tokens"),
    ],
)
def test_what_makes_no_sense(tmp_path: Path, section: str, told: str) -> None:
    (tmp_path / "gslb.yaml").write_text(f"api: {section}")
    with pytest.raises(ConfigError) as caught:
        load(tmp_path / "gslb.yaml", {})
    assert told in "".join(f"{one} {one.hint}" for one in caught.value.problems)
