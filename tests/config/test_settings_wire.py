"""Settings of dnstap, the query log and debug clients."""

from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path

import pytest

from gslb.config import settings
from gslb.config.section import Endpoint
from gslb.errors import ConfigError


@pytest.fixture
def load(tmp_path):
    def read(text, environ=None):
        path = tmp_path / "gslb.yaml"
        path.write_text(text)
        return settings.load(path, environ or {})

    return read


def test_nothing_is_told_unless_it_is_asked_for(load):
    loaded = load("node: ns1\n")
    assert (loaded.dnstap, loaded.query_log, loaded.debug.clients) == (None, None, ())


@pytest.mark.parametrize(
    ("text", "reader"),
    [
        ("/run/dnstap.sock", Path("/run/dnstap.sock")),
        ("unix:/run/dnstap.sock", Path("/run/dnstap.sock")),
        ('"127.0.0.1:6000"', Endpoint("127.0.0.1", 6000)),
        ('"[::1]:6000"', Endpoint("::1", 6000)),
    ],
)
def test_a_reader_is_a_path_or_an_endpoint(load, text, reader):
    dnstap = load(f"dnstap: {{socket: {text}}}\n").dnstap
    assert (dnstap.socket, dnstap.sample, dnstap.messages, dnstap.extra) == (reader, 1.0, "both", True)


def test_a_relative_path_starts_at_the_settings_folder(load, tmp_path):
    assert load("dnstap: {socket: run/dnstap.sock}\n").dnstap.socket == tmp_path / "run" / "dnstap.sock"


def test_the_environment_says_it_too(load):
    loaded = load("node: ns1\n", {"GSLB_DNSTAP_SOCKET": "/run/x.sock", "GSLB_QUERY_LOG_SAMPLE": "0.5", "GSLB_DEBUG_CLIENTS": "127.0.0.0/8, ::1"})
    assert loaded.dnstap.socket == Path("/run/x.sock")
    assert (loaded.query_log.sample, loaded.query_log.clients) == (0.5, "truncated")
    assert loaded.debug.clients == (ip_network("127.0.0.0/8"), ip_network("::1/128"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("dnstap: {}", "dnstap.socket"),
        ("dnstap: {socket: localhost}", "ADDRESS:PORT"),
        ("dnstap: {socket: /run/x, sample: 0}", "greater than 0"),
        ("dnstap: {socket: /run/x, sample: 1.5}", "at most 1"),
        ("query_log: {clients: some}", "'truncated', 'full' or 'none'"),
        ("debug: {clients: [127.0.0.1/8]}", "host bits"),
        ("debug: {clients: [localhost]}", "no address and no network"),
    ],
)
def test_mistakes_are_told(load, text, said):
    with pytest.raises(ConfigError) as caught:
        load(text + "\n")
    assert said in str(caught.value)
