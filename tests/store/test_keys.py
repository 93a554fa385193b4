"""Keys: files that hold them, and who is believed."""

from __future__ import annotations

import base64
import os

import pytest

from gslb.errors import UsageError
from gslb.store.envelope import Anybody, Header, RefusedError, Unsigned, seal, unseal
from gslb.store.identity import WRITERS
from gslb.store.keys import PrivateKey, PublicKeys, generate, read_signer
from gslb.store.trust import Known, key_id, read_key, read_public, write_key


@pytest.fixture
def key_file(tmp_path):
    path = tmp_path / "fra-1.key"
    path.write_text(generate("fra-1")[0])
    path.chmod(0o600)
    return path


def ring(**names):
    return PublicKeys({writer: {key.name: Known(dict(read_public(one.public) for one in keys)) for key in keys} for writer, keys in names.items()})


def fresh(name):
    return PrivateKey(name, os.urandom(32))


def refused(record, keyring):
    with pytest.raises(RefusedError) as error:
        unseal(record, keyring)
    return error.value.reason


def test_what_is_signed_is_read_and_by_nobody_else():
    ann, bob = fresh("ann"), fresh("bob")
    record = seal(Header("book", "", "", 1, 1), {"a": 1}, ann)
    assert unseal(record, ring(operator=[ann, bob]))[1] == {"a": 1}
    assert refused(record, ring(operator=[bob])) == "signer"
    assert refused(record, ring(operator=[fresh("ann")])) == "signer", "another key of that name"
    assert refused(record, ring(prober=[ann], site=[ann])) == "signer", "an operator's word needs an operator's key"
    assert refused(seal(Header("book", "", "", 1, 1), {"a": 1}, Unsigned("ann")), ring(operator=[ann])) == "unsigned"
    record = bytearray(record)
    record[10] ^= 1
    assert refused(bytes(record), ring(operator=[ann])) == "signature"


@pytest.mark.parametrize("kind", sorted(WRITERS))
def test_each_kind_has_one_writer(kind):
    for writer in ("prober", "operator", "site"):
        key = fresh("x")
        record = seal(Header(kind, "", "", 1, 1), {}, key)
        if writer == WRITERS[kind]:
            assert unseal(record, ring(**{writer: [key]}))[1] == {}
        else:
            assert refused(record, ring(**{writer: [key]})) == "signer"


def test_names_places_and_trust():
    one, two = fresh("p1"), fresh("p0")
    keys = dict([read_public(one.public)])
    known = PublicKeys({"prober": {"p1": Known(keys, "fra"), "p0": Known(dict([read_public(two.public)]))}})
    assert known.names("prober") == ("p0", "p1")
    assert known.names("site") == ()
    assert (known.place("p1"), known.place("p0"), known.place("p9")) == ("fra", "", "")
    assert known.trusts("prober", "p1", one.key)
    assert not known.trusts("prober", "p1", two.key)
    assert not known.trusts("operator", "p1", one.key)
    assert Anybody().trusts("prober", "p1", "")


def test_keys_come_and_go():
    one, two = fresh("p1"), fresh("p1")
    news = [None, {"prober": {"p1": Known(dict([read_public(two.public)]))}}]
    keyring = PublicKeys({"prober": {"p1": Known(dict([read_public(one.public)]))}}, lambda: news.pop(0) if news else None)
    record = seal(Header("votes", "", "", 1, 1), {}, one)
    assert not keyring.refresh()
    unseal(record, keyring)
    assert keyring.refresh()
    assert refused(record, keyring) == "signer"
    unseal(seal(Header("votes", "", "", 1, 1), {}, two), keyring)


def test_a_file_is_read_and_the_name_must_be_right(key_file):
    signer = read_signer(key_file)
    assert signer.name == "fra-1"
    assert signer.public in key_file.read_text()
    assert read_signer(key_file, "fra-1").key == signer.key
    with pytest.raises(UsageError, match="private key of 'fra-1', and 'fra-2'"):
        read_signer(key_file, "fra-2")


def test_damage_is_found_and_the_key_not_repeated(key_file):
    text = key_file.read_text()
    line = text.splitlines()[-1]
    secret = line.rpartition(":")[2]
    other = base64.b64encode(os.urandom(32)).decode()
    for damaged in ("", "nothing", line + "\n" + line, line[:-8], line.replace(secret, other), line.replace("ed25519", "rsa"), "\xff" * 9):
        key_file.write_bytes(damaged.encode("latin-1"))
        with pytest.raises(UsageError) as error:
            read_signer(key_file)
        assert secret not in str(error.value)
        assert other not in str(error.value)


def test_a_file_that_all_can_read_is_worth_a_line(key_file, monkeypatch):
    lines = []
    monkeypatch.setattr("gslb.log.warning", lambda event, **fields: lines.append(fields))
    read_signer(key_file)
    assert lines == []
    key_file.chmod(0o644)
    read_signer(key_file)
    assert lines == [{"file": str(key_file), "advice": f"chmod 600 {key_file}"}]


def test_public_lines_there_and_back_and_a_slip_of_the_pen():
    octets = os.urandom(32)
    line = write_key(octets, key_id(octets))
    assert read_public(f" {line}\n") == (key_id(octets), octets)
    assert read_key(line) == (key_id(octets), octets)
    wrong = write_key(os.urandom(32), key_id(octets))
    for odd in ("", "ed25519", "ed25519:", line.replace("ed25519", "rsa"), line[:-4], line[:20] + "~" + line[21:], wrong):
        with pytest.raises(ValueError):
            read_public(odd)
