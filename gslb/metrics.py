"""Every metric's name, labels and help, in one place: what `/metrics` shows in Prometheus' text format.

Set by control, from what planes report, and by the roles; the answer path never comes here. Labels are bounded: no client, no name that
was asked; zones, pools and targets past the first so many (MOST_*) and types nobody knows are "other".
`docs/reference/metrics.md` is written from this file.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics, generate_latest
from prometheus_client.core import HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

MOST_ZONES: Final = 100  # zones with a label of their own; a thousand zones times rcodes would be more than a dashboard can draw
MOST_POOLS: Final = 500  # pools likewise; members are shown of these
MOST_TARGETS: Final = 2000  # targets whose changes have a series each
OTHER: Final = "other"

disable_created_metrics()  # type: ignore[no-untyped-call]  # a `_created` series beside every counter: nobody reads them, every scrape carries them
REGISTRY: Final = CollectorRegistry(auto_describe=True)


class Series(NamedTuple):
    """What a name in the exposition stands for."""

    kind: str
    labels: tuple[str, ...]
    text: str


SERIES: Final[dict[str, Series]] = {}  # all of them, by the name that queries use; a histogram by its base name


def _counter(name: str, text: str, *labels: str) -> Counter:
    SERIES[f"{name}_total"] = Series("counter", labels, text)
    return Counter(name, text, labels, registry=REGISTRY)


def _gauge(name: str, text: str, *labels: str) -> Gauge:
    SERIES[name] = Series("gauge", labels, text)
    return Gauge(name, text, labels, registry=REGISTRY)


class Late(Gauge):
    """A gauge that is absent until it is set: a prober has no store's age of its own, and 0 would be an alarm."""

    told = False

    def set(self, value: float) -> None:
        """Show this from now on."""
        self.told = True
        super().set(value)

    def collect(self) -> Iterable[Metric]:
        """Give what the exposition shows; its name and help are there from the beginning."""
        for metric in super().collect():
            if not self.told:
                metric.samples = []
            yield metric


def _late(name: str, text: str) -> Late:
    SERIES[name] = Series("gauge", (), text)
    return Late(name, text, registry=REGISTRY)


def _histogram(name: str, text: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
    SERIES[name] = Series("histogram", labels, text)
    return Histogram(name, text, labels, registry=REGISTRY, buckets=buckets)


class Durations(Collector):
    """A histogram whose counting is done elsewhere, in buckets of its own. How long all took together is not counted there: no `_sum`."""

    def __init__(self, name: str, text: str) -> None:
        self._name = name
        self._text = text
        self._counts: dict[float, int] = {}
        SERIES[name] = Series("histogram", (), text)
        REGISTRY.register(self)

    def add(self, bound: float, count: int) -> None:
        """Count so many that took no longer than `bound` seconds, and longer than the bound below."""
        self._counts[bound] = self._counts.get(bound, 0) + count

    def collect(self) -> Iterator[HistogramMetricFamily]:
        """Give what the exposition shows; nothing where nobody counts."""
        family = HistogramMetricFamily(self._name, self._text)
        if self._counts:
            total = 0
            buckets: list[tuple[str, float]] = []
            for bound in sorted(self._counts):
                total += self._counts[bound]
                buckets.append((floatToGoString(bound), total))  # type: ignore[no-untyped-call]  # as the library writes bounds
            family.add_metric((), buckets, sum_value=None)
            family.add_sample(f"{self._name}_count", {}, total)
        yield family


start_time: Final = _gauge("gslb_start_time_seconds", "When this process began.")
start_time.set(time.time())
build_info: Final = _gauge("gslb_build_info", "Always 1; says what runs.", "version")
engine_info: Final = _gauge("gslb_engine_info", "Always 1; says which engine answers: python or native.", "engine", "version")

dns_requests: Final = _counter("gslb_dns_requests", "Queries answered.", "zone", "proto", "type")
dns_responses: Final = _counter("gslb_dns_responses", "Answers by response code.", "zone", "rcode")
dns_received: Final = _counter("gslb_dns_received", "UDP queries that came in, by the family of the socket: v4 or v6.", "family")
dns_octets: Final = _counter("gslb_dns_response_octets", "Octets of answers over UDP; by answers, the mean size of one.")
dns_truncated: Final = _counter("gslb_dns_truncated", "Answers cut to fit UDP; the client asks again over TCP.", "zone")
dns_seconds: Final = Durations(
    "gslb_dns_request_duration_seconds",
    "Time from a batch of datagrams taken to its replies sent, for each of them; the native engine alone counts it.",
)
dns_dropped: Final = _counter("gslb_dns_dropped", "Packets that got no answer.", "reason")
answers: Final = _counter("gslb_answers", "Answers from pools, and why this one.", "zone", "pool", "site", "reason")
udp_kernel_drops: Final = _counter("gslb_udp_kernel_drops", "Datagrams lost because a socket's buffer was full.")
udp_unsent: Final = _counter("gslb_udp_unsent", "Replies that the kernel refused to send: full buffer, firewall, no route, port 0.")
dnstap_connected: Final = _gauge("gslb_dnstap_connected", "1 while a plane's reader of dnstap takes what it has to say.", "plane")
dnstap_messages: Final = _counter("gslb_dnstap_messages", "Messages of dnstap that were handed to the reader's socket.")
dnstap_dropped: Final = _counter(
    "gslb_dnstap_dropped",
    "Messages of dnstap that were not told. busy: no time; queue: the reader is slow or not there; connection: in its hands when it ended.",
    "reason",
)
query_log_lines: Final = _counter("gslb_query_log_lines", "Lines of the query log that were written.")
query_log_dropped: Final = _counter("gslb_query_log_dropped", "Lines of the query log that found no time or no room.")
debug_asked: Final = _counter("gslb_debug_questions", "Questions for _gslb.NAME that control explained, or could not.", "result")
tcp_connections: Final = _gauge("gslb_tcp_connections", "Open TCP connections.")
tcp_closed: Final = _counter("gslb_tcp_limited", "TCP connections refused, evicted or closed as idle.", "reason")

member_up: Final = _gauge("gslb_member_up", "1 = up, 0 = down, 0.5 = unknown; the worst of a member's checks.", "pool", "member", "site")
member_changes: Final = _counter("gslb_member_state_changes", "Changes of a target's state.", "check", "address")
transitions: Final = _counter("gslb_transitions", "Changes of state, of targets (kind verdict) and pools.", "kind", "to")
pool_ratio: Final = _gauge("gslb_pool_available_ratio", "Share of a pool's members that are not down.", "pool")
overrides: Final = _gauge("gslb_overrides", "Overrides that stand.", "kind", "level")
hold: Final = _late("gslb_hold", "1 while all verdicts are held by an operator.")
probe_results: Final = _counter("gslb_probe_results", "Results of checks.", "prober", "check", "result")
probe_seconds: Final = _histogram("gslb_probe_duration_seconds", "Time a check took.", (0.001, 0.005, 0.02, 0.1, 0.5, 1, 2, 5, 10), "prober", "check")
probers_peers: Final = _late("gslb_probers_peers", "Other probers of this one's place that live: they share its targets.")
probers_fresh: Final = _late("gslb_probers_fresh", "Probers whose votes count now.")
verdicts_held: Final = _late("gslb_verdicts_held", "Verdicts that are held because too few probers have an opinion.")
prober_suspect: Final = _late("gslb_prober_suspect", "1 while this prober does not trust its own eyes and its votes are not counted.")
probe_lateness: Final = _late("gslb_probe_lateness_seconds", "Time by which checks start late (p99): more than a second is too many targets.")
canary_up: Final = _gauge("gslb_canary_up", "1 where a nameserver answers the canary names, seen from this prober.", "server")

plan_generation: Final = _late("gslb_plan_generation", "The generation control has published last.")
plane_generation: Final = _gauge("gslb_plane_generation", "The generation a plane serves.", "plane")
plane_starts: Final = _counter("gslb_plane_starts", "Starts of planes; more than one each means crashes.", "plane")
plane_faults: Final = _counter("gslb_plane_faults", "Queries whose handling failed inside the engine: must be 0.")
thread_restarts: Final = _counter("gslb_plane_thread_restarts", "Threads of the native engine that failed and began anew: must be 0.")
state_age: Final = _late("gslb_state_age_seconds", "Time since the store was in touch last.")
reload_ok: Final = _late("gslb_config_last_reload_successful", "1 when the last load of the files was accepted.")
reload_time: Final = _late("gslb_config_last_reload_success_timestamp_seconds", "When files were last accepted.")
config_version: Final = _late("gslb_config_version", "The published version that is served; absent where files are not published.")
config_refused: Final = _counter("gslb_config_versions_refused", "Published versions that this node would not load.")
config_problems: Final = _gauge("gslb_config_problems", "Problems found by the last load.", "severity")
geo_built: Final = _late("gslb_geoip_build_timestamp_seconds", "When the oldest geo database was made; absent without one.")
registered: Final = _gauge("gslb_registered_members", "Members that registered themselves: waiting, joined or held.", "pool", "state")
registrations_refused: Final = _counter("gslb_registrations_refused", "Registrations that the files do not allow.", "reason")
store_up: Final = _late("gslb_store_up", "1 while the store answers; absent without a shared one.")
store_reconnects: Final = _counter("gslb_store_reconnects", "Connections to the store made anew.")
store_snapshots: Final = _counter("gslb_store_snapshots", "Times the whole store was read, and why.", "reason")
store_snapshot_seconds: Final = _histogram(
    "gslb_store_snapshot_seconds", "Time it took to read the whole store and to believe it.", (0.005, 0.02, 0.1, 0.5, 1, 2)
)
store_refused: Final = _counter("gslb_store_refused", "Records of the store that were not believed.", "reason")
state_writes_failed: Final = _counter("gslb_state_write_failures", "Files that could not be saved in the state directory.")
events: Final = _counter("gslb_events", "Things that happened, as this node told them.", "kind", "level")
degraded: Final = _gauge("gslb_degraded", "How many things are wrong, by what (`gslb status` says which): 0 where nothing is.", "code")
log_dropped: Final = _gauge("gslb_log_dropped_lines", "Log lines that found no room.")

notifications: Final = _counter("gslb_notifications", "Messages to receivers, by how that ended: sent, failed, dropped.", "receiver", "result")
notify_queue: Final = _gauge("gslb_notify_waiting", "Messages that wait for a receiver.", "receiver")

_seen: dict[str, set[str]] = {"zone": set(), "pool": set(), "target": set()}


def zone_label(zone: str) -> str:
    """Return the zone's own label while there is room, then `other`."""
    return zone if _room("zone", zone, MOST_ZONES) else OTHER


def pool_label(pool: str) -> str:
    """Return the pool's own label while there is room, then `other`."""
    return pool if pool_shown(pool) else OTHER


def pool_shown(pool: str) -> bool:
    """Whether a pool, and its members, have series of their own."""
    return _room("pool", pool, MOST_POOLS)


def target_changed(check: str, address: str) -> None:
    """Count a change of a target's state."""
    if _room("target", f"{check} {address}", MOST_TARGETS):
        member_changes.labels(check, address).inc()
    else:
        member_changes.labels(OTHER, OTHER).inc()


def _room(kind: str, name: str, most: int) -> bool:
    seen = _seen[kind]
    if name in seen or len(seen) < most:
        seen.add(name)
        return True
    return False


def answered(proto: str, zone: str, kind: str, rcode: str, count: int) -> None:
    """Count answers of one kind."""
    zone = zone_label(zone)
    dns_requests.labels(zone, proto, kind).inc(count)
    dns_responses.labels(zone, rcode).inc(count)


def degraded_are(counts: Mapping[str, int]) -> None:
    """Show what is wrong; every code is always there, so that an alert can rely on it."""
    for code, count in counts.items():
        degraded.labels(code).set(count)


def exposition() -> bytes:
    """Write everything in Prometheus' text format."""
    return generate_latest(REGISTRY)
