"""Every metric's name, labels and help, in one place: what `/metrics` shows in Prometheus' text format.

Set by control, from what planes report, and by the roles; the answer path never comes here. Labels are bounded: no client, no name that
was asked; zones past the first MOST_ZONES and types nobody knows are "other".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics, generate_latest
from prometheus_client.core import HistogramMetricFamily
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

MOST_ZONES: Final = 100  # zones with a label of their own; a thousand zones times rcodes would be more than a dashboard can draw
OTHER: Final = "other"

disable_created_metrics()  # type: ignore[no-untyped-call]  # a `_created` series beside every counter: nobody reads them, every scrape carries them
REGISTRY: Final = CollectorRegistry(auto_describe=True)


def _counter(name: str, text: str, *labels: str) -> Counter:
    return Counter(name, text, labels, registry=REGISTRY)


def _gauge(name: str, text: str, *labels: str) -> Gauge:
    return Gauge(name, text, labels, registry=REGISTRY)


class Durations(Collector):
    """A histogram whose counting is done elsewhere, in buckets of its own. How long all took together is not counted there: no `_sum`."""

    def __init__(self, name: str, text: str) -> None:
        self._name = name
        self._text = text
        self._counts: dict[float, int] = {}
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


build_info: Final = _gauge("gslb_build_info", "Always 1; says what runs.", "version")
engine_info: Final = _gauge("gslb_engine_info", "Always 1; says which engine answers: python or native.", "engine", "version")

dns_requests: Final = _counter("gslb_dns_requests", "Queries answered.", "zone", "proto", "type")
dns_responses: Final = _counter("gslb_dns_responses", "Answers by response code.", "zone", "rcode")
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
hold: Final = _gauge("gslb_hold", "1 while all verdicts are held by an operator.")
probe_results: Final = _counter("gslb_probe_results", "Results of checks.", "prober", "check", "result")
probe_seconds: Final = Histogram(
    "gslb_probe_duration_seconds",
    "Time a check took.",
    ("prober", "check"),
    buckets=(0.001, 0.005, 0.02, 0.1, 0.5, 1, 2, 5, 10),
    registry=REGISTRY,
)
probers_peers: Final = _gauge("gslb_probers_peers", "Other probers of this one's place that live: they share its targets.")
probers_fresh: Final = _gauge("gslb_probers_fresh", "Probers whose votes count now.")
verdicts_held: Final = _gauge("gslb_verdicts_held", "Verdicts that are held because too few probers have an opinion.")
prober_suspect: Final = _gauge("gslb_prober_suspect", "1 while this prober does not trust its own eyes and its votes are not counted.")
probe_lateness: Final = _gauge("gslb_probe_lateness_seconds", "Time by which checks start late (p99): more than a second is too many targets.")
canary_up: Final = _gauge("gslb_canary_up", "1 where a nameserver answers the canary names, seen from this prober.", "server")

plan_generation: Final = _gauge("gslb_plan_generation", "The generation control has published last.")
plane_generation: Final = _gauge("gslb_plane_generation", "The generation a plane serves.", "plane")
plane_starts: Final = _counter("gslb_plane_starts", "Starts of planes; more than one each means crashes.", "plane")
plane_faults: Final = _counter("gslb_plane_faults", "Queries whose handling failed inside the engine: must be 0.")
thread_restarts: Final = _counter("gslb_plane_thread_restarts", "Threads of the native engine that failed and began anew: must be 0.")
state_age: Final = _gauge("gslb_state_age_seconds", "Time since the store was in touch last.")
reload_ok: Final = _gauge("gslb_config_last_reload_successful", "1 when the last load of the files was accepted.")
reload_time: Final = _gauge("gslb_config_last_reload_success_timestamp_seconds", "When files were last accepted.")
config_version: Final = _gauge("gslb_config_version", "The published version that is served; absent where files are not published.")
config_refused: Final = _counter("gslb_config_versions_refused", "Published versions that this node would not load.")
config_problems: Final = _gauge("gslb_config_problems", "Problems found by the last load.", "severity")
geo_built: Final = _gauge("gslb_geoip_build_timestamp_seconds", "When the oldest geo database was made; absent without one.")
registered: Final = _gauge("gslb_registered_members", "Members that registered themselves: waiting, joined or held.", "pool", "state")
registrations_refused: Final = _counter("gslb_registrations_refused", "Registrations that the files do not allow.", "reason")
store_up: Final = _gauge("gslb_store_up", "1 while the store answers; absent without a shared one.")
store_reconnects: Final = _counter("gslb_store_reconnects", "Connections to the store made anew.")
store_snapshots: Final = _counter("gslb_store_snapshots", "Times the whole store was read, and why.", "reason")
store_snapshot_seconds: Final = Histogram(
    "gslb_store_snapshot_seconds",
    "Time it took to read the whole store and to believe it.",
    buckets=(0.005, 0.02, 0.1, 0.5, 1, 2),
    registry=REGISTRY,
)
store_refused: Final = _counter("gslb_store_refused", "Records of the store that were not believed.", "reason")
state_writes_failed: Final = _counter("gslb_state_write_failures", "Files that could not be saved in the state directory.")
events: Final = _counter("gslb_events", "Things that happened, as this node told them.", "kind", "level")
degraded: Final = _gauge("gslb_degraded", "How many things are wrong, by what (`gslb status` says which): 0 where nothing is.", "code")
log_dropped: Final = _gauge("gslb_log_dropped_lines", "Log lines that found no room.")

_zones: set[str] = set()


def zone_label(zone: str) -> str:
    """Return the zone's own label while there is room, then `other`."""
    if zone in _zones or len(_zones) < MOST_ZONES:
        _zones.add(zone)
        return zone
    return OTHER


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
