"""Whatever comes: a client's mistake is a Refusal, a provider's an UpstreamError, and nothing is ever a crash."""

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from worded import adapter_of, ask_of

from adapters import ADAPTERS
from api.chat import parse
from core.ask import Ask
from core.errors import Refusal
from core.faults import UpstreamError
from core.target import Target

FAMILY = sorted(set(ADAPTERS) - {"demo"})
ODD = st.sampled_from([None, 7, "x", "", [], {}, [7], {"a": 1}, True])
QUICK = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


def thing(**members):
    """An object with some of these members."""
    return st.fixed_dictionaries({}, optional=members)


FUNCTION = st.one_of(thing(name=st.one_of(st.just("f"), ODD), arguments=ODD, parameters=ODD, strict=ODD), ODD)
CALL = thing(id=st.just("a"), type=st.sampled_from(["function", "custom", 7]), function=FUNCTION, custom=FUNCTION)
PART = st.one_of(
    thing(type=st.sampled_from(["text", "input_text", "refusal"]), text=ODD, refusal=ODD),
    thing(
        type=st.sampled_from(["image_url", "file", "input_audio", "x"]),
        image_url=st.one_of(thing(url=ODD), ODD),
        file=st.one_of(thing(file_id=ODD, file_data=ODD, filename=ODD), ODD),
        input_audio=st.one_of(thing(data=ODD), ODD),
        cache_control=ODD,
    ),
)
MESSAGE = thing(
    role=st.sampled_from(["system", "developer", "user", "assistant", "tool", "function"]),
    content=st.one_of(st.just("hi"), st.lists(PART, max_size=2), ODD),
    tool_calls=st.one_of(st.lists(CALL, max_size=2), ODD),
    tool_call_id=st.just("a"),
    function_call=FUNCTION,
    reasoning_content=ODD,
    reasoning_details=ODD,
    refusal=ODD,
    name=ODD,
)
TOOL = thing(type=st.sampled_from(["function", "custom", None]), function=FUNCTION, custom=FUNCTION)
CHOICE = st.one_of(
    st.sampled_from(["auto", "required", "none"]),
    thing(type=st.sampled_from(["function", "allowed_tools"]), function=FUNCTION, allowed_tools=ODD, tools=ODD),
)
FORMAT = thing(
    type=st.sampled_from(["json_schema", "json_object", "text"]),
    json_schema=st.one_of(thing(name=ODD, schema=ODD, strict=ODD), ODD),
)
BODY = st.fixed_dictionaries(
    {"model": st.just("smart"), "messages": st.lists(MESSAGE, min_size=1, max_size=4)},
    optional={
        "tools": st.lists(TOOL, max_size=2),
        "functions": st.lists(thing(name=ODD), max_size=1),
        "tool_choice": CHOICE,
        "function_call": st.one_of(st.just("auto"), FUNCTION),
        "response_format": FORMAT,
        "reasoning_effort": st.sampled_from(["none", "low", "max", "zzz"]),
        "reasoning": ODD,
        "thinking": ODD,
        "provider": ODD,
        "guided_json": ODD,
        "structured_outputs": ODD,
        "logprobs": st.booleans(),
        "n": st.sampled_from([1, 2]),
    },
)


@pytest.mark.parametrize("dialect", FAMILY)
@QUICK
@given(body=BODY)
def test_no_call_that_was_let_in_breaks_an_adapter(dialect, body):
    try:
        call = parse(orjson.dumps(body))
    except Refusal:
        return

    for model in ("m", "MiniMax-M3", "grok-4", "deepseek-chat"):
        try:
            request = adapter_of(dialect).encode(Ask(call, Target(dialect, model)))
            assert orjson.loads(request.body)
        except Refusal as refused:
            assert 400 == refused.status
            assert refused.param


ANSWERED = thing(
    role=ODD,
    content=st.one_of(
        st.just("<think>a</think>b"),
        st.lists(thing(type=st.sampled_from(["text", "thinking"]), text=ODD, thinking=ODD)),
        ODD,
    ),
    reasoning=ODD,
    reasoning_content=st.one_of(st.just("r"), ODD),
    reasoning_details=st.one_of(st.lists(thing(type=ODD, text=ODD), max_size=2), ODD),
    tool_calls=st.one_of(st.lists(thing(id=ODD, index=ODD, function=FUNCTION), max_size=2), ODD),
)
CHOSEN = thing(
    index=st.one_of(st.sampled_from([0, 1]), ODD),
    message=st.one_of(ANSWERED, ODD),
    delta=st.one_of(ANSWERED, ODD),
    finish_reason=st.sampled_from(["stop", "error", "", None, "eos", 7]),
    logprobs=st.one_of(thing(tokens=ODD, token_logprobs=ODD), ODD),
    error=ODD,
)
ANSWER = thing(
    choices=st.one_of(st.lists(CHOSEN, max_size=2), ODD),
    usage=ODD,
    x_groq=st.one_of(thing(usage=ODD, error=ODD), ODD),
    search_results=st.one_of(st.lists(thing(url=ODD, title=ODD), max_size=2), ODD),
    citations=ODD,
    base_resp=ODD,
    error=ODD,
)


@pytest.mark.parametrize("dialect", FAMILY)
@QUICK
@given(answer=ANSWER, tools=st.booleans())
def test_no_answer_breaks_an_adapter(dialect, answer, tools):
    adapter, ask = (
        adapter_of(dialect),
        ask_of(logprobs=True, tools=[{"type": "function", "function": {"name": "f"}}] if tools else None),
    )
    request = adapter.encode(ask)

    try:
        assert orjson.loads(adapter.decode(orjson.dumps(answer), ask, request).body)
    except UpstreamError as error:
        assert error.failure.message


@pytest.mark.parametrize("dialect", FAMILY)
@QUICK
@given(answers=st.lists(ANSWER, max_size=4), tools=st.booleans(), end=st.booleans())
def test_no_stream_breaks_a_decoder(dialect, answers, tools, end):
    adapter = adapter_of(dialect)
    offered = [{"type": "function", "function": {"name": "f"}}] if tools else None
    ask = ask_of(stream=True, include_usage=True, logprobs=True, tools=offered)
    decoder = adapter.decoder(ask, adapter.encode(ask))
    stream = b"".join(b"data: " + orjson.dumps(answer) + b"\n\n" for answer in answers) + b"data: [DONE]\n\n" * end

    try:
        decoder.feed(stream)
        decoder.close()
        assert decoder.finished
    except UpstreamError as error:
        assert error.failure.message
