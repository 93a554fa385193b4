"""Who a process is towards a shared store, from its settings."""

from __future__ import annotations

import pytest

from gslb.config import settings
from gslb.errors import ConfigError, UsageError
from gslb.role import identity
from gslb.store.envelope import Header, RefusedError, seal, unseal
from gslb.store.keys import generate, read_signer


@pytest.fixture
def lines(monkeypatch):
    said = []
    for level in ("warning", "error", "info"):
        monkeypatch.setattr(f"gslb.log.{level}", lambda event, *, level=level, **_fields: said.append(level))
    return said


@pytest.fixture
def made(tmp_path):
    """Settings from text, with keys of fra-1 and ann beside them."""
    public = {}
    for name in ("fra-1", "ann"):
        text, public[name] = generate(name)
        (tmp_path / f"{name}.key").write_text(text)
        (tmp_path / f"{name}.key").chmod(0o600)
    (tmp_path / "keys.yaml").write_text(f"probers: {{fra-1: {{keys: ['{public['fra-1']}']}}}}\noperators: {{ann: {{keys: ['{public['ann']}']}}}}\n")

    def make(text):
        (tmp_path / "gslb.yaml").write_text(text)
        return settings.load(tmp_path / "gslb.yaml", {})

    return make


ALL = "node: ns1\nstore: redis://h\nprobe: {name: fra-1}\nkeys: {prober: fra-1.key, operator: ann.key, trust: keys.yaml}\n"


def test_keys_are_read_beside_the_settings(made, tmp_path, lines):
    who = identity.of(made(ALL))
    assert (who.node, who.signed, who.state_dir) == ("ns1", True, tmp_path / "state")
    assert {writer: signer.name for writer, signer in who.signers.items()} == {"prober": "fra-1", "operator": "ann"}
    record = seal(Header("votes", "", "", 1, 1), [], who.signers["prober"])
    assert unseal(record, who.keyring)[1] == []
    assert lines == []


def test_without_keys_everybody_is_believed_and_that_is_said_once(made, lines):
    assert not identity.of(made("node: ns1\nstore: redis://h\n")).signed
    assert lines == ["warning"]
    lines.clear()
    assert not identity.of(made("node: ns1\n")).signed
    assert lines == [], "within one process nobody signs"


def test_environment_sets_keys_too(tmp_path, made):
    made(ALL)
    found = settings.load(tmp_path / "gslb.yaml", {"GSLB_KEYS_OPERATOR": str(tmp_path / "other.key")})
    assert found.keys.operator == tmp_path / "other.key"


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("node: ns1\nkeys: {prober: fra-1.key}\n", UsageError),  # a prober that is called otherwise
        ("node: ns1\nkeys: {operator: none.key}\n", UsageError),
        ("node: ns1\nkeys: {trust: none.yaml}\n", ConfigError),
        (f"node: {'x' * 65}\nstore: redis://h\n", UsageError),
    ],
)
def test_mistakes_end_the_start(made, text, error, lines):
    with pytest.raises(error):
        identity.of(made(text))


def test_keys_that_change_are_read_again_and_nonsense_changes_nothing(made, tmp_path, lines):
    who = identity.of(made(ALL))
    path = tmp_path / "keys.yaml"
    record = seal(Header("votes", "", "", 1, 1), [], who.signers["prober"])
    assert not who.keyring.refresh()
    replace(path, "probers: [")
    assert not who.keyring.refresh()
    assert lines == ["error"]
    unseal(record, who.keyring)
    path.unlink()
    assert not who.keyring.refresh()
    text, public = generate("fra-1")
    replace(path, f"probers: {{fra-1: {{keys: ['{public}']}}}}\n")
    assert who.keyring.refresh()
    assert not who.keyring.refresh()
    with pytest.raises(RefusedError):
        unseal(record, who.keyring)
    (tmp_path / "new.key").write_text(text)
    unseal(seal(Header("votes", "", "", 1, 1), [], read_signer(tmp_path / "new.key")), who.keyring)


def replace(path, text):
    """Write a file as editors do: another one in its place."""
    path.with_suffix(".new").write_text(text)
    path.with_suffix(".new").replace(path)
