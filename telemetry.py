"""Every span, metric and attribute name, and the SDK's set-up.

Importing this needs the OpenTelemetry API alone, whose spans and instruments do nothing until `setup` was called, so a
vendor's client may measure without knowing whether anybody looks. Attributes are words from small fixed sets: no
personal data, no id, no text of a document, no name that a client chose.
Names follow the semantic conventions for GraphQL (opentelemetry.io/docs/specs/semconv/graphql, Development, 2026-11).
"""

from __future__ import annotations

import asyncio
import importlib
import logging
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TextIO

import structlog
from opentelemetry import metrics, trace

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

SCOPE, SERVICE = "player_graph", "player-graph"
OPERATION_SPAN = "GraphQL Operation"  # until its type is known, which then is the name
OPERATION_TYPE, OUTCOME, ERROR_TYPE = "graphql.operation.type", "outcome", "error.type"
VENDOR_SYSTEM, VENDOR_OPERATION, VENDOR_PRODUCT = "vendor.system", "vendor.operation", "vendor.product"
OPERATIONS, OPERATION_DURATION = "player_graph.operations", "player_graph.operation.duration"
PLANS = "player_graph.plans"
VENDOR_CALLS, VENDOR_DURATION = "player_graph.vendor.calls", "player_graph.vendor.call.duration"
VENDOR_RETRIES, VENDOR_REFUSALS, REASON = "player_graph.vendor.retries", "player_graph.vendor.refusals", "reason"
VENDOR_WAITS = "player_graph.vendor.limiter.wait"
BREAKER_OPEN, QUEUE_FULL, DEADLINE, LIMITED = "BREAKER_OPEN", "QUEUE_FULL", "DEADLINE", "LIMITED"
TASKS = "player_graph.tasks"
WEBHOOKS, SHARED_CACHE = "player_graph.webhooks", "player_graph.cache.shared"
OK, CANCELLED, CRASHED = "OK", "CANCELLED", "INTERNAL"
BUCKETS_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
EXPORTER = "opentelemetry.exporter.otlp.proto.http"

_tracer = trace.get_tracer(SCOPE)
_no_span = nullcontext(trace.INVALID_SPAN)
_meter = metrics.get_meter(SCOPE)
_operations = _meter.create_counter(OPERATIONS, description="Operations by type and outcome.")
_operation_duration = _meter.create_histogram(
    OPERATION_DURATION,
    "s",
    "From a request's head to its response.",
    explicit_bucket_boundaries_advisory=BUCKETS_SECONDS,
)
_plans = _meter.create_counter(PLANS, description="Operations compiled, or why graphql-core had to run them.")
_vendor_calls = _meter.create_counter(VENDOR_CALLS, description="Calls to vendors by system, operation and outcome.")
_vendor_duration = _meter.create_histogram(
    VENDOR_DURATION, "s", "From a call to its decoded reply.", explicit_bucket_boundaries_advisory=BUCKETS_SECONDS
)
_shared_cache = _meter.create_counter(
    SHARED_CACHE, description="Records looked for in the cache that processes share, by what came of it."
)
_webhooks = _meter.create_counter(WEBHOOKS, description="Events that vendors sent, by product and what became of them.")

_vendor_retries = _meter.create_counter(
    VENDOR_RETRIES, description="Calls made again, by what the one before ended in."
)
_vendor_refusals = _meter.create_counter(VENDOR_REFUSALS, description="Calls that the gateway itself did not make.")

_limiter_waits = _meter.create_histogram(
    VENDOR_WAITS, "s", "What calls waited for a rate limit.", explicit_bucket_boundaries_advisory=BUCKETS_SECONDS
)


def _alive(options: metrics.CallbackOptions) -> Iterable[metrics.Observation]:
    """Of the loop that is asked: /metrics is answered on it. An exporter's thread has none."""
    with suppress(RuntimeError):
        yield metrics.Observation(len(asyncio.all_tasks()))


_meter.create_observable_gauge(TASKS, [_alive], description="Tasks of the event loop that have not ended.")


class ExporterMissing(Exception):
    """A key asks for an exporter whose package is not installed; the sentence starts with the key."""


@dataclass
class Observed:
    """What the one who does the work says of it: `outcome` is OK or an error code."""

    kind: str = "unknown"
    outcome: str = OK


def shared_cache(outcome: str, records: int) -> None:
    """Counts records: HIT, MISS, FAILED where nothing was answered; NOT_KEPT, DROPPED of those to be written."""
    if records:
        _shared_cache.add(records, {OUTCOME: outcome})


def planned(how: str) -> None:
    """Counts an operation as "compiled", or the reason why graphql-core ran it: words from a small set."""
    _plans.add(1, {OUTCOME: how})


@dataclass
class Witness:
    """What was seen of vendors while somebody looked: a call is (system, operation, outcome, seconds)."""

    calls: list[tuple[str, str, str, float]] = field(default_factory=list)
    retries: list[tuple[str, str, str]] = field(default_factory=list)


_witness: ContextVar[Witness | None] = ContextVar("witness", default=None)


@contextmanager
def witnessed() -> Iterator[Witness]:
    """Sees every call that the block, and what it starts, makes of a vendor."""
    before = _witness.set(seen := Witness())
    try:
        yield seen
    finally:
        _witness.reset(before)


@contextmanager
def operation() -> Iterator[Observed]:
    """One span and one count for a GraphQL operation, from its request to its response."""
    seen, start = Observed(), time.perf_counter()
    with _span(OPERATION_SPAN, trace.SpanKind.SERVER) as span:
        try:
            yield seen
        except BaseException as error:
            seen.outcome = _outcome_of(error)
            raise
        finally:
            if span.is_recording() and seen.kind != "unknown":
                span.update_name(seen.kind)
            attributes = {OPERATION_TYPE: seen.kind, OUTCOME: seen.outcome}
            _ended(span, attributes, seen.outcome)
            _operations.add(1, attributes)
            _operation_duration.record(time.perf_counter() - start, {OPERATION_TYPE: seen.kind})


@contextmanager
def vendor_call(system: str, name: str) -> Iterator[Observed]:
    """One span and one count for a call or batch. An exception that leaves names the outcome by its `code`, if any.

    Both words come from an adapter, never from a request. The body may set `outcome` itself.
    """
    seen, start = Observed("vendor"), time.perf_counter()
    where = {VENDOR_SYSTEM: system, VENDOR_OPERATION: name}
    with _span(f"{system} {name}", trace.SpanKind.CLIENT) as span:
        try:
            yield seen
        except BaseException as error:
            seen.outcome = _outcome_of(error)
            raise
        finally:
            _ended(span, where, seen.outcome)
            _vendor_calls.add(1, {**where, OUTCOME: seen.outcome})
            _vendor_duration.record(seconds := time.perf_counter() - start, where)
            if (witness := _witness.get()) is not None:
                witness.calls.append((system, name, seen.outcome, seconds))


def vendor_retry(system: str, name: str, outcome: str) -> None:
    """A call is made again, after one that ended in `outcome`."""
    _vendor_retries.add(1, {VENDOR_SYSTEM: system, VENDOR_OPERATION: name, OUTCOME: outcome})
    if (witness := _witness.get()) is not None:
        witness.retries.append((system, name, outcome))


def vendor_waited(system: str, name: str, seconds: float) -> None:
    """A call waits that long for its product's rate limit."""
    _limiter_waits.record(seconds, {VENDOR_SYSTEM: system, VENDOR_OPERATION: name})


def vendor_refused(system: str, name: str, reason: str) -> None:
    """A call was not made, for one of the reasons above."""
    _vendor_refusals.add(1, {VENDOR_SYSTEM: system, VENDOR_OPERATION: name, REASON: reason})


def webhook(system: str, product: str, outcome: str) -> None:
    """One count for an event: OK, LATE, REPLAYED, UNKNOWN, or why it was not taken."""
    _webhooks.add(1, {VENDOR_SYSTEM: system, VENDOR_PRODUCT: product, OUTCOME: outcome})


def _span(name: str, kind: trace.SpanKind) -> AbstractContextManager[trace.Span]:
    """The current span, or none where nobody collects them: even an empty one costs 4 us.

    An exception is told by its code alone: by itself OpenTelemetry would export its text.
    """
    if isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider):
        return _no_span
    return _tracer.start_as_current_span(name, kind=kind, record_exception=False, set_status_on_exception=False)


def _outcome_of(error: BaseException) -> str:
    """Never the exception's text: it may quote a person."""
    code = getattr(error, "code", None)
    return code if isinstance(code, str) else CRASHED if isinstance(error, Exception) else CANCELLED


def _ended(span: trace.Span, attributes: dict[str, str], outcome: str) -> None:
    if span.is_recording():
        span.set_attributes(attributes)
        if outcome != OK:
            span.set_attribute(ERROR_TYPE, outcome)
            span.set_status(trace.StatusCode.ERROR)


@dataclass(frozen=True)
class Telemetry:
    """What is measured in this process: the registry that /metrics prints, and the tracer and meter for more."""

    registry: CollectorRegistry
    tracer: trace.Tracer
    meter: metrics.Meter


_installed: Telemetry | None = None


def setup(otlp_endpoint: str | None = None, sample_ratio: float = 0.1) -> Telemetry:
    """Installs the SDK. It belongs to the process: a second call answers what the first installed.

    Spans leave only when there is an endpoint, `http://collector:4318`. Raises ExporterMissing.
    """
    global _installed  # noqa: PLW0603  # OpenTelemetry's providers are global to the process too
    if _installed is None:
        from prometheus_client import CollectorRegistry  # noqa: PLC0415  # only who sets up pays for the SDK

        registry = CollectorRegistry()
        exporters = _exporters(otlp_endpoint) if otlp_endpoint else None
        _install(registry, exporters, sample_ratio)
        _installed = Telemetry(registry, _tracer, _meter)
    return _installed


def _exporters(endpoint: str) -> tuple[Any, Any]:
    """(spans, metrics) to an OTLP collector."""
    try:
        spans = importlib.import_module(f"{EXPORTER}.trace_exporter")
        numbers = importlib.import_module(f"{EXPORTER}.metric_exporter")
    except ImportError as error:
        package = "opentelemetry-exporter-otlp-proto-http"
        raise ExporterMissing(f"otlp_endpoint: needs the package {package}, which is not installed") from error
    base = endpoint.rstrip("/")
    return spans.OTLPSpanExporter(f"{base}/v1/traces"), numbers.OTLPMetricExporter(f"{base}/v1/metrics")


def _install(registry: CollectorRegistry, exporters: tuple[Any, Any] | None, sample_ratio: float) -> None:
    from opentelemetry.exporter.prometheus import PrometheusMetricReader  # noqa: PLC0415
    from opentelemetry.sdk.metrics import MeterProvider  # noqa: PLC0415
    from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader  # noqa: PLC0415
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
    from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased  # noqa: PLC0415

    resource = Resource.create({"service.name": SERVICE})
    readers: list[Any] = [PrometheusMetricReader(scope_info_enabled=False, registry=registry)]
    if exporters:
        spans = TracerProvider(sampler=ParentBased(TraceIdRatioBased(sample_ratio)), resource=resource)
        spans.add_span_processor(BatchSpanProcessor(exporters[0]))
        trace.set_tracer_provider(spans)
        readers.append(PeriodicExportingMetricReader(exporters[1]))
    metrics.set_meter_provider(MeterProvider(metric_readers=readers, resource=resource))


def logs(form: Literal["json", "text"], level: str = "INFO", stream: TextIO | None = None) -> None:
    """From here on whatever is logged is a line on stdout: when, how bad, by whom, what, and in which trace."""
    told: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _in_trace,
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
    ]
    shown: list[Any] = (
        [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
        if form == "json"
        else [structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)]
    )
    handler = logging.StreamHandler(stream or sys.stdout)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processors=[*told, *shown]))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)


def _in_trace(_logger: Any, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    span = trace.get_current_span().get_span_context()
    return {**event, "trace_id": f"{span.trace_id:032x}"} if span.is_valid else event
