"""What OpenAI's models refuse on chat completions, and what becomes of it."""

import orjson
import pytest
from responding import HI, TOOL, openai, put

from adapters.bounds import REMEMBERED, Bounds
from adapters.limits import LEVELS, limits_of
from core.ask import UNKNOWN, Abilities
from core.call import Call
from core.errors import Refusal


def plain(body, model, **facts):
    """What goes to chat completions: the body, and what was dropped."""
    request = openai().encode(put({"tools": None, **body}, model, **facts))
    assert request.path == "/chat/completions"
    return orjson.loads(request.body), request.dropped


@pytest.mark.parametrize(
    ("model", "accepted", "default"),
    [
        ("o1", "low medium high", "medium"),
        ("o3-mini", "low medium high", "medium"),
        ("o3", "low medium high", "medium"),
        ("o4-mini-2025-04-16", "low medium high", "medium"),
        ("gpt-5", "minimal low medium high", "medium"),
        ("gpt-5-mini-2025-08-07", "minimal low medium high", "medium"),
        ("gpt-5.1", "none low medium high", "none"),
        ("gpt-5.2", "none low medium high xhigh", "none"),
        ("gpt-5.4-nano", "none low medium high xhigh", "none"),
        ("gpt-5.5", "none low medium high xhigh", "medium"),
        ("gpt-5.6-luna", "none low medium high xhigh", "medium"),
        ("gpt-6-sol", "none low medium high xhigh", "medium"),
        ("gpt-6.1-terra", "none low medium high xhigh", "medium"),
        ("gpt-6-astra", "low medium high xhigh", "medium"),
        ("gpt-6.1-sol", "low medium high xhigh", "medium"),
        ("gpt-5-pro", "high", "medium"),
        ("gpt-5.5-pro", "medium high xhigh", "medium"),
        ("gpt-10-luna", "none low medium high xhigh", "medium"),
        ("gpt-4o", "", "none"),
        ("gpt-4.1-mini", "", "none"),
        ("gpt-3.5-turbo", "", "none"),
        ("ft:gpt-4.1:org::id", "", "none"),
    ],
)
def test_efforts_are_those_of_the_family(model, accepted, default):
    limits = limits_of(model, UNKNOWN)

    assert (tuple(accepted.split()), default) == (limits.efforts, limits.default)


@pytest.mark.parametrize(
    "model",
    [
        "real",
        "gpt-oss-120b",
        "gpt-4o-search-preview",
        "gpt-audio-1.5",
        "gpt-5-chat-latest",
        "chat-latest",
        "o",
        "gpt-2",
    ],
)
def test_models_that_nobody_knows_have_no_limits(model):
    assert limits_of(model, UNKNOWN) is None


@pytest.mark.parametrize(
    ("flags", "asked", "expected"),
    [
        ({"effort_minimal": True, "effort_none": False}, "none", "minimal"),
        ({"effort_xhigh": False}, "xhigh", "high"),
        ({"effort_xhigh": None}, "xhigh", "xhigh"),
    ],
)
def test_flags_win_over_names(flags, asked, expected):
    assert expected == limits_of("gpt-5.6-sol", Abilities(flags=flags)).effort(asked, responses=False)


@pytest.mark.parametrize(
    ("flags", "responses", "expected"),
    [
        ({}, True, "max"),
        ({}, False, "xhigh"),
        ({"effort_max": False}, True, "xhigh"),
        ({"effort_max": True}, True, "max"),
    ],
)
def test_the_deepest_effort_is_for_responses_only(flags, responses, expected):
    assert expected == limits_of("gpt-5.6-sol", Abilities(flags=flags)).effort("max", responses=responses)


@pytest.mark.parametrize(
    ("model", "asked", "expected"),
    [
        ("gpt-5.6-terra", "minimal", "low"),
        ("gpt-6-astra", "none", "low"),
        ("o3", "none", "low"),
        ("gpt-5", "none", "minimal"),
        ("gpt-5", "xhigh", "high"),
        ("o3", "max", "high"),
        ("gpt-5.2", "max", "xhigh"),
    ],
)
def test_effort_is_clamped_to_the_nearest_level(model, asked, expected):
    body, dropped = plain({"reasoning_effort": asked}, model)

    assert (expected, (f"reasoning_effort={expected}",)) == (body["reasoning_effort"], dropped)
    with pytest.raises(Refusal) as refused:
        plain({"reasoning_effort": asked}, model, strict=True)
    assert ("reasoning_effort", "unsupported_value") == (refused.value.param, refused.value.code)


@pytest.mark.parametrize("model", ["gpt-5", "o3-deep-research", "chat-latest"])
def test_levels_that_nobody_knows_are_left_to_the_provider(model):
    request = openai().encode(put({"reasoning_effort": "deepest", "tools": None}, model))

    assert b'"deepest"' in request.body


@pytest.mark.parametrize("level", LEVELS)
def test_every_level_finds_one_that_each_model_takes(level):
    for model in ("o3", "gpt-5", "gpt-5.1", "gpt-5.4", "gpt-6-astra", "gpt-5-pro"):
        limits = limits_of(model, UNKNOWN)
        assert limits.effort(level, responses=False) in limits.efforts


@pytest.mark.parametrize(
    ("model", "body", "dropped"),
    [
        ("o3", {"temperature": 0.2, "top_p": 0.5, "logprobs": True}, ("logprobs", "temperature", "top_p")),
        ("o3", {"temperature": 1, "top_p": 1, "logprobs": False, "top_logprobs": 0}, ()),
        ("o3", {"temperature": None}, ()),
        ("gpt-5.1", {"temperature": 0.2}, None),
        ("gpt-5.1", {"temperature": 0.2, "reasoning_effort": "none"}, None),
        ("gpt-5.5", {"temperature": 0.2}, ("temperature",)),
        ("gpt-5.5", {"temperature": 0.2, "reasoning_effort": "none"}, None),
        ("gpt-6-astra", {"temperature": 0.2}, ("temperature",)),
        ("gpt-5.1", {"frequency_penalty": 0.5, "presence_penalty": 0}, ("frequency_penalty",)),
        ("gpt-5.1", {"logit_bias": {"1": 1}}, ("logit_bias",)),
        ("gpt-5.1", {"logit_bias": {}}, ()),
        ("gpt-5.1", {"prediction": {"type": "content", "content": "x"}}, ("prediction",)),
        ("gpt-5.1", {"stop": "x"}, ("stop",)),
        ("o3", {"stop": ["x"]}, ("stop",)),
        ("o1", {"stop": ["x"]}, None),
        ("o3-mini", {"stop": ["x"]}, None),
        ("o3", {"verbosity": "low"}, ("verbosity",)),
        ("o3", {"verbosity": "medium"}, ()),
        ("gpt-5", {"verbosity": "low"}, None),
        ("gpt-4o", {"verbosity": "low"}, ("verbosity",)),
        ("gpt-4o", {"temperature": 0.2, "stop": "x", "frequency_penalty": 1, "logit_bias": {"1": 1}}, None),
        ("gpt-4o", {"prompt_cache_options": {"mode": "explicit"}}, ("prompt_cache_options",)),
        ("gpt-4o", {"prompt_cache_retention": "24h"}, ("prompt_cache_retention",)),
        ("gpt-4o", {"prompt_cache_retention": "in_memory"}, None),
        ("gpt-4o", {"prompt_cache_retention": ["24h"]}, ("prompt_cache_retention",)),
        ("gpt-4.1", {"prompt_cache_retention": "24h"}, None),
        ("gpt-5.5", {"prompt_cache_retention": "in_memory"}, ("prompt_cache_retention",)),
        ("gpt-5.5", {"prompt_cache_retention": "24h"}, None),
        ("gpt-5.5", {"prompt_cache_options": {"ttl": "30m"}}, ("prompt_cache_options",)),
        ("gpt-5.6-sol", {"prompt_cache_options": {"ttl": "30m"}}, None),
        ("gpt-5.6-sol", {"prompt_cache_key": "k"}, None),
        ("gpt-4o", {"parallel_tool_calls": False}, ("parallel_tool_calls",)),
        ("gpt-4o", {"parallel_tool_calls": False, "tools": [TOOL]}, None),
        ("gpt-4o", {"parallel_tool_calls": False, "functions": [{"name": "f"}]}, None),
        ("o3", {"parallel_tool_calls": True, "tools": [TOOL]}, ("parallel_tool_calls",)),
        ("real", {"temperature": 0.2, "reasoning_effort": "none", "parallel_tool_calls": False}, None),
    ],
)
@pytest.mark.covers("openai", "stop")
def test_what_a_model_refuses_is_dropped_and_named_or_refused(model, body, dropped):
    told, names = plain(body, model)

    assert body.items() <= told.items() if dropped is None else told.keys().isdisjoint(body.keys() - {"tools"})
    assert (dropped or ()) == names
    if names:
        with pytest.raises(Refusal) as refused:
            plain(body, model, strict=True)
        assert (400, "unsupported_value") == (refused.value.status, refused.value.code)
    else:
        assert told == plain(body, model, strict=True)[0]


def test_with_thinking_there_are_no_samples():
    told, names = plain({"temperature": 0.2, "reasoning_effort": "low"}, "gpt-5.1")

    assert (("temperature",), "low", False) == (names, told["reasoning_effort"], "temperature" in told)


@pytest.mark.parametrize(
    ("model", "body", "expected"),
    [
        ("gpt-5.1", {"max_tokens": 10}, {"max_completion_tokens": 10}),
        ("gpt-5.1", {"max_tokens": 10, "max_completion_tokens": 20}, {"max_completion_tokens": 20}),
        ("gpt-5.1", {"max_tokens": 10, "max_completion_tokens": None}, {"max_completion_tokens": 10}),
        ("gpt-4o", {"max_tokens": 10}, {"max_tokens": 10}),
        ("real", {"max_tokens": 10}, {"max_tokens": 10}),
    ],
)
def test_models_that_think_have_the_longer_name_of_the_limit(model, body, expected):
    told, dropped = plain(body, model)

    assert expected == {name: value for name, value in told.items() if name.startswith("max_")}
    assert () == dropped


def test_a_deployment_that_is_known_by_flags_only():
    thinks = Abilities(flags={"effort_none": True})
    told, dropped = plain({"temperature": 0.5, "reasoning_effort": "minimal"}, "mine", known=thinks)

    assert (("reasoning_effort=low", "temperature"), "low") == (dropped, told["reasoning_effort"])


@pytest.mark.parametrize(("value", "dropped"), [(True, ()), (False, ("temperature",))])
def test_a_flag_says_whether_it_takes_samples(value, dropped):
    assert dropped == plain({"temperature": 0.5}, "mine", known=Abilities(flags={"sampling_params": value}))[1]


@pytest.mark.parametrize(("value", "dropped"), [(True, ()), (False, ("prompt_cache_options",))])
def test_a_flag_says_whether_it_takes_breakpoints(value, dropped):
    known = Abilities(flags={"prompt_cache_breakpoint": value})

    assert dropped == plain({"prompt_cache_options": {"mode": "explicit"}}, "mine", known=known)[1]


# How it is decided


def asked(model="gpt-4o", endpoint="chat", known=UNKNOWN, **body):
    return put({"tools": None}, model, known=known)._replace(
        call=Call(endpoint, "smart", {"messages": HI, **body}), model=known
    )


def test_nearly_all_calls_are_not_looked_at():
    bounds = Bounds()

    assert bounds.of(asked(temperature=1, max_tokens=5, tools=[TOOL])) is None
    assert bounds.of(asked("real", reasoning_effort="low")) is None
    assert bounds.of(asked("gpt-5", endpoint="completions", temperature=0.5)) is None
    assert bounds.of(asked(reasoning_effort="low")) is not None


def test_what_is_known_of_a_model_may_change():
    bounds = Bounds()
    bounds.of(asked("mine"))

    assert bounds.of(asked("mine", known=Abilities(flags={"endpoints": ("responses",)}))) is not None


def test_models_that_clients_make_up_do_not_fill_the_memory():
    bounds = Bounds()

    for number in range(REMEMBERED + 10):
        bounds.of(asked(f"m-{number}"))

    assert len(bounds._known) == 10


@pytest.mark.parametrize("dialect", ["vllm", "openrouter", "groq"])
def test_the_limits_are_openais_only(dialect):
    request = openai(dialect).encode(put({"temperature": 0.2, "tools": [TOOL]}, "gpt-5.6-sol"))

    assert request.path == "/chat/completions"
    assert orjson.loads(request.body)["temperature"] == 0.2
