"""Settings of a node: the file, the environment, defaults, and every mistake at once."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as with_settings
from hypothesis import strategies as st

from gslb.config import environment, settings
from gslb.config.settings import Endpoint, Settings
from gslb.errors import ConfigError

DESIGN = """
node: ns1-fra
dns:     {listen: ["127.0.0.1:5300", "[::1]:5300"], engine: auto}     # UDP and TCP on each; auto | python | native
store:   memory://                # or redis://, rediss://, redis+sentinel://, redis+cluster://
zones:   [zones/]                 # all folders share one namespace
geo:     {database: geodb/, networks: networks.yaml}
probe:   {name: fra-1, place: fra}           # present: this node also probes
metrics: {listen: "127.0.0.1:8053"}
state_dir: state/                            # last accepted files, last votes: a start without the store
"""


@pytest.fixture
def file(tmp_path):
    def write(text):
        path = tmp_path / "gslb.yaml"
        path.write_text(text)
        return path

    return write


def refused(path, environ=None):
    with pytest.raises(ConfigError) as caught:
        settings.load(path, environ or {})
    return [str(problem).replace(f"{path.parent}/", "") for problem in caught.value.problems]


def test_the_designs_example_loads(file, tmp_path):
    loaded = settings.load(file(DESIGN), {})
    assert loaded.node == "ns1-fra"
    assert loaded.dns.listen == (Endpoint("127.0.0.1", 5300), Endpoint("::1", 5300))
    assert [str(endpoint) for endpoint in loaded.dns.listen] == ["127.0.0.1:5300", "[::1]:5300"]
    assert (loaded.dns.engine, loaded.dns.threads, loaded.dns.max_udp, loaded.dns.ecs) == ("auto", None, 1232, True)
    assert loaded.zones == (tmp_path / "zones",)
    assert (loaded.geo.database, loaded.geo.networks) == (tmp_path / "geodb", tmp_path / "networks.yaml")
    assert (loaded.probe_name, loaded.probe_place) == ("fra-1", "fra")
    assert loaded.metrics_endpoint == ("127.0.0.1", 8053)
    assert (loaded.state_dir, loaded.control_socket) == (tmp_path / "state", tmp_path / "state" / "control.sock")


def test_nothing_at_all_suits_a_folder_with_zones(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    loaded = settings.load(None, {})
    assert loaded.zones == (Path("zones"),)
    assert (loaded.store, loaded.geo.database, loaded.geo.networks, loaded.probe) == ("memory://", None, None, None)
    (tmp_path / "geodb").mkdir()
    (tmp_path / "networks.yaml").write_text("")
    (tmp_path / "gslb.yaml").write_text("node: here")
    loaded = settings.load(None, {})
    assert loaded.node == loaded.probe_name == "here"
    assert (loaded.geo.database, loaded.geo.networks) == (tmp_path / "geodb", tmp_path / "networks.yaml")


def test_an_empty_file_is_all_defaults(file):
    assert settings.load(file("# nothing yet\n"), {}).dns == Settings().dns


def test_the_environment_wins(file, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("redis://:pass@127.0.0.1/0\n")
    environ = {
        "GSLB_NODE": "17",
        "GSLB_DNS_ENGINE": "python",
        "GSLB_DNS_THREADS": "3",
        "GSLB_DNS_LISTEN": "127.0.0.1:53, [::1]:53",
        "GSLB_DNS_TCP_IDLE": "1m30s",
        "GSLB_DNS_ECS": "false",
        "GSLB_ZONES": "a,/b",
        "GSLB_METRICS_LISTEN": "null",
        "GSLB_STATE_DIR": "/var/lib/gslb",
        "GSLB_STORE_FILE": str(secret),
        "GSLB_LOG_FORMAT": "json",
        "GSLB_PROBE_PLACE": "ams",
        "GSLB_SERVICE_HOST": "10.0.0.1",
        "GSLB_PORT_53_UDP": "udp://10.0.0.1:53",
        "GSLB_UNRELATED": "x",
        "PATH": "/bin",
    }
    loaded = settings.load(file(DESIGN), environ)
    assert (loaded.node, loaded.dns.engine, loaded.dns.threads, loaded.dns.tcp.idle, loaded.dns.ecs) == ("17", "python", 3, 90.0, False)
    assert loaded.dns.listen == (Endpoint("127.0.0.1", 53), Endpoint("::1", 53))
    assert loaded.zones == (tmp_path / "a", Path("/b"))
    assert loaded.metrics_endpoint is None
    assert (loaded.state_dir, loaded.store, loaded.log.format) == (Path("/var/lib/gslb"), "redis://:pass@127.0.0.1/0", "json")
    assert (loaded.probe_name, loaded.probe_place) == ("fra-1", "ams")


def test_an_address_is_named_once(file):
    for text in ("['127.0.0.1:53', '[::1]:53', '127.0.0.1:53']", "['[::1]:53', '[0:0:0:0:0:0:0:1]:53']"):
        with pytest.raises(ConfigError, match=r"gslb\.yaml:1:15: S003 dns\.listen: \S+:53 is there twice; name it once"):
            settings.load(file(f"dns: {{listen: {text}}}\n"), {})
    with pytest.raises(ConfigError, match=r"environment variable GSLB_DNS_LISTEN: S003 dns\.listen: 127\.0\.0\.1:53 is there twice"):
        settings.load(None, {"GSLB_DNS_LISTEN": "127.0.0.1:53,127.0.0.1:53"})
    many = settings.load(file("dns: {listen: ['127.0.0.1:0', '127.0.0.1:0', '127.0.0.1:53', '127.0.0.1:54']}\n"), {})
    assert len(many.dns.listen) == 4


def test_what_a_prober_is_told(file):
    own = "references: {sure: ['192.0.2.1', '2001:DB8::1'], other: 192.0.2.2}, canary: {names: www.example.com., servers: ['192.0.2.53:53']}"
    probe = settings.load(file(f"probe: {{copies: 2, {own}}}\n"), {}).probe
    assert (probe.copies, probe.references) == (2, {"sure": ("192.0.2.1", "2001:db8::1"), "other": ("192.0.2.2",)})
    assert (probe.canary.names, probe.canary.servers) == (("www.example.com.",), (Endpoint("192.0.2.53", 53),))
    assert settings.load(file("probe: {copies: auto}\n"), {}).probe.copies is None
    assert settings.load(None, {"GSLB_PROBE_COPIES": "3", "GSLB_PROBE_CANARY_NAMES": "a.example.,b.example."}).probe.canary.names[1] == "b.example."
    wrong = "copies: 0, references: {sure: [router.example.com], other: 5}, canary: {names: [www.example.com, '.'], servers: [ns1.example.com]}"
    write = "; write 127.0.0.1:5300 or '[::1]:5300' (all addresses: 0.0.0.0:53 and '[::]:53')"
    assert [one.partition(" ")[2] for one in refused(file(f"probe: {{{wrong}}}\n"))] == [
        "S003 probe.copies: at least 1 is allowed",
        "S003 probe.references.sure.0: 'router.example.com' is not an IP address; names are not resolved",
        "S003 probe.references.other: must be a list",
        "S003 probe.canary.names.0: 'www.example.com' is not a whole domain name; write it with its final dot: www.example.com.",
        "S003 probe.canary.names.1: '.' is not a whole domain name; write it with its final dot: www.example.com.",
        f"S003 probe.canary.servers.0: 'ns1.example.com' is not ADDRESS:PORT{write}",
    ]


def test_every_key_has_a_variable():
    names = {environment.PREFIX + "_".join(path).upper() for path, _ in environment.keys(Settings)}
    assert {
        "GSLB_NODE",
        "GSLB_DNS_LISTEN",
        "GSLB_DNS_TCP_PER_CLIENT",
        "GSLB_GEO_DATABASE",
        "GSLB_PROBE_NAME",
        "GSLB_STATE_DIR",
        "GSLB_CONTROL",
    } <= names
    assert len(names) == len(list(environment.keys(Settings)))


def test_all_mistakes_at_once_with_their_places(file):
    path = file(
        "nod: ns1\ndns: {listen: ['127.0.0.1', '[::1]:5300000', 'localhost:53'], engine: fast, threads: 0, tcp: {idle: 5q, ilde: 3}, level: debug}\n"
        "store: memory\nzones: []\ngeo: here\nprobe: {name: 5}\nmetrics: {listen: 5}\nlog: {level: loud}\nstate_dir: [a]\n"
    )
    write = "; write 127.0.0.1:5300 or '[::1]:5300' (all addresses: 0.0.0.0:53 and '[::]:53')"
    assert refused(path) == [
        "gslb.yaml:1:1: S002 unknown setting 'nod'",
        f"gslb.yaml:2:16: S003 dns.listen.0: '127.0.0.1' is not ADDRESS:PORT{write}",
        f"gslb.yaml:2:29: S003 dns.listen.1: '[::1]:5300000' is not ADDRESS:PORT{write}",
        f"gslb.yaml:2:46: S003 dns.listen.2: 'localhost:53' is not ADDRESS:PORT{write}",
        "gslb.yaml:2:71: S003 dns.engine: must be 'auto', 'python' or 'native'",
        "gslb.yaml:2:86: S003 dns.threads: at least 1 is allowed",
        "gslb.yaml:2:101: S003 dns.tcp.idle: '5q' is not a duration; write 5s, 500ms, 2m, 1h30m, or a number of seconds",
        "gslb.yaml:2:105: S002 unknown setting 'dns.tcp.ilde'",
        "gslb.yaml:2:115: S002 unknown setting 'dns.level'",
        "gslb.yaml:3:8: S003 store: must be a URL such as memory:// or redis://host:6379/0",
        "gslb.yaml:4:8: S003 zones: at least one is needed",
        "gslb.yaml:5:6: S003 geo: must be a mapping, not the text 'here'",
        "gslb.yaml:6:15: S003 probe.name: must be text; quote it",
        "gslb.yaml:7:19: S003 metrics.listen: 5 is not ADDRESS:PORT" + write,
        "gslb.yaml:8:14: S003 log.level: must be 'debug', 'info', 'warning' or 'error'",
        "gslb.yaml:9:12: S003 state_dir: must be a path",
    ]


def test_hints_say_what_was_meant(file):
    with pytest.raises(ConfigError) as caught:
        settings.load(file("nod: x\ndns: {level: debug}"), {})
    assert {problem.hint for problem in caught.value.problems} == {"did you mean 'node'?", "did you mean 'log.level'?"}


def test_mistakes_in_the_environment_name_the_variable(file, tmp_path):
    environ = {"GSLB_DNS_ENGIN": "x", "GSLB_DNS_MAX_UDP": "99999", "GSLB_STORE_FILE": str(tmp_path / "nope"), "GSLB_STORE": "memory://"}
    assert refused(file(DESIGN), environ) == [
        "environment variable GSLB_DNS_ENGIN: S002 no such setting",
        "environment variable GSLB_DNS_MAX_UDP: S003 dns.max_udp: at most 4096 is allowed",
        "environment variable GSLB_STORE_FILE: S004 GSLB_STORE is set too",
        "environment variable GSLB_STORE_FILE: S005 'nope' cannot be read: No such file or directory",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("- 1", "gslb.yaml:1:1: S001 settings must be a mapping (key: value), not a list"),
        ("a: [", "gslb.yaml:2:1: Y001 did not find expected node content"),
        ("node: a\nnode: b", "gslb.yaml:2:1: Y002 key 'node' stands in this mapping twice"),
    ],
)
def test_a_file_that_is_no_settings_file(file, text, expected):
    assert refused(file(text + "\n"))[0] == expected


def test_a_missing_file(tmp_path):
    assert refused(tmp_path / "gslb.yaml") == ["gslb.yaml: F001 no such file or folder"]


@with_settings(deadline=None)  # a file for each setting there is: a busy disk takes its time
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5), lambda inner: st.lists(inner, max_size=3), max_leaves=4
    )
)
def test_any_value_anywhere_is_read_or_refused(value):
    import json
    import tempfile

    for key, _ in environment.keys(Settings):
        data = value
        for part in reversed(key):
            data = {part: data}
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            json.dump(data, file)
            file.flush()
            with contextlib.suppress(ConfigError):
                settings.load(Path(file.name), {})
