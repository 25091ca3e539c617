"""A finished call as OpenTelemetry's spans: one for itself, a child for each of its attempts.

Names are those of the GenAI conventions: https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/. Not to be
imported where OpenTelemetry isn't installed.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final
from urllib.parse import urlsplit

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.semconv._incubating.attributes import gen_ai_attributes as gen_ai
from opentelemetry.semconv.attributes import error_attributes, http_attributes, server_attributes
from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, TraceFlags

from core.usage import Usage
from telemetry.record import Record
from telemetry.said import answered, asked
from telemetry.trace import Step, Trace

SCOPE: Final = InstrumentationScope("switchyard")
OPERATIONS: Final = {"completions": "text_completion", "embeddings": "embeddings"}
CHAT: Final = "chat"
# Where our dialects are called otherwise there; all others go by their own names.
PROVIDERS: Final = {
    "azure": "azure.ai.openai",
    "bedrock": "aws.bedrock",
    "gemini": "gcp.gemini",
    "google": "gcp.gemini",
    "mistral": "mistral_ai",
    "xai": "x_ai",
}
FINE: Final = Status()
WRONG: Final = Status(StatusCode.ERROR)

Attributes = dict[str, Any]


def spans(record: Record, trace: Trace, resource: Resource, *, content: bool) -> Iterator[ReadableSpan]:
    """Those of one call, in any order."""
    ours = _context(trace, trace.span)
    yield ReadableSpan(
        f"{operation(record)} {record.route}".strip(),
        ours,
        _context(trace, trace.parent, remote=True) if trace.parent else None,
        resource,
        _of_call(record, trace, content=content),
        kind=SpanKind.SERVER,
        status=WRONG if record.status >= 500 else FINE,
        start_time=_nanos(record.time),
        end_time=_nanos(record.time + record.total / 1e3),
        instrumentation_scope=SCOPE,
    )
    for step in trace.steps:
        yield ReadableSpan(
            f"{operation(record)} {step.model}",
            _context(trace, step.span),
            ours,
            resource,
            _of_step(record, step),
            kind=SpanKind.CLIENT if step.sent else SpanKind.INTERNAL,
            status=WRONG if step.fault else FINE,
            start_time=_nanos(step.began),
            end_time=_nanos(step.began + step.ms / 1e3),
            instrumentation_scope=SCOPE,
        )


def operation(record: Record) -> str:
    return OPERATIONS.get(record.endpoint, CHAT)


def provider_name(step: Step) -> str:
    """As the conventions call it, or the name of its dialect."""
    return PROVIDERS.get(step.provider.dialect, step.provider.dialect)


def answering(record: Record, trace: Trace) -> str:
    """The model that answered, as the answer calls it where that is known."""
    last = trace.steps[-1] if trace.steps else None
    said = last.said if last is not None and not last.fault else ""
    return said or record.target.partition("/")[2]


@lru_cache(maxsize=1000)
def address(url: str) -> tuple[str, int] | None:
    """Host and port of a provider; None for one that needs no network."""
    parts = urlsplit(url)
    if not parts.hostname:
        return None
    return parts.hostname, parts.port or (443 if parts.scheme == "https" else 80)


def placed(step: Step) -> Attributes:
    """Where a step went."""
    where = address(step.provider.base_url)
    if where is None:
        return {}
    return {server_attributes.SERVER_ADDRESS: where[0], server_attributes.SERVER_PORT: where[1]}


def _of_call(record: Record, trace: Trace, *, content: bool) -> Attributes:
    found: Attributes = {
        gen_ai.GEN_AI_OPERATION_NAME: operation(record),
        gen_ai.GEN_AI_REQUEST_MODEL: record.route,
        gen_ai.GEN_AI_REQUEST_STREAM: record.stream,
        http_attributes.HTTP_RESPONSE_STATUS_CODE: record.status,
        "switchyard.call.id": record.id,
        "switchyard.key": record.key,
        "switchyard.cost_usd": record.cost / 1e9,
        "switchyard.attempts": record.attempts,
    }
    if record.target:
        found[gen_ai.GEN_AI_RESPONSE_MODEL] = answering(record, trace)
        found["switchyard.target"] = record.target
    if record.cache:
        found["switchyard.cache"] = "semantic" if trace.alike and record.cache == "hit" else record.cache
    if record.saved:
        found["switchyard.saved_usd"] = record.saved / 1e9
    if trace.steps:
        found[gen_ai.GEN_AI_PROVIDER_NAME] = provider_name(trace.steps[-1])
    if record.finish:
        found[gen_ai.GEN_AI_RESPONSE_FINISH_REASONS] = (record.finish,)
    if record.first is not None:
        found[gen_ai.GEN_AI_RESPONSE_TIME_TO_FIRST_CHUNK] = record.first / 1e3
    if record.fault:
        found[error_attributes.ERROR_TYPE] = record.fault
    if content:
        messages = {
            gen_ai.GEN_AI_INPUT_MESSAGES: asked(record.asked),
            gen_ai.GEN_AI_OUTPUT_MESSAGES: answered(record.answered, record.finish),
        }
        found |= {name: text for name, text in messages.items() if text is not None}
    return found | used(record.usage)


def _of_step(record: Record, step: Step) -> Attributes:
    found: Attributes = {
        gen_ai.GEN_AI_OPERATION_NAME: operation(record),
        gen_ai.GEN_AI_PROVIDER_NAME: provider_name(step),
        gen_ai.GEN_AI_REQUEST_MODEL: step.model,
        gen_ai.GEN_AI_REQUEST_STREAM: record.stream,
        "switchyard.provider": step.provider.name,
        "switchyard.sent": step.sent,
        "switchyard.cost_usd": step.cost / 1e9,
        **placed(step),
    }
    if step.status:
        found[http_attributes.HTTP_RESPONSE_STATUS_CODE] = step.status
    if step.fault:
        found[error_attributes.ERROR_TYPE] = step.fault
    else:
        found[gen_ai.GEN_AI_RESPONSE_MODEL] = step.said or step.model
    if record.finish and not step.fault:
        found[gen_ai.GEN_AI_RESPONSE_FINISH_REASONS] = (record.finish,)
    return found | used(step.usage)


def used(usage: Usage | None) -> Attributes:
    if usage is None:
        return {}
    found: Attributes = {
        gen_ai.GEN_AI_USAGE_INPUT_TOKENS: usage.prompt,
        gen_ai.GEN_AI_USAGE_OUTPUT_TOKENS: usage.completion,
    }
    if usage.cache_read:
        found[gen_ai.GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS] = usage.cache_read
    if usage.cache_write or usage.cache_write_long:
        found[gen_ai.GEN_AI_USAGE_CACHE_CREATION_INPUT_TOKENS] = usage.cache_write + usage.cache_write_long
    if usage.reasoning:
        found[gen_ai.GEN_AI_USAGE_REASONING_OUTPUT_TOKENS] = usage.reasoning
    return found


def _context(trace: Trace, span: str, *, remote: bool = False) -> SpanContext:
    return SpanContext(int(trace.id, 16), int(span, 16), remote, TraceFlags(trace.flags))


def _nanos(time: float) -> int:
    return int(time * 1e9)
