"""`gslb.yaml`: the settings of one node, from the file and from the environment, checked by pydantic.

Called once at start by every role and command. The environment wins over the file: `dns: {engine: native}` is `GSLB_DNS_ENGINE=native`,
lists are separated by commas, and a secret can be read from a file: `GSLB_STORE_FILE=/run/secrets/store`. Relative paths start at the
settings file's folder. Raises ConfigError with every mistake, nothing else.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, WithJsonSchema

from gslb.config import environment, files, yaml12
from gslb.config.document import Document, Node
from gslb.config.section import Address, Endpoint, File, Listen, Name, Seconds, Section, auto, distinct, one_or_many
from gslb.config.settings_api import Api
from gslb.config.settings_fleet import Fleet
from gslb.config.settings_notify import Notify, distinct_names
from gslb.config.settings_wire import Debug, Dnstap, QueryLog
from gslb.config.settings_wire import rooted as rooted_dnstap
from gslb.config.words import kind
from gslb.errors import ConfigError, Problems, Where

FILE: Final = Path("gslb.yaml")  # read when no path is given and it is there


_MESSAGES: Final = {  # pydantic's errors in our words
    "value_error": "{error}",
    "missing": "is needed",
    "too_short": "at least one is needed",
    "greater_than_equal": "at least {ge} is allowed",
    "less_than_equal": "at most {le} is allowed",
    "string_type": "must be text; quote it",
    "string_too_short": "must not be empty",
    "string_pattern_mismatch": "must be a URL such as memory:// or redis://host:6379/0",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "path_type": "must be a path",
    "tuple_type": "must be a list",
}


class Tcp(Section):
    """Limits on TCP connections, per plane."""

    connections: int = Field(default=800, ge=1, le=100_000, description="connections at once, per plane; below the limit on open files")
    per_client: int = Field(default=50, ge=1, le=100_000, description="connections at once from one address")
    idle: Seconds = Field(default=10.0, ge=0.5, le=3600, description="time without a whole query after which a connection is closed")


class Dns(Section):
    """The DNS service."""

    listen: Annotated[tuple[Listen, ...], BeforeValidator(one_or_many), AfterValidator(distinct)] = Field(
        default=(Endpoint("127.0.0.1", 5300), Endpoint("::1", 5300)), min_length=1, description="addresses and ports, UDP and TCP on each"
    )
    engine: Literal["auto", "python", "native"] = Field(default="auto", description="which engine answers; auto: the fastest that is installed")
    threads: Annotated[int | None, BeforeValidator(auto), WithJsonSchema({"type": ["integer", "string"]})] = Field(
        default=None, ge=1, le=256, description="threads that answer (python engine: processes, for its threads take turns); auto: one per core"
    )
    pin: bool = Field(default=False, description="whether each of these keeps to a core of its own; for a machine that does nothing else")
    user: str | None = Field(default=None, min_length=1, description="user that the planes become once sockets are open; default: nobody else")
    tcp: Tcp = Field(default=Tcp(), description="limits on TCP connections")
    max_udp: int = Field(default=1232, ge=512, le=4096, description="largest UDP answer in octets (RFC 9715 advises 1232: no fragments)")
    ecs: bool = Field(default=True, description="whether EDNS client subnets are heeded (RFC 7871)")


class Geo(Section):
    """What is known of places."""

    database: File | None = Field(
        default=None, description="MMDB file, or a folder of them; default: geodb/ if it is there, else the database that comes with gslb"
    )
    networks: File | None = Field(default=None, description="the operator's own networks; default: networks.yaml if it is there")


class Canary(Section):
    """Names that every nameserver must answer: one that lost its zones, or answers nobody, is noticed from outside."""

    names: Annotated[tuple[Name, ...], BeforeValidator(one_or_many)] = Field(default=(), description="names with A records, in zones that are served")
    servers: Annotated[tuple[Listen, ...], BeforeValidator(one_or_many), AfterValidator(distinct)] = Field(
        default=(), description="ADDRESS:PORT of each nameserver"
    )


class Probe(Section):
    """The prober of this node."""

    name: str = Field(default="", description="unique name of this prober; default: the node's")
    place: str = Field(default="", description="where it stands, for quorums over places; default: its name")
    exec: bool = Field(default=False, description="whether checks of type exec, which are programs, may run on this machine")
    copies: Annotated[int | None, BeforeValidator(auto), WithJsonSchema({"type": ["integer", "string"]})] = Field(
        default=None, ge=1, le=64, description="probers of one place that look at the same target; auto: so many that there are three over all places"
    )
    references: Mapping[str, Annotated[tuple[Address, ...], BeforeValidator(one_or_many)]] = Field(
        default_factory=dict, description="check to addresses that always work; when half of them fail, this prober does not trust its own eyes"
    )
    canary: Canary = Field(default=Canary(), description="names asked of every nameserver")


class Keys(Section):
    """Who signs here, and whose signatures are believed, in a shared store."""

    prober: File | None = Field(default=None, description="private key of this prober; its votes are signed with it")
    operator: File | None = Field(default=None, description="private key of the operator who gives overrides here")
    site: File | None = Field(default=None, description="private key of the site that reports for itself here")
    trust: File | None = Field(default=None, description="keys.yaml, the public keys; present: nothing unsigned is believed; absent: everybody is")


class Metrics(Section):
    """Where metrics and health of the process itself are served."""

    listen: Listen | None = Field(default=Endpoint("127.0.0.1", 8053), description="/metrics, /livez, /readyz; null: nowhere")


class Log(Section):
    """What is logged, and how."""

    level: Literal["debug", "info", "warning", "error"] = Field(default="info", description="least level that is logged")
    format: Literal["auto", "text", "json"] = Field(default="auto", description="auto: text on a terminal, JSON elsewhere")


class Settings(Section):
    """All settings of a node; paths are absolute or relative to the working directory."""

    node: str = Field(default_factory=socket.gethostname, min_length=1, max_length=255, description="this node's name; default: the host's")
    dns: Dns = Field(default=Dns(), description="the DNS service")
    store: str = Field(default="memory://", pattern="^[a-z+]+://", description="where votes are shared", json_schema_extra={"secret": True})
    zones: Annotated[tuple[File, ...], BeforeValidator(one_or_many)] = Field(
        (Path("zones"),), min_length=1, description="files and folders of zones; they share one namespace"
    )
    geo: Geo = Field(default=Geo(), description="what is known of places")
    probe: Probe | None = Field(default=None, description="present: this node also probes")
    fleet: Fleet = Field(default=Fleet(), description="files that are published to all nodes at once")
    keys: Keys = Field(default=Keys(), description="signatures in the shared store")
    metrics: Metrics = Field(default=Metrics(), description="metrics and health of the process itself")
    state_dir: File = Field(default=Path("state"), description="last accepted files and last votes: a start without the store")
    control: File | None = Field(default=None, description="unix socket for gslb reload and gslb status; default: in state_dir")
    log: Log = Field(default=Log(), description="what is logged, and how")
    api: Api | None = Field(default=None, description="present: the control API and the dashboard are served by gslb run")
    dnstap: Dnstap | None = Field(default=None, description="present: queries and answers are told to a reader of dnstap")
    query_log: QueryLog | None = Field(default=None, description="present: some queries are logged")
    debug: Debug = Field(default=Debug(), description="who may ask the nameserver why")
    notify: Annotated[tuple[Notify, ...], AfterValidator(distinct_names)] = Field(default=(), description="who is told of what happens")
    stall_limit: Seconds = Field(default=15.0, ge=3, le=600, description="silence after which a stalled process of the service is started anew")

    @property
    def probe_name(self) -> str:
        """What the prober of this node is called, whether or not a role runs it."""
        return (self.probe.name if self.probe else "") or self.node

    @property
    def probe_place(self) -> str:
        """Where it stands."""
        return (self.probe.place if self.probe else "") or self.probe_name

    @property
    def metrics_endpoint(self) -> Endpoint | None:
        """Where metrics are served, None = nowhere."""
        return self.metrics.listen

    @property
    def control_socket(self) -> Path:
        """Where `gslb reload` and `gslb status` find control."""
        return self.control or self.state_dir / "control.sock"

    def rooted(self, folder: Path) -> Self:
        """Make relative paths start at a folder, and find what stands there by convention."""
        database = self.geo.database or _if_there(folder / "geodb")
        networks = self.geo.networks or _if_there(folder / files.NETWORKS[0])
        api = self.api.rooted(folder) if self.api else None
        zones = tuple(folder / zone for zone in self.zones)
        if api and api.managed and api.managed_dir.is_dir():
            zones += (api.managed_dir,)
        rooted = {
            "zones": zones,
            "geo": Geo(database=database and folder / database, networks=networks and folder / networks),
            "keys": self.keys.model_copy(update={name: folder / path for name, path in self.keys if path is not None}),
            "state_dir": folder / self.state_dir,
            "control": folder / self.control if self.control else None,
            "api": api,
            "dnstap": rooted_dnstap(self.dnstap, folder),
            "notify": tuple(one.rooted(folder) for one in self.notify),
        }
        return self.model_copy(update=rooted)


def load(path: Path | None, environ: Mapping[str, str]) -> Settings:
    """Read the settings; without a path `gslb.yaml` of the working directory, if it is there. Raises ConfigError."""
    problems = Problems()
    if path is None and FILE.is_file():
        path = FILE
    document = _read(path, problems)
    given, origins = environment.overlay(document.value if document else {}, Settings, environ, problems)
    settings = None
    try:
        settings = Settings.model_validate(given)
    except ValidationError as error:
        for one in error.errors():
            _explain(one, document, origins, problems)
    if problems.fatal or settings is None:
        raise ConfigError(tuple(sorted(problems.found, key=lambda problem: problem.where)))
    return settings.rooted(path.parent if path is not None else Path())


def _read(path: Path | None, problems: Problems) -> Document | None:
    source = files.read(path, problems) if path is not None else None
    document = yaml12.load(source.name, source.text, problems) if source is not None else None
    if document is None or document.value is None:
        return None
    if not isinstance(document.value, dict):
        problems.error("S001", f"settings must be a mapping (key: value), not {kind(document.value)}", document.root.where)
        return None
    return document


def _if_there(path: Path) -> Path | None:
    return path.absolute() if path.exists() else None


def _explain(error: Any, document: Document | None, origins: Mapping[tuple[str, ...], str], problems: Problems) -> None:
    """Turn one of pydantic's errors into a Problem at its place."""
    path = tuple(error["loc"])
    key = ".".join(str(part) for part in path)
    variable = next((origins[path[:n]] for n in range(len(path), 0, -1) if path[:n] in origins), None)
    node, steps = document.root.at(path) if document else (Node(Document(""), None, 0, 0), 0)
    where = Where(f"environment variable {variable}") if variable else node.where if document else Where("settings")
    if error["type"] == "extra_forbidden":
        problems.error("S002", f"unknown setting {key!r}", node.key_where if steps else where, environment.meant(path, Settings))
        return
    if error["type"] == "too_short" and len(node.value or ()):
        return  # its items were wrong, and that has been said
    if error["type"].startswith(("model_", "dict_")):
        message = f"must be a mapping, not {kind(node.value)}"
    else:
        known = _MESSAGES.get(error["type"], "")
        message = known.format(**error.get("ctx", {})) or str(error["msg"]).replace("Input should be", "must be")
    problems.error("S003", f"{key}: {message}", where, environment.described(path, Settings))
