"""Integers of more than 64 bits reach tools, models and clients to the last digit, whatever the dialect."""

import orjson
import pytest
from api_stream import written
from bedrock_calls import asked_of, bedrock
from converse import delta, end, start, stop
from worded import HI, adapter_of, ask_of, calls, whole

from adapters.digits import exact
from core.faults import UpstreamError

GIVEN = b'{"n":1180591620717411303424,"m":[-9223372036854775809,{"k":18446744073709551615}],"f":1e+30,"s":"x"}'
BIG = b"1180591620717411303424"
FREE = {"tools": [{"type": "custom", "custom": {"name": "f"}}]}

ANTHROPIC = (
    b'{"type":"message","content":[{"type":"tool_use","id":"t","name":"f","input":%b}],"stop_reason":"tool_use"}'
)
GEMINI = b'{"candidates":[{"content":{"parts":[{"functionCall":{"name":"f","args":%b}}]},"finishReason":"STOP"}]}'
BEDROCK = (
    b'{"output":{"message":{"content":[{"toolUse":{"toolUseId":"t","name":"f","input":%b}}]}},"stopReason":"tool_use"}'
)
COHERE = b'{"message":{"tool_calls":[{"id":"t","function":{"name":"f","arguments":%b}}]},"finish_reason":"TOOL_CALL"}'
OLLAMA = b'{"message":{"tool_calls":[{"function":{"name":"f","arguments":%b}}]},"done":true}\n'
OPENAI = (
    b'{"choices":[{"index":0,"message":{"tool_calls":[{"id":"t","function":{"name":"f","arguments": %b}}]},'
    b'"finish_reason":"tool_calls"}]}'
)
ANSWERS = [
    ("anthropic", ANTHROPIC),
    ("google", GEMINI),
    ("google", b"[" + GEMINI + b"]"),
    ("bedrock", BEDROCK),
    ("cohere", COHERE),
    ("ollama", OLLAMA),
    ("mistral", OPENAI),
    ("mistral", OPENAI.replace(b": %b", b":%b")),
]
ANTHROPICS = (
    b'data: {"type":"message_start","message":{}}\n\ndata: {"type":"content_block_start","index":0,"content_block":'
    b'{"type":"tool_use","id":"t","name":"f","input":%b}}\n\ndata: {"type":"content_block_stop","index":0}\n\n'
    b'data: {"type":"message_delta","delta":{"stop_reason":"tool_use"}}\n\ndata: {"type":"message_stop"}\n\n'
)
COHERES = (
    b'data: {"type":"message-start"}\n\ndata: {"type":"tool-call-start","index":0,"delta":{"message":{"tool_calls":'
    b'{"id":"t","function":{"name":"f","arguments":%b}}}}}\n\n'
    b'data: {"type":"message-end","delta":{"finish_reason":"TOOL_CALL"}}\n\n'
)
MISTRALS = b"data: " + OPENAI.replace(b'"message"', b'"delta"').replace(b": %b", b":%b") + b"\n\ndata: [DONE]\n\n"
EVENTS = [
    ("anthropic", ANTHROPICS),
    ("cohere", COHERES),
    ("google", b"data: " + GEMINI + b"\n\n"),
    ("mistral", MISTRALS),
    ("ollama", OLLAMA),
]


def adapter(dialect):
    return bedrock() if dialect == "bedrock" else adapter_of(dialect)


def asking(dialect, **body):
    return asked_of(**{"messages": HI, **body}) if dialect == "bedrock" else ask_of(**body)


def pieces(dialect):
    """A call of a tool in a stream, its arguments in two pieces of text."""
    halves = [GIVEN[:9].decode(), GIVEN[9:].decode()]
    if dialect == "bedrock":
        told = [delta(0, toolUse={"input": half}) for half in halves]
        return b"".join([start(0, toolUse={"toolUseId": "t", "name": "f"}), *told, stop(0), end("tool_use")])
    told = [
        {"type": "content_block_delta", "index": 0, "delta": {"type": "input_json_delta", "partial_json": half}}
        for half in halves
    ]
    opening, rest = (ANTHROPICS % b"{}").split(b'data: {"type":"content_block_stop"')
    between = b"".join([b"data: %b\n\n" % orjson.dumps(one) for one in told])
    return opening + between + b'data: {"type":"content_block_stop"' + rest


def streamed(dialect, data, **body):
    """The arguments of the one call, put together."""
    ask = asking(dialect, stream=True, **body)
    reader = adapter(dialect).decoder(ask, adapter(dialect).encode(ask))
    lines = written([*reader.feed(data), *reader.close()]).split(b"\n\n")
    chunks = [orjson.loads(line[6:]) for line in lines if line.startswith(b"data: {")]
    made = [one for chunk in chunks for each in chunk["choices"] for one in each["delta"].get("tool_calls", ())]
    return "".join([_said(one) for one in made])


def _said(call):
    return call["custom"]["input"] if "custom" in call else call["function"].get("arguments", "")


@pytest.mark.parametrize(("dialect", "answer"), ANSWERS)
def test_what_a_model_calls_a_tool_with_is_told_to_the_digit(dialect, answer):
    ask = asking(dialect)

    completion = adapter(dialect).decode(answer % GIVEN, ask, adapter(dialect).encode(ask))

    (call,) = orjson.loads(completion.body)["choices"][0]["message"]["tool_calls"]
    assert GIVEN.decode() == call["function"]["arguments"].replace("1e30", "1e+30")


@pytest.mark.parametrize(("dialect", "events"), EVENTS)
def test_so_it_is_in_streams(dialect, events):
    assert GIVEN.decode() == streamed(dialect, events % GIVEN).replace("1e30", "1e+30")


@pytest.mark.parametrize("dialect", ["anthropic", "bedrock"])
def test_so_it_is_where_a_tool_of_free_text_is_called_with_something_else(dialect):
    assert BIG.decode() in streamed(dialect, pieces(dialect), **FREE)


@pytest.mark.parametrize("dialect", ["anthropic", "google", "bedrock", "ollama"])
def test_what_a_client_says_that_a_tool_was_called_with_goes_on_to_the_digit(dialect):
    made = {"role": "assistant", "content": None, "tool_calls": calls("t", arguments=GIVEN.decode())}
    result = {"role": "tool", "tool_call_id": "t", "content": "7"}

    body = adapter(dialect).encode(asking(dialect, messages=[*HI, made, result])).body

    assert GIVEN[:-20] in body


@pytest.mark.parametrize(
    ("dialect", "model"), [("google", "gemini-3.8-flash"), ("bedrock", "mistral.mistral-large-2407-v1:0")]
)
def test_so_do_results_that_have_to_be_objects(dialect, model):
    made = {"role": "assistant", "content": None, "tool_calls": calls("tttttttttt")}
    messages = [*HI, made, {"role": "tool", "tool_call_id": "tttttttttt", "content": GIVEN.decode()}]
    ask = asked_of(model, messages=messages) if dialect == "bedrock" else ask_of(model, messages=messages)

    assert GIVEN[:-20] in adapter(dialect).encode(ask).body


def test_numbers_that_are_read_as_they_were_written_are_left_as_they_are():
    for raw in (b'{"a":[1,1.5,18446744073709551615,-9223372036854775808],"b":{"c":null}}', b"[]", b'"x"', b"7"):
        value = orjson.loads(raw)
        assert value is exact(value, raw)


def test_what_is_too_deep_to_be_written_is_left_as_it_is():
    deep = b'{"a":' * 1000 + b"1e30" + b"}" * 1000
    wide = b'{"n":%b,"a":%b}' % (BIG, b"[" * 1000 + b"]" * 1000)
    for raw in (deep, wide):
        value = orjson.loads(raw)
        assert value is exact(value, raw)
    with pytest.raises(UpstreamError, match="deep"):
        adapter_of("ollama").decode(OLLAMA % wide, ask_of(), adapter_of("ollama").encode(ask_of()))


def test_arguments_that_are_text_are_none_of_our_business():
    answer = whole({"content": "", "tool_calls": calls("t", arguments=GIVEN.decode())}, "tool_calls")
    made = adapter_of("mistral").decode(orjson.dumps(answer), ask_of(), adapter_of("mistral").encode(ask_of()))

    assert calls("t", arguments=GIVEN.decode()) == orjson.loads(made.body)["choices"][0]["message"]["tool_calls"]
