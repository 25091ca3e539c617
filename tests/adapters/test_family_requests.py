"""What is sent to each relative of OpenAI, for what its client said."""

import pytest
from worded import HI, TOOL, ask_of, sent

from core.errors import Refusal

LOOSE = {"type": "function", "function": {"name": "f", "description": "d", "parameters": {"type": "object"}}}
STRICT = {"type": "function", "function": {**LOOSE["function"], "strict": True}}
NAMED = {"type": "function", "function": {"name": "f"}}
SCHEMA = {"type": "object", "properties": {"a": {"type": "integer"}}}
WANTED = {"type": "json_schema", "json_schema": {"name": "n", "schema": SCHEMA, "strict": True}}
ANY_OBJECT = {"type": "json_schema", "json_schema": {"name": "answer", "schema": {"type": "object"}}}
MARK = {"cache_control": {"type": "ephemeral"}}

# dialect, model, what the client says, what goes out, what is dropped
FIELDS = [
    ("openai", "m", {"anything": 1, "stop": None}, {"anything": 1, "stop": None}, ()),
    ("azure", "m", {"data_sources": [1]}, {"data_sources": [1]}, ()),
    # Mistral
    ("mistral", "m", {"tools": [TOOL], "tool_choice": "required"}, {"tools": [TOOL], "tool_choice": "any"}, ()),
    ("mistral", "m", {"tools": [TOOL], "tool_choice": NAMED}, {"tools": [TOOL], "tool_choice": NAMED}, ()),
    ("mistral", "m", {"tools": [], "tool_choice": "auto", "parallel_tool_calls": True}, {}, ()),
    ("mistral", "m", {"reasoning_effort": "low"}, {"reasoning_effort": "high"}, ()),
    ("mistral", "m", {"reasoning_effort": "minimal"}, {"reasoning_effort": "none"}, ()),
    ("mistral", "m", {"service_tier": "default"}, {"service_tier": "standard_only"}, ()),
    ("mistral", "m", {"service_tier": "flex"}, {}, ("service_tier",)),
    ("mistral", "m", {"temperature": 1.8}, {"temperature": 1.5}, ("temperature=1.5",)),
    ("mistral", "m", {"safe_prompt": True, "top_k": 4, "zzz": 1}, {"safe_prompt": True, "top_k": 4}, ("zzz",)),
    ("mistral", "m", {"store": False, "n": 2, "verbosity": "low"}, {"n": 2}, ("verbosity",)),
    # DeepSeek
    ("deepseek", "m", {"reasoning_effort": "none"}, {"thinking": {"type": "disabled"}}, ()),
    (
        "deepseek",
        "m",
        {"reasoning_effort": "minimal"},
        {"thinking": {"type": "enabled"}, "reasoning_effort": "low"},
        (),
    ),
    (
        "deepseek",
        "m",
        {"reasoning_effort": "xhigh"},
        {"thinking": {"type": "enabled"}, "reasoning_effort": "max"},
        (),
    ),
    (
        "deepseek",
        "m",
        {"thinking": {"type": "disabled"}, "reasoning_effort": "high"},
        {"thinking": {"type": "disabled"}},
        (),
    ),
    ("deepseek", "m", {"n": 1, "zzz": 1, "metadata": {"a": "b"}}, {"zzz": 1}, ("metadata",)),
    # Together
    ("together", "m", {"logprobs": True, "top_logprobs": 3}, {"logprobs": 3}, ()),
    ("together", "m", {"logprobs": True}, {"logprobs": 1}, ()),
    ("together", "m", {"logprobs": False}, {"logprobs": 0}, ()),
    ("together", "m", {"stop": "x", "max_completion_tokens": 3}, {"stop": ["x"], "max_tokens": 3}, ()),
    ("together", "openai/gpt-oss-120b", {"reasoning_effort": "none"}, {"reasoning_effort": "low"}, ()),
    ("together", "openai/gpt-oss-120b", {"reasoning_effort": "medium"}, {"reasoning_effort": "medium"}, ()),
    ("together", "deepseek-ai/DeepSeek-V4-Pro-0813", {"reasoning_effort": "low"}, {"reasoning_effort": "high"}, ()),
    ("together", "deepseek-ai/DeepSeek-V4-Pro", {"reasoning_effort": "none"}, {"reasoning": {"enabled": False}}, ()),
    ("together", "zai-org/GLM-5.3", {"reasoning_effort": "high"}, {"reasoning": {"enabled": True}}, ()),
    ("together", "m", {"context_length_exceeded_behavior": "error"}, {"context_length_exceeded_behavior": "error"}, ()),
    # OpenRouter
    ("openrouter", "m", {"reasoning_effort": "xhigh"}, {"reasoning": {"effort": "xhigh"}}, ()),
    (
        "openrouter",
        "m",
        {"reasoning_effort": "low", "reasoning": {"exclude": True}},
        {"reasoning": {"exclude": True, "effort": "low"}},
        (),
    ),
    (
        "openrouter",
        "m",
        {"reasoning_effort": "low", "reasoning": {"max_tokens": 9}},
        {"reasoning": {"max_tokens": 9}},
        (),
    ),
    ("openrouter", "a/b:free", {"provider": {"order": ["x"]}, "plugins": []}, None, ()),
    # Groq
    ("groq", "m", {"n": 1, "user": "u", "store": True, "zzz": 1}, {"user": "u"}, ("store", "zzz")),
    ("groq", "openai/gpt-oss-20b", {"reasoning_effort": "none"}, {"reasoning_effort": "low"}, ()),
    ("groq", "m", {"reasoning_effort": "max"}, {"reasoning_effort": "high"}, ()),
    (
        "groq",
        "qwen/qwen3.8-27b",
        {"reasoning_effort": "low"},
        {"reasoning_effort": "default", "reasoning_format": "parsed"},
        (),
    ),
    ("groq", "qwen/q", {"include_reasoning": False}, {"include_reasoning": False}, ()),
    ("groq", "m", {"reasoning_format": "raw"}, {"reasoning_format": "raw"}, ()),
    (
        "groq",
        "m",
        {"reasoning_format": "raw", "tools": [TOOL]},
        {"reasoning_format": "parsed", "tools": [TOOL]},
        ("reasoning_format=parsed",),
    ),
    # xAI
    ("xai", "grok-4.7", {"stop": "x", "presence_penalty": 0.5, "temperature": 1}, {"temperature": 1}, None),
    ("xai", "grok-4.7", {"presence_penalty": 0}, {}, ()),
    ("xai", "grok-4.20-non-reasoning", {"stop": "x"}, {"stop": "x"}, ()),
    ("xai", "grok-3", {"stop": "x"}, {"stop": "x"}, ()),
    ("xai", "grok-4", {"reasoning_effort": "low"}, {}, ("reasoning_effort",)),
    ("xai", "grok-4-fast-reasoning", {"reasoning_effort": "low"}, {}, ("reasoning_effort",)),
    ("xai", "grok-4.20-multi-agent", {"reasoning_effort": "xhigh"}, {"reasoning_effort": "high"}, ()),
    ("xai", "grok-3-mini", {"reasoning_effort": "medium"}, {"reasoning_effort": "low"}, ()),
    ("xai", "grok-4.7", {"reasoning_effort": "medium"}, {"reasoning_effort": "medium"}, ()),
    ("xai", "m", {"tools": [STRICT]}, {"tools": [LOOSE]}, ("tools.strict",)),
    (
        "xai",
        "m",
        {"tools": [LOOSE, {"type": "function", "function": {**LOOSE["function"], "strict": False}}]},
        {"tools": [LOOSE, LOOSE]},
        (),
    ),
    # Fireworks
    ("fireworks", "m", {"store": True, "zzz": 1, "top_k": 3, "user": "u"}, {"top_k": 3, "user": "u"}, ("store", "zzz")),
    ("fireworks", "a/gpt-oss-20b", {"reasoning_effort": "none"}, {"reasoning_effort": "low"}, ()),
    ("fireworks", "m", {"reasoning_effort": "none"}, {"reasoning_effort": "none"}, ()),
    ("fireworks", "m", {"reasoning_effort": 512}, {"reasoning_effort": 512}, ()),
    ("fireworks", "m", {"prompt_cache_key": "k", "thinking": {}}, {"prompt_cache_key": "k", "thinking": {}}, ()),
    # Perplexity
    ("perplexity", "sonar", {"search_mode": "academic", "seed": 1}, {"search_mode": "academic"}, ("seed",)),
    ("perplexity", "sonar", {"response_format": {"type": "json_object"}}, {"response_format": ANY_OBJECT}, ()),
    ("perplexity", "sonar", {"reasoning_effort": "xhigh"}, {"reasoning_effort": "high"}, ()),
    # Cerebras
    ("cerebras", "m", {"clear_thinking": False, "zzz": 1}, {"clear_thinking": False}, ("zzz",)),
    ("cerebras", "m", {"reasoning_effort": "minimal"}, {"reasoning_effort": "low"}, ()),
    ("cerebras", "m", {"tools": [LOOSE]}, {"tools": [LOOSE]}, ()),
    (
        "cerebras",
        "m",
        {"tools": [STRICT], "response_format": WANTED},
        {
            "tools": [
                {
                    "type": "function",
                    "function": {
                        **STRICT["function"],
                        "parameters": {"type": "object", "additionalProperties": False},
                    },
                }
            ],
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "n", "strict": True, "schema": {**SCHEMA, "additionalProperties": False}},
            },
        },
        (),
    ),
    # MiniMax
    ("minimax", "MiniMax-M3", {"reasoning_effort": "none"}, {"thinking": {"type": "disabled"}}, None),
    ("minimax", "MiniMax-M3", {"reasoning_effort": "low"}, {"thinking": {"type": "adaptive"}}, None),
    ("minimax", "MiniMax-M2.5", {"reasoning_effort": "low"}, {"reasoning_split": True}, ()),
    ("minimax", "MiniMax-M2.5", {"reasoning_effort": "none"}, {"reasoning_split": True}, ("reasoning_effort",)),
    ("minimax", "MiniMax-Text-01", {"reasoning_effort": "low"}, {}, ("reasoning_effort",)),
    ("minimax", "m", {"tools": [TOOL], "tool_choice": "none"}, {"tools": [TOOL], "tool_choice": "none"}, ()),
    # Routers
    ("huggingface", "a/b:cheapest", {"anything": 1}, {"anything": 1}, ()),
    ("portkey", "@openai/gpt-4o", {"anything": None}, {"anything": None}, ()),
    # Servers of one's own
    ("vllm", "m", {"guided_regex": "a+"}, {"structured_outputs": {"regex": "a+"}}, ()),
    (
        "vllm",
        "m",
        {"guided_choice": ["a"], "guided_decoding_backend": "x", "structured_outputs": {"disable_fallback": True}},
        {"structured_outputs": {"choice": ["a"], "disable_fallback": True}},
        ("guided_decoding_backend",),
    ),
    ("xai", "grok-4.7", {"max_tokens": 4}, {"max_completion_tokens": 4}, ()),
    ("sglang", "m", {"regex": "a+", "separate_reasoning": False}, {"regex": "a+", "separate_reasoning": False}, ()),
    ("llama.cpp", "m", {"grammar": "root ::= x", "n_probs": 2}, {"grammar": "root ::= x", "n_probs": 2}, ()),
    ("lmstudio", "m", {"response_format": {"type": "json_object"}}, {"response_format": ANY_OBJECT}, ()),
    ("lmstudio", "m", {"max_completion_tokens": 4, "ttl": 60}, {"max_tokens": 4, "ttl": 60}, ()),
    (
        "lmstudio",
        "m",
        {"tools": [TOOL, {"type": "function", "function": {"name": "g"}}], "tool_choice": NAMED},
        {"tools": [TOOL], "tool_choice": "required"},
        (),
    ),
    ("tgi", "m", {"stop": "x", "top_p": 1.0, "temperature": 0}, {"stop": ["x"], "temperature": 0}, ()),
    ("tgi", "m", {"top_p": 0.9, "logit_bias": {"1": 2}}, {"top_p": 0.9}, ("logit_bias",)),
    ("tgi", "m", {"response_format": WANTED}, {"response_format": {"type": "json", "value": SCHEMA}}, ()),
    (
        "tgi",
        "m",
        {"response_format": {"type": "json_object"}},
        {"response_format": {"type": "json", "value": {"type": "object"}}},
        (),
    ),
    ("tgi", "m", {"response_format": {"type": "text"}}, {}, ()),
    ("tgi", "m", {"response_format": {"type": "regex", "value": "a"}}, None, ()),
]


@pytest.mark.parametrize(("dialect", "model", "said", "expected", "dropped"), FIELDS)
def test_fields_go_out_in_the_providers_words(dialect, model, said, expected, dropped):
    body, gone, path = sent(dialect, ask_of(model, **said))

    body.pop("messages")
    if dialect == "minimax" and expected.get("thinking"):
        assert body.pop("reasoning_split") is True
    assert (said if expected is None else expected) == body
    assert dropped is None or dropped == gone
    assert path.endswith("/chat/completions")


def test_more_trap_tgi_gets_no_top_p_of_one():
    assert "top_p" not in sent("tgi", ask_of(top_p=1))[0]
    assert 0.9 == sent("tgi", ask_of(top_p=0.9))[0]["top_p"]


STRICTLY_REFUSED = [
    ("mistral", {"zzz": 1}, "zzz"),
    ("mistral", {"temperature": 2}, "temperature"),
    ("mistral", {"service_tier": "flex"}, "service_tier"),
    ("deepseek", {"response_format": WANTED}, "response_format"),
    ("groq", {"logprobs": True}, "logprobs"),
    ("xai", {"tools": [STRICT]}, "tools.strict"),
    ("minimax", {"temperature": 0}, "temperature"),
    ("mistral", {"messages": [{"role": "user", "content": "hi", "name": "ann"}]}, "messages.name"),
]


@pytest.mark.parametrize(("dialect", "said", "param"), STRICTLY_REFUSED)
def test_what_would_be_dropped_is_refused_where_one_is_strict(dialect, said, param):
    with pytest.raises(Refusal) as caught:
        sent(dialect, ask_of(_strict=True, **said))

    assert (400, param, "unsupported_value") == (caught.value.status, caught.value.param, caught.value.code)


def test_what_changes_nothing_is_no_loss_even_where_one_is_strict():
    said = {"store": False, "parallel_tool_calls": True, "service_tier": "auto", "frequency_penalty": 0, "n": 1}

    body, dropped, _ = sent("minimax", ask_of("MiniMax-Text-01", _strict=True, **said))

    assert ({"messages": HI, "service_tier": "auto"}, ()) == (body, dropped)


def test_openrouter_asks_only_those_that_take_everything_where_one_is_strict():
    body, _, _ = sent("openrouter", ask_of(_strict=True, provider={"sort": "price"}))

    assert {"sort": "price", "require_parameters": True} == body["provider"]
    assert {"require_parameters": True} == sent("openrouter", ask_of(_strict=True))[0]["provider"]


IMPOSSIBLE = [
    ("groq", {"n": 2}, "n"),
    ("minimax", {"n": 2}, "n"),
    ("tgi", {"n": 2}, "n"),
    ("minimax", {"tools": [TOOL], "tool_choice": "required"}, "tool_choice"),
    ("minimax", {"tools": [TOOL], "tool_choice": NAMED}, "tool_choice"),
    ("lmstudio", {"tools": [TOOL], "tool_choice": {"type": "function", "function": {"name": "g"}}}, "tool_choice"),
    ("deepseek", {"tools": [{"type": "custom", "custom": {"name": "c"}}]}, "tools.0.type"),
    ("groq", {"tools": [TOOL], "tool_choice": {"type": "allowed_tools", "tools": 7}}, "tool_choice"),
    ("fireworks", {"thinking": {"type": "enabled"}, "reasoning_effort": "low"}, "thinking"),
    ("fireworks", {"messages": [{"role": "user", "content": [{"type": "file", "file": {}}]}]}, "messages.0.content.0"),
    ("perplexity", {"messages": [*HI, {"role": "assistant", "content": "a"}]}, "messages"),
    ("mistral", {"messages": [{"role": "user", "content": [{"type": "video", "video": {}}]}]}, "messages.0.content.0"),
    (
        "mistral",
        {"messages": [{"role": "user", "content": [{"type": "file", "file": {}}]}]},
        "messages.0.content.0.file",
    ),
    ("deepseek", {"response_format": {"type": "json_schema"}}, "response_format.json_schema.schema"),
    (
        "mistral",
        {"messages": [{"role": "user", "content": [{"type": "input_text", "text": 7}]}]},
        "messages.0.content.0.text",
    ),
    (
        "mistral",
        {"messages": [{"role": "assistant", "tool_calls": [{"id": "a", "function": 7}]}]},
        "messages.0.tool_calls.0.function.name",
    ),
]


@pytest.mark.parametrize(("dialect", "said", "param"), IMPOSSIBLE)
def test_what_can_not_be_said_is_refused(dialect, said, param):
    with pytest.raises(Refusal) as caught:
        sent(dialect, ask_of(**said))

    assert (400, param) == (caught.value.status, caught.value.param)


@pytest.mark.parametrize(
    ("dialect", "can", "flags", "said", "expected"),
    [
        ("mistral", {"tools"}, {}, {"reasoning_effort": "high"}, ({}, ("reasoning_effort",))),
        ("mistral", {"tools"}, {}, {"reasoning_effort": "none"}, ({}, ())),
        ("mistral", {"reasoning"}, {}, {"reasoning_effort": "high"}, ({"reasoning_effort": "high"}, ())),
        ("together", {"tools"}, {}, {"reasoning_effort": "high"}, ({}, ("reasoning_effort",))),
        ("xai", {"reasoning"}, {}, {"stop": "x"}, ({}, ("stop",))),
        ("xai", set(), {"reasoning_effort": False}, {"reasoning_effort": "low"}, ({}, ("reasoning_effort",))),
        ("xai", {"reasoning"}, {"reasoning": False}, {"stop": "x"}, ({"stop": "x"}, ())),
    ],
)
def test_what_is_known_of_a_model_decides(dialect, can, flags, said, expected):
    body, dropped, _ = sent(dialect, ask_of("m", can=can, flags=flags, **said))

    body.pop("messages")
    assert expected == (body, dropped)


@pytest.mark.parametrize(
    ("facts", "key", "expected"),
    [
        ({}, "x-portkey-api-key", {"x-portkey-retry-count": "0"}),
        ({"local": True}, "authorization", {"x-portkey-retry-count": "0"}),
        (
            {"options": {"provider": "@mine", "virtual_key": "v", "config": "pc-1"}},
            "x-portkey-api-key",
            {"x-portkey-provider": "@mine", "x-portkey-virtual-key": "v", "x-portkey-config": "pc-1"},
        ),
        ({"headers": {"X-Portkey-Retry-Count": "2"}}, "x-portkey-api-key", {"x-portkey-retry-count": "2"}),
    ],
)
def test_portkey_is_told_who_asks_and_whom(adapter, facts, key, expected):
    from core.secret import Secret

    headers = dict(adapter("portkey", **facts).headers(Secret("k")))

    assert headers[key].removeprefix("Bearer ") == "k"
    assert expected.items() <= headers.items()


def test_azure_keeps_its_key_header_on_ones_own_machine(adapter):
    from core.secret import Secret

    assert "k" == dict(adapter("azure", local=True).headers(Secret("k")))["api-key"]


def test_hugging_face_bills_whom_it_is_told(adapter):
    assert "me" == dict(adapter("huggingface", options={"bill_to": "me"}).headers(None))["x-hf-bill-to"]


def test_text_that_is_to_be_gone_on_with_passes_where_there_are_no_manners():
    body, dropped, path = sent("fireworks", ask_of(endpoint="completions", suffix="x", echo=True))

    assert ({"prompt": "hi", "suffix": "x", "echo": True}, (), "/completions") == (body, dropped, path)
    assert "/completions" == sent("tgi", ask_of(endpoint="completions"))[2]
    assert {"logprobs": True, "prompt": "hi"} == sent("together", ask_of(endpoint="completions", logprobs=True))[0]
