"""Bedrock's own idea of itself: what we send and play is held against the service model that botocore carries."""

import base64
import binascii
import struct
from functools import cache

import orjson
from botocore.eventstream import EventStream
from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.parsers import create_parser
from botocore.validate import ParamValidator


@cache
def operation(stream=False):
    model = ServiceModel(Loader().load_service_model("bedrock-runtime", "service-2"))
    return model.operation_model("ConverseStream" if stream else "Converse")


def accepted(request, model="anthropic.claude-3-haiku-20240307-v1:0", *, stream=False):
    """The body of *request*, of which botocore has nothing to say."""
    body = orjson.loads(request.body)
    shape = operation(stream).input_shape
    report = ParamValidator().validate({"modelId": model, **_typed(body, shape)}, shape)
    assert not report.has_errors(), report.generate_report()
    return body


def _typed(value, shape):
    """What was written as JSON, as botocore takes it: bytes where the model says so."""
    if shape.type_name == "blob":
        return base64.b64decode(value, validate=True)
    if shape.type_name == "structure" and not shape.is_document_type:
        return {name: _typed(one, shape.members[name]) if name in shape.members else one for name, one in value.items()}
    if shape.type_name == "list":
        return [_typed(one, shape.member) for one in value]
    return value


def parsed(body):
    """A whole answer as botocore reads it, which must lose nothing of it."""
    data = orjson.dumps(body)
    parser = create_parser("rest-json")
    read = parser.parse({"status_code": 200, "headers": {}, "body": data}, operation().output_shape)
    read.pop("ResponseMetadata")
    assert _plain(read) == body
    return data


def _plain(value):
    match value:
        case dict():
            return {name: _plain(one) for name, one in value.items()}
        case list():
            return [_plain(one) for one in value]
        case bytes():
            return base64.b64encode(value).decode()
    return value


def text_header(name, value, kind=7):
    data = value.encode()
    return bytes([len(name)]) + name.encode() + bytes([kind]) + struct.pack("!H", len(data)) + data


def message(headers, payload):
    """One message of an event stream."""
    prelude = struct.pack("!II", 16 + len(headers) + len(payload), len(headers))
    whole = prelude + struct.pack("!I", binascii.crc32(prelude)) + headers + payload
    return whole + struct.pack("!I", binascii.crc32(whole))


def event(kind, /, **payload):
    """As Bedrock writes it; it pads events with letters."""
    headers = text_header(":event-type", kind) + text_header(":content-type", "application/json")
    return message(headers + text_header(":message-type", "event"), orjson.dumps({**payload, "p": "abcdefgh"}))


def exception(kind, text="no words", **more):
    headers = text_header(":exception-type", kind) + text_header(":content-type", "application/json")
    return message(headers + text_header(":message-type", "exception"), orjson.dumps({"message": text, **more}))


def error(code, text):
    headers = text_header(":error-code", code) + text_header(":error-message", text)
    return message(headers + text_header(":message-type", "error"), b"")


class _Body:
    """A response's body as botocore's own client hands it on."""

    def __init__(self, stream):
        self._stream = stream

    def stream(self):
        yield from (self._stream[at : at + 100] for at in range(0, len(self._stream), 100))

    def close(self): ...


def read_by_botocore(stream):
    """Every event of *stream* as botocore's own client gives it out."""
    shape = operation(stream=True).output_shape.members["stream"]
    return list(EventStream(_Body(stream), shape, create_parser("rest-json")._event_stream_parser, "ConverseStream"))


def start(block=0, **begins):
    return event("contentBlockStart", contentBlockIndex=block, start=begins)


def delta(block=0, **goes_on):
    return event("contentBlockDelta", contentBlockIndex=block, delta=goes_on)


def stop(block=0):
    return event("contentBlockStop", contentBlockIndex=block)


def end(reason="end_turn", **usage):
    """What an answer ends with: the reason, then the usage."""
    counts = {"inputTokens": 9, "outputTokens": 4, "totalTokens": 13, **usage}
    return event("messageStop", stopReason=reason) + event("metadata", usage=counts, metrics={"latencyMs": 300})


BEGIN = event("messageStart", role="assistant")


def answer(*content, reason="end_turn", usage=None, **more):
    """A whole answer, as JSON is before it is written."""
    counts = {"inputTokens": 9, "outputTokens": 4, "totalTokens": 13}
    return {
        "output": {"message": {"role": "assistant", "content": list(content)}},
        "stopReason": reason,
        "usage": counts | (usage or {}),
        "metrics": {"latencyMs": 300},
        **more,
    }
