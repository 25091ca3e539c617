"""Requests and whole answers in OpenAI's dialect, with and without an accent."""

import orjson
import pytest
from asking import SENT, asked
from hypothesis import given
from hypothesis import strategies as st

from adapters import ADAPTERS
from core.ask import Ask
from core.call import Call
from core.errors import Refusal
from core.faults import Fault, UpstreamError
from core.secret import Secret
from core.target import Provider, Target
from core.usage import Usage
from core.wire import Completion, WireRequest

KEY = Secret("sk-test")
ANSWER = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "hello"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 3, "completion_tokens": 1, "total_tokens": 4},
}


def sent(adapter, call, model="gpt-4o"):
    return orjson.loads(adapter.encode(Ask(call, Target("openai", model))).body)


def test_the_body_goes_out_as_it_came_but_for_the_model(adapter, call):
    body = {"temperature": None, "unknown": {"a": [1]}, "max_completion_tokens": 5}

    request = adapter().encode(Ask(call(body=body), Target("openai", "gpt-4o")))

    assert ("/chat/completions", (), ()) == (request.path, request.headers, request.dropped)
    assert {"model": "gpt-4o", "messages": [{"role": "user", "content": "hi"}], **body} == orjson.loads(request.body)


def test_what_is_filled_in_by_position_has_all_of_its_fields(adapter, call):
    asked = Ask(call(), Target("openai", "gpt-4o"))

    request = adapter().encode(asked)
    answer = adapter().decode(orjson.dumps(ANSWER), asked, request)

    assert (WireRequest, Completion, Usage) == (type(request), type(answer), type(answer.usage))
    for each in (request, answer, answer.usage):
        assert len(each._fields) == len(each)


def test_the_calls_own_body_is_never_changed(adapter, call):
    asked = call(body={"max_completion_tokens": 5, "routing": {}, "temperature": 0, "user": "x"}, stream=True)
    before = orjson.dumps(asked.body)

    for dialect in ADAPTERS:
        adapter(dialect).encode(Ask(asked, Target("x", "m")))

    assert before == orjson.dumps(asked.body)


@pytest.mark.parametrize(
    ("endpoint", "expected"),
    [("chat", "/chat/completions"), ("completions", "/completions"), ("embeddings", "/embeddings")],
)
def test_each_endpoint_has_its_path(adapter, call, endpoint, expected):
    assert expected == adapter().encode(Ask(call(endpoint), Target("openai", "m"))).path


def test_the_gateways_own_fields_stay_here(adapter, call):
    body = sent(adapter(), call(body={"routing": {"strategy": "order"}, "models": ["a", "b"]}))

    assert {"model", "messages"} == body.keys()


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, {"include_usage": True}),
        ({"stream_options": None}, {"include_usage": True}),
        ({"stream_options": {"include_usage": False}}, {"include_usage": True}),
        (
            {"stream_options": {"include_obfuscation": False}},
            {"include_obfuscation": False, "include_usage": True},
        ),
    ],
)
def test_streams_always_ask_for_usage(adapter, call, given, expected):
    assert expected == sent(adapter(), call(body=given, stream=True))["stream_options"]


def test_whole_answers_are_not_asked_for_stream_options(adapter, call):
    assert "stream_options" not in sent(adapter(), call())


def test_a_body_that_is_nested_too_deeply_is_refused(adapter, call):
    deep = []
    for _ in range(300):
        deep = [deep]

    with pytest.raises(Refusal) as caught:
        adapter().encode(Ask(call(body={"metadata": deep}), Target("openai", "m")))

    assert 400 == caught.value.status


@pytest.mark.parametrize(
    ("dialect", "given", "expected", "dropped"),
    [
        ("mistral", {"max_completion_tokens": 5, "seed": 1}, {"max_tokens": 5, "random_seed": 1}, ()),
        ("mistral", {"max_tokens": 9, "max_completion_tokens": 5}, {"max_tokens": 5}, ()),
        ("mistral", {"user": "me", "logit_bias": {}, "stop": None}, {}, ("logit_bias", "user")),
        ("mistral", {"user": None}, {}, ()),
        ("mistral", {"stream": True, "stream_options": {"include_usage": True}}, {"stream": True}, ()),
        ("deepseek", {"user": "me", "n": 2}, {"user_id": "me"}, ("n",)),
        ("together", {"store": True, "top_k": 4}, {"top_k": 4}, ("store",)),
        ("groq", {"logprobs": True, "seed": 3}, {"seed": 3}, ("logprobs",)),
        ("xai", {"web_search_options": {}}, {}, ("web_search_options",)),
        ("minimax", {"temperature": 0}, {"temperature": 0.01}, ("temperature=0.01",)),
        ("minimax", {"temperature": 1.5}, {"temperature": 1.0}, ("temperature=1.0",)),
        ("minimax", {"temperature": 0.5, "max_tokens": 7}, {"temperature": 0.5, "max_completion_tokens": 7}, ()),
        (
            "openrouter",
            {"provider": {"sort": "price"}, "stop": None},
            {"provider": {"sort": "price"}, "stop": None},
            (),
        ),
        ("vllm", {"chat_template_kwargs": {}}, {"chat_template_kwargs": {}}, ()),
        ("openai", {"stop": None, "x": 1}, {"stop": None, "x": 1}, ()),
    ],
)
def test_each_accent_is_spoken_to_in_its_words(adapter, call, *, dialect, given, expected, dropped):
    asked = call(body=given, stream=given.get("stream", False))

    request = adapter(dialect).encode(Ask(asked, Target(dialect, "m")))

    body = orjson.loads(request.body)
    assert {"model": "m", "messages": [{"role": "user", "content": "hi"}], **expected} == body
    assert dropped == request.dropped


@pytest.mark.parametrize(
    ("version", "model", "expected"),
    [
        (None, "gpt-4o", "/openai/v1/chat/completions"),
        ("", "gpt-4o", "/openai/v1/chat/completions"),
        ("v1", "gpt-4o", "/openai/v1/chat/completions"),
        ("2024-10-21", "gpt-4o", "/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21"),
        (
            "2024-10-21",
            "a/b?c#d é",
            "/openai/deployments/a%2Fb%3Fc%23d%20%C3%A9/chat/completions?api-version=2024-10-21",
        ),
        ("x&y=1", "m", "/openai/deployments/m/chat/completions?api-version=x%26y%3D1"),
    ],
)
def test_azure_names_deployments_in_the_path(adapter, call, version, model, expected):
    options = {} if version is None else {"api_version": version}

    assert expected == adapter("azure", options=options).encode(Ask(call(), Target("azure", model))).path


@pytest.mark.parametrize("model", [".", ".."])
def test_a_model_never_climbs_out_of_its_path(adapter, call, model):
    with pytest.raises(Refusal) as caught:
        adapter("azure", options={"api_version": "2024-10-21"}).encode(Ask(call(), Target("azure", model)))

    assert (400, "model") == (caught.value.status, caught.value.param)


COMMON = {
    "content-type": "application/json",
    "accept": "application/json, text/event-stream",
    "user-agent": "switchyard",
}


@pytest.mark.parametrize(
    ("dialect", "facts", "key", "expected"),
    [
        ("openai", {}, KEY, {"authorization": "Bearer sk-test"}),
        ("openai", {}, None, {}),
        ("openai", {}, Secret(""), {}),
        (
            "openai",
            {"options": {"organization": "org-1", "project": ""}},
            KEY,
            {"authorization": "Bearer sk-test", "openai-organization": "org-1"},
        ),
        ("openai", {"options": {"project": "p"}}, None, {"openai-project": "p"}),
        (
            "openrouter",
            {"options": {"site_url": "https://x.example", "site_name": "X"}},
            KEY,
            {"authorization": "Bearer sk-test", "http-referer": "https://x.example", "x-title": "X"},
        ),
        ("azure", {}, KEY, {"api-key": "sk-test"}),
        ("openai", {"headers": {"User-Agent": "mine", "X-Y": "z"}}, None, {"user-agent": "mine", "x-y": "z"}),
        ("openai", {"headers": {"Authorization": "Basic x"}}, KEY, {"authorization": "Basic x"}),
    ],
)
def test_headers_carry_the_credential_and_the_operators_own(adapter, dialect, facts, key, expected):
    assert {**COMMON, **expected} == dict(adapter(dialect, **facts).headers(key))


def test_every_dialect_says_what_it_can_serve(adapter):
    for dialect, facts in ADAPTERS.items():
        assert "chat" in adapter(dialect).endpoints
        assert facts.local or facts.base_url.startswith("https://") or dialect == "azure"


def test_an_answer_passes_as_the_same_bytes(adapter, call):
    body = orjson.dumps(ANSWER)

    completion = adapter().decode(body, asked(call()), SENT)

    assert Completion(body, Usage(input=3, output=1), "stop", 0) == completion
    assert completion.body is body


def test_blanks_before_the_json_are_tolerated(adapter, call):
    body = orjson.dumps(ANSWER)

    assert body == adapter().decode(b"\n \r\n" + body, asked(call()), SENT).body


def test_an_answer_without_usage_is_still_an_answer(adapter, call):
    body = orjson.dumps(
        {
            "choices": [
                {
                    "index": 0,
                    "message": {"content": None, "tool_calls": [{"function": {"name": "ab", "arguments": "{}"}}]},
                    "finish_reason": "tool_calls",
                }
            ]
        }
    )

    assert Completion(body, None, "tool_calls", 5) == adapter().decode(body, asked(call()), SENT)


def test_completions_have_text(adapter, call):
    body = orjson.dumps({"choices": [{"index": 0, "text": "hey", "finish_reason": "length"}]})

    assert Completion(body, None, "length", 3) == adapter().decode(body, asked(call("completions")), SENT)


@pytest.mark.parametrize(
    ("body", "fault", "message"),
    [
        (b"", Fault.BROKEN, "the answer is empty"),
        (b"   ", Fault.BROKEN, "the answer is empty"),
        (b"<html>502</html>", Fault.BROKEN, "the answer is a page of HTML"),
        (b'{"choices": [{"mess', Fault.BROKEN, "the answer is not JSON, or only half of it"),
        (b"[]", Fault.BROKEN, "the answer is not a JSON object"),
        (b"{}", Fault.BROKEN, "the answer has no choices"),
        (b'{"choices": []}', Fault.BROKEN, "the answer has no choices"),
        (b'{"choices": {}}', Fault.BROKEN, "the answer has no choices"),
        (b'{"choices": [1]}', Fault.BROKEN, "the answer has a choice without message"),
        (b'{"choices": [{"message": null}]}', Fault.BROKEN, "the answer has a choice without message"),
        (b'{"choices": null, "error": {"code": 429, "message": "slow"}}', Fault.RATE_LIMITED, "slow"),
        (b'{"error": "Incorrect API key provided"}', Fault.BAD_CREDENTIAL, "Incorrect API key provided"),
        (b'{"object": "error", "message": "queue is full"}', Fault.OVERLOADED, "queue is full"),
        (
            b'{"choices": [{"message": {"content": "x"}, "finish_reason": "error"}]}',
            Fault.BROKEN,
            "the provider ended the answer with 'error'",
        ),
        (
            b'{"choices": [{"message": {"content": "x"}, "error": {"code": 503, "message": "m"}}]}',
            Fault.OVERLOADED,
            "m",
        ),
    ],
)
def test_a_200_is_not_an_answer_yet(adapter, call, body, fault, message):
    with pytest.raises(UpstreamError) as caught:
        adapter().decode(body, asked(call()), SENT)

    assert (fault, message) == (caught.value.failure.fault, caught.value.failure.message)


@pytest.mark.parametrize(
    ("dialect", "body", "fault"),
    [
        ("minimax", {"base_resp": {"status_code": 1008, "status_msg": "insufficient balance"}}, Fault.OUT_OF_CREDIT),
        (
            "deepseek",
            {"choices": [{"message": {}, "finish_reason": "insufficient_system_resource"}]},
            Fault.OVERLOADED,
        ),
    ],
)
def test_accents_fail_in_their_own_words(adapter, call, dialect, body, fault):
    with pytest.raises(UpstreamError) as caught:
        adapter(dialect).decode(orjson.dumps(body), asked(call()), SENT)

    assert fault == caught.value.failure.fault


@pytest.mark.parametrize(
    ("dialect", "choice", "expected"),
    [
        (
            "together",
            {"message": {"content": "x"}, "finish_reason": "eos"},
            {"message": {"content": "x"}, "finish_reason": "stop"},
        ),
        (
            "xai",
            {"message": {"tool_calls": [{}]}, "finish_reason": ""},
            {"message": {"tool_calls": [{}]}, "finish_reason": "tool_calls"},
        ),
        (
            "vllm",
            {"message": {"content": "x", "reasoning": "y"}, "finish_reason": "stop"},
            {"message": {"content": "x", "reasoning_content": "y"}, "finish_reason": "stop"},
        ),
        (
            "vllm",
            {"message": {"reasoning_content": "x", "reasoning": "y"}, "finish_reason": "stop"},
            {"message": {"reasoning_content": "x", "reasoning": "y"}, "finish_reason": "stop"},
        ),
    ],
)
def test_answers_are_put_in_openais_words(adapter, call, dialect, choice, expected):
    completion = adapter(dialect).decode(orjson.dumps({"choices": [{"index": 0, **choice}]}), asked(call()), SENT)

    assert {"choices": [{"index": 0, **expected}]} == orjson.loads(completion.body)
    assert expected.get("finish_reason") == completion.finish


def test_what_can_not_be_written_again_is_broken(adapter, call):
    deep = b"[" * 400 + b"]" * 400
    body = b'{"choices": [{"message": {"reasoning": "x"}, "finish_reason": "stop"}], "x": ' + deep + b"}"

    with pytest.raises(UpstreamError) as caught:
        adapter("vllm").decode(body, asked(call()), SENT)

    assert "the answer is nested too deeply" == caught.value.failure.message


def test_openrouter_says_what_it_charged(adapter, call):
    body = orjson.dumps({**ANSWER, "usage": {**ANSWER["usage"], "cost": 0.5}})

    assert 500_000_000 == adapter("openrouter").decode(body, asked(call()), SENT).usage.cost


@pytest.mark.parametrize(
    ("given", "many"),
    [("text", 1), (["a", "b"], 2), ([1, 2, 3], 1), ([[1], [2], [3]], 3)],
)
def test_embeddings_are_as_many_as_their_inputs(adapter, call, given, many):
    data = [{"index": index, "embedding": "AAAA"} for index in range(many)]
    body = orjson.dumps({"data": data, "usage": {"prompt_tokens": 8, "total_tokens": 8}})

    assert Completion(body, Usage(input=8)) == adapter().decode(
        body, asked(call("embeddings", body={"input": given})), SENT
    )


@pytest.mark.parametrize("answer", [{}, {"data": None}, {"data": []}, {"data": [{}, {}]}])
def test_embeddings_that_are_missing_are_broken(adapter, call, answer):
    with pytest.raises(UpstreamError):
        adapter().decode(orjson.dumps(answer), asked(call("embeddings")), SENT)


@given(st.binary() | st.sampled_from([b'{"choices":[{"message":{"tool_calls":[1,{"function":{"name":1}}]}}]}']))
def test_no_answer_can_break_it(body):
    adapter = ADAPTERS["openai"].make(Provider(name="openai", dialect="openai"))

    try:
        adapter.decode(body, asked(Call("chat", "m", {})), SENT)
    except UpstreamError as error:
        assert error.failure.message


def test_a_choice_that_says_that_it_has_no_error_is_fine(adapter, call):
    answer = {**ANSWER, "choices": [{**ANSWER["choices"][0], "error": None}]}

    assert adapter().decode(orjson.dumps(answer), asked(call()), SENT).finish == "stop"


@pytest.mark.parametrize("body", [b"{", b"7", b'{"data": 7}'])
def test_a_list_of_models_that_is_none_is_broken(adapter, body):
    with pytest.raises(UpstreamError):
        adapter().listing.read(body)
