"""What is measured says which system, which operation and how it ended, and never what an exception said."""

import io
import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from opentelemetry import trace
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags
from prometheus_client import CollectorRegistry, generate_latest

import telemetry

ROOT = Path(telemetry.__file__).parent


class _Down(Exception):
    code = "VENDOR_UNAVAILABLE"


def _counted(registry: CollectorRegistry, operation: str) -> list[str]:
    lines = generate_latest(registry).decode().splitlines()
    calls = [line for line in lines if line.startswith("player_graph_vendor_calls_total")]
    return [line for line in calls if f'vendor_operation="{operation}"' in line]


def test_a_vendor_call_is_counted_by_system_operation_and_outcome() -> None:
    registry = telemetry.setup().registry
    with telemetry.vendor_call("KYC", "fine"):
        pass
    with pytest.raises(_Down), telemetry.vendor_call("KYC", "down"):
        raise _Down("of Ada Ash")
    with pytest.raises(ValueError, match="Ada"), telemetry.vendor_call("KYC", "crash"):
        raise ValueError("Ada Ash")
    outcomes = {"fine": "OK", "down": "VENDOR_UNAVAILABLE", "crash": "INTERNAL"}
    for operation, outcome in outcomes.items():
        (line,) = _counted(registry, operation)
        assert f'outcome="{outcome}"' in line
        assert 'vendor_system="KYC"' in line
        assert line.endswith(" 1.0")
    assert "Ada" not in generate_latest(registry).decode()


def test_the_set_up_is_done_once_a_process() -> None:
    assert telemetry.setup() is telemetry.setup()


SPANS = """
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
kept, provider = InMemorySpanExporter(), TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(kept))
trace.set_tracer_provider(provider)
import telemetry
try:
    with telemetry.operation() as seen:
        seen.kind = "query"
        with telemetry.vendor_call("KYC", "applicants"):
            raise ValueError("Ada Ash")
except ValueError:
    pass
call, operation = kept.get_finished_spans()
print(operation.name, dict(operation.attributes))
print(call.name, dict(call.attributes), call.parent.span_id == operation.context.span_id)
print("Ada" in call.to_json() + operation.to_json())
"""


def test_an_operation_is_one_span_named_by_its_type_over_one_span_a_vendor_call() -> None:
    run = subprocess.run([sys.executable, "-c", SPANS], cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout.splitlines() == [
        "query {'graphql.operation.type': 'query', 'outcome': 'INTERNAL', 'error.type': 'INTERNAL'}",
        "KYC applicants {'vendor.system': 'KYC', 'vendor.operation': 'applicants', 'error.type': 'INTERNAL'} True",
        "False",
    ]


def test_an_exporter_that_is_not_installed_names_the_key_that_asked_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telemetry, "_installed", None)
    monkeypatch.setitem(sys.modules, telemetry.EXPORTER, None)
    with pytest.raises(telemetry.ExporterMissing, match=r"^otlp_endpoint: needs the package opentelemetry-exporter"):
        telemetry.setup("http://127.0.0.1:4318")


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """What is logged while the test runs; the logger is put back as it was."""
    root = logging.getLogger()
    before, level, stream = root.handlers[:], root.level, io.StringIO()
    yield stream
    root.handlers[:] = before
    root.setLevel(level)


def test_a_log_line_is_json_and_says_in_which_trace_it_was_written(lines: io.StringIO) -> None:
    telemetry.logs("json", stream=lines)
    log = logging.getLogger("player_graph.test")
    log.debug("not told")
    log.warning("%s is in force", "policy")
    span = NonRecordingSpan(SpanContext(1, 2, is_remote=False, trace_flags=TraceFlags(1)))
    with trace.use_span(span):
        try:
            raise ValueError("inside")
        except ValueError:
            log.exception("it crashed")
    one, other = map(json.loads, lines.getvalue().splitlines())
    assert (one["event"], one["level"], one["logger"]) == ("policy is in force", "warning", "player_graph.test")
    assert one["timestamp"].endswith("Z")
    assert "trace_id" not in one
    assert (other["event"], other["trace_id"]) == ("it crashed", f"{1:032x}")
    assert "ValueError: inside" in other["exception"]


def test_a_log_line_for_reading_is_a_line(lines: io.StringIO) -> None:
    telemetry.logs("text", "DEBUG", lines)
    logging.getLogger("player_graph.test").debug("told")
    (line,) = lines.getvalue().splitlines()
    assert ("told" in line, "player_graph.test" in line, "\x1b" in line) == (True, True, False)
