"""A call as Anthropic gets it."""

import pytest
from claude import CUSTOM, FUNCTION, HI, OLD, OPUS, SONNET, ask, calls, result, said, sent, speaker

from core.ask import Media
from core.errors import Refusal

PNG, PDF = "iVBORw0KGgoAAAA=", "JVBERi0xLjQ="


def refused(body=None, model=OPUS, **facts):
    with pytest.raises(Refusal) as caught:
        sent(body, model, **facts)
    assert 400 == caught.value.status
    return caught.value.param, caught.value.code


def texts(content):
    return [block.get("text", block["type"]) for block in content]


# Messages


@pytest.mark.covers("anthropic", "text")
def test_core_1_leading_system_messages_stand_at_the_top():
    messages = [said("system", "A"), said("developer", "B"), *HI]

    _, body = sent({"messages": messages})

    assert [{"type": "text", "text": "A"}, {"type": "text", "text": "B"}] == body["system"]
    assert [{"role": "user", "content": [{"type": "text", "text": "hi"}]}] == body["messages"]


LATER = [said("user", "a"), said("assistant", "b"), said("user", "c"), said("system", "S"), said("assistant", "d")]


def test_core_2_a_later_system_message_keeps_its_place():
    _, body = sent({"messages": [*LATER, said("user", "e")]})

    assert ["user", "assistant", "user", "system", "assistant", "user"] == [one["role"] for one in body["messages"]]
    assert "system" not in body


def test_core_2_a_later_system_message_is_a_note_for_models_that_know_none():
    _, body = sent({"messages": [*LATER, said("user", "e")]}, "claude-opus-4-6")

    assert ["user", "assistant", "user", "assistant", "user"] == [one["role"] for one in body["messages"]]
    first, note = texts(body["messages"][2]["content"])
    assert ("c", True, "S") == (first, note.startswith("[Note from the operator"), note.splitlines()[-1])
    assert "system" not in body


def test_core_3_a_system_message_between_call_and_result_moves_behind_the_result():
    messages = [*HI, said("assistant", tool_calls=calls("t1")), said("system", "S"), result("t1")]

    _, body = sent({"messages": messages}, SONNET)

    block, note = body["messages"][2]["content"]
    assert {"type": "tool_result", "tool_use_id": "t1", "content": "done"} == block
    assert note["text"].endswith("S")


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        ([*HI, said("system", "A"), said("system", "B")], ["user", "system"]),
        ([*HI, said("assistant", "x"), said("system", "A")], ["user", "assistant", "user"]),
        ([*HI, said("system", "A"), said("user", "more")], ["user"]),
        (
            [*HI, said("assistant", "x"), said("system", "A"), said("user", "b"), said("system", "C")],
            ["user", "assistant", "user", "system"],
        ),
        (
            [*HI, said("assistant", "x"), said("system", ""), said("assistant", "y"), said("user", "z")],
            ["user", "assistant", "assistant", "user"],
        ),
        ([*HI, said("system", " ")], ["user"]),
    ],
)
def test_a_system_message_stands_only_behind_a_user_and_before_an_assistant(messages, expected):
    _, body = sent({"messages": messages})

    assert expected == [one["role"] for one in body["messages"]]


@pytest.mark.covers("anthropic", "parallel tools")
def test_core_4_results_of_parallel_calls_are_one_message():
    messages = [*HI, said("assistant", tool_calls=calls("t1", "t2")), result("t2", "y"), result("t1", "x")]

    _, body = sent({"messages": [*messages, said("user", "go")]})

    assert 3 == len(body["messages"])
    assert [
        {"type": "tool_result", "tool_use_id": "t2", "content": "y"},
        {"type": "tool_result", "tool_use_id": "t1", "content": "x"},
        {"type": "text", "text": "go"},
    ] == body["messages"][2]["content"]


MISSING = {"type": "tool_result", "tool_use_id": "t2", "is_error": True, "content": "no result was provided"}


def test_core_5_a_missing_result_is_told_as_an_error():
    messages = [*HI, said("assistant", tool_calls=calls("t1", "t2")), result("t1"), said("user", "go")]

    request, body = sent({"messages": messages})

    assert MISSING == body["messages"][2]["content"][1]
    assert ("messages.2=tool_result",) == request.dropped
    assert ("messages.2", "invalid_value") == refused({"messages": messages}, strict=True)


def test_core_5_a_result_may_be_missing_at_the_end():
    _, body = sent({"messages": [*HI, said("assistant", tool_calls=calls("t2"))]})

    assert {"role": "user", "content": [MISSING]} == body["messages"][-1]


@pytest.mark.parametrize(
    "messages",
    [
        [*HI, said("assistant", tool_calls=calls("t")), result("t"), result("t")],
        [*HI, said("assistant", tool_calls=calls("t")), said("user", "x"), said("assistant", "y"), result("t")],
    ],
)
def test_a_result_that_comes_twice_or_too_late_is_refused(messages):
    param, _ = refused({"messages": messages})

    assert param.endswith(".tool_call_id")


def test_core_6_empty_text_is_left_out():
    messages = [*HI, said("assistant", "", tool_calls=calls("t1")), result("t1", "")]

    _, body = sent({"messages": messages})

    assert [{"type": "tool_use", "id": "t1", "name": "f", "input": {}}] == body["messages"][1]["content"]
    assert [{"type": "tool_result", "tool_use_id": "t1"}] == body["messages"][2]["content"]


def test_core_7_empty_arguments_are_an_empty_object():
    _, body = sent({"messages": [*HI, said("assistant", tool_calls=calls("t1", arguments="")), result("t1")]})

    assert {} == body["messages"][1]["content"][0]["input"]


def test_core_8_arguments_that_are_no_json_are_the_callers_mistake():
    messages = [*HI, said("assistant", tool_calls=calls("t1", arguments='{"a":1')), result("t1")]

    assert ("messages.1.tool_calls.0.function.arguments", "invalid_value") == refused({"messages": messages})


def test_core_9_ids_are_written_in_anthropics_alphabet_and_never_fall_together():
    ids = ["call:1|a", "call_1_a", "call:1:a"]
    messages = [*HI, said("assistant", tool_calls=calls(*ids)), *[result(id, id) for id in ids]]

    _, body = sent({"messages": messages})

    used = [block["id"] for block in body["messages"][1]["content"]]
    assert "call_1_a" == used[0]
    assert 3 == len(set(used))
    assert all(id.replace("_", "").replace("-", "").isalnum() for id in used)
    assert used == [block["tool_use_id"] for block in body["messages"][2]["content"]]


def test_an_id_that_is_used_again_is_another_one():
    turn = [said("assistant", tool_calls=calls("c")), result("c")]

    _, body = sent({"messages": [*HI, *turn, *turn]})

    blocks = [one["content"][0] for one in body["messages"][1:]]
    assert ["c", "c", "c_2", "c_2"] == [block.get("id", block.get("tool_use_id")) for block in blocks]


def test_a_legacy_function_call_and_its_result_share_an_id():
    messages = [
        *HI,
        said("assistant", function_call={"name": "f", "arguments": '{"a":1}'}),
        {"role": "function", "name": "f", "content": "1"},
    ]

    _, body = sent({"messages": messages, "functions": [{"name": "f"}]})

    assert body["messages"][1]["content"][0]["id"] == body["messages"][2]["content"][0]["tool_use_id"]
    assert ["f"] == [tool["name"] for tool in body["tools"]]


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        ([said("user", " ")], ["."]),
        ([said("system", "S")], ["."]),
        ([said("assistant", "x"), said("user", "y")], ["."]),
        ([said("user", [{"type": "text", "text": ""}]), said("user", "y")], ["y"]),
    ],
)
def test_where_the_user_has_to_speak_something_is_said(messages, expected):
    _, body = sent({"messages": messages})

    assert ("user", expected) == (body["messages"][0]["role"], texts(body["messages"][0]["content"]))


@pytest.mark.parametrize("messages", [[said("user", "")], [said("system", "S")], [said("assistant", "x"), *HI]])
def test_nothing_is_put_into_the_users_mouth_where_the_operator_is_strict(messages):
    refused({"messages": messages}, strict=True)


def test_silent_assistants_are_left_out():
    messages = [*HI, said("assistant", ""), said("assistant", None, tool_calls=[]), said("user", "there")]

    _, body = sent({"messages": messages})

    assert [["hi", "there"]] == [texts(one["content"]) for one in body["messages"]]


def test_neighbours_of_one_side_are_merged_and_refusals_are_text():
    refusal = said("assistant", [{"type": "refusal", "refusal": "no"}])

    _, body = sent({"messages": [*HI, said("assistant", "b"), refusal, said("user", "c"), said("user", "d")]})

    assert [["hi"], ["b", "no"], ["c", "d"]] == [texts(one["content"]) for one in body["messages"]]


@pytest.mark.parametrize("model", [OPUS, "claude-opus-4-6"])
def test_core_23_models_that_know_no_prefill_refuse_to_go_on(model):
    messages = [*HI, said("assistant", "Once upon")]

    assert ("messages.1", "unsupported_value") == refused({"messages": messages}, model)


def test_a_prefill_ends_without_blanks():
    _, body = sent({"messages": [*HI, said("assistant", "Once \n")]}, OLD)

    assert ["Once"] == texts(body["messages"][-1]["content"])


# Images, documents, sound


def pictured(url, **more):
    return {"messages": [said("user", [{"type": "image_url", "image_url": {"url": url, **more}}])]}


def filed(**file):
    return {"messages": [said("user", [{"type": "file", "file": file}])]}


@pytest.mark.covers("anthropic", "image", "pdf")
@pytest.mark.parametrize(
    ("body", "block"),
    [
        (
            pictured(f"data:image/png;base64,{PNG}", detail="high"),
            {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}},
        ),
        (
            pictured("https://x.example/a.png"),
            {"type": "image", "source": {"type": "url", "url": "https://x.example/a.png"}},
        ),
        (
            pictured("data:image/jpg;base64,AAAA"),
            {"type": "image", "source": {"type": "base64", "media_type": "image/jpeg", "data": "AAAA"}},
        ),
        (
            pictured("data:application/pdf;base64,AAAA"),
            {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": "AAAA"}},
        ),
        (
            filed(file_data=f"data:application/pdf;base64,{PDF}", filename="a.pdf"),
            {
                "type": "document",
                "source": {"type": "base64", "media_type": "application/pdf", "data": PDF},
                "title": "a.pdf",
            },
        ),
        (
            filed(file_data="data:text/markdown;base64,aMOk", filename="a.md"),
            {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "hä"}, "title": "a.md"},
        ),
        (
            filed(file_data=f"data:image/png;base64,{PNG}"),
            {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}},
        ),
        (
            filed(file_url="https://x.example/a.pdf", filename="a.pdf"),
            {"type": "document", "source": {"type": "url", "url": "https://x.example/a.pdf"}, "title": "a.pdf"},
        ),
        (
            filed(file_id="file_011abc"),
            {"type": "document", "source": {"type": "file", "file_id": "file_011abc"}},
        ),
    ],
)
def test_core_19_pictures_and_documents_are_what_their_bytes_are(body, block):
    assert [block] == sent(body)[1]["messages"][0]["content"]


@pytest.mark.parametrize(
    ("body", "param"),
    [
        (pictured("http://x.example/a.png"), "messages.0.content.0.image_url.url"),
        (pictured("data:image/bmp;base64,AAAA"), "messages.0.content.0"),
        (filed(file_data="data:application/zip;base64,AAAA"), "messages.0.content.0"),
        (filed(file_data="data:text/plain;base64,/w=="), "messages.0.content.0"),
        (filed(file_id="file-openai"), "messages.0.content.0.file.file_id"),
        (
            {"messages": [said("user", [{"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}}])]},
            "messages.0.content.0",
        ),
        ({"messages": [said("user", [{"type": "video_url"}])]}, "messages.0.content.0"),
        (
            {"messages": [said("system", [{"type": "image_url", "image_url": "https://x.example/a"}]), *HI]},
            "messages.0.content.0",
        ),
    ],
)
def test_what_anthropic_cannot_read_is_refused_by_its_path(body, param):
    assert param == refused(body)[0]


def test_what_it_cannot_fetch_is_fetched_for_it():
    url = "http://x.example/a.png"
    question = ask({"messages": [*pictured(url)["messages"], *pictured("https://x.example/b.png")["messages"]]})

    assert (url,) == speaker().fetches(question)

    _, body = sent(pictured(url), media={url: Media("image/png", PNG)})
    assert PNG == body["messages"][0]["content"][0]["source"]["data"]


def test_results_hold_pictures_and_say_that_they_are_errors():
    parts = [{"type": "text", "text": "see"}, *pictured(f"data:image/png;base64,{PNG}")["messages"][0]["content"]]
    messages = [*HI, said("assistant", tool_calls=calls("t")), result("t", parts, is_error=True)]

    block = sent({"messages": messages})[1]["messages"][2]["content"][0]

    assert (["see", "image"], True) == (texts(block["content"]), block["is_error"])


@pytest.mark.parametrize("content", [None, [], [{"type": "text", "text": " "}]])
def test_a_result_may_be_empty(content):
    messages = [*HI, said("assistant", tool_calls=calls("t")), result("t", content)]

    assert {"type": "tool_result", "tool_use_id": "t"} == sent({"messages": messages})[1]["messages"][2]["content"][0]


# Cache marks


def cached(words, ttl=None):
    mark = {"type": "ephemeral", **({"ttl": ttl} if ttl else {})}
    return {"type": "text", "text": words, "cache_control": mark}


def marks(body):
    blocks = [*body.get("tools", []), *body.get("system", [])]
    blocks += [block for one in body["messages"] for block in one["content"]]
    return [(block.get("text", block.get("name")), block["cache_control"].get("ttl")) for block in blocks if _is(block)]


def _is(block):
    return "cache_control" in block


def test_cache_marks_are_kept_in_both_spellings():
    tool = {**FUNCTION, "cache_control": {"type": "ephemeral", "ttl": "1h"}}
    breakpoint = {"type": "text", "text": "b", "prompt_cache_breakpoint": {"mode": "explicit", "ttl": "30m"}}
    messages = [said("system", [cached("s")]), said("user", [breakpoint]), said("assistant", "x"), *HI]
    messages[2]["cache_control"] = {"type": "ephemeral"}
    messages[3] = {**messages[3], "cache_control": {"type": "ephemeral"}}
    short = {"type": "function", "function": {"name": "g", "cache_control": {"type": "ephemeral"}}}

    _, body = sent({"messages": messages, "tools": [tool]})

    assert [("f", "1h"), ("b", None), ("x", None), ("hi", None)] == marks(body)
    assert [("g", None)] == marks(sent({"tools": [short]})[1])


def test_a_message_of_the_operators_is_marked_at_its_end():
    messages = [said("system", [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]), *HI]
    messages[0]["cache_control"] = {"type": "ephemeral"}

    assert [("b", None)] == marks(sent({"messages": messages})[1])


def test_more_than_four_cache_marks_are_thinned_out_and_said():
    parts = [cached(str(number)) for number in range(6)]

    request, body = sent({"messages": [said("user", parts)]})

    assert [("0", None), ("3", None), ("4", None), ("5", None)] == marks(body)
    assert ("cache_control",) == request.dropped
    assert ("cache_control", "unsupported_value") == refused({"messages": [said("user", parts)]}, strict=True)


def test_the_automatic_cache_mark_is_one_of_the_four():
    parts = [cached(str(number)) for number in range(4)]

    _, body = sent({"messages": [said("user", parts)], "cache_control": {"type": "ephemeral", "ttl": "1h"}})

    assert ([("0", None), ("2", None), ("3", None)], "1h") == (marks(body), body["cache_control"]["ttl"])
    assert {"type": "ephemeral"} == sent({"cache_control": {"type": "ephemeral"}})[1]["cache_control"]


def test_what_stands_before_an_hour_lasts_an_hour():
    parts = [cached("a"), cached("b", "1h"), cached("c")]

    assert [("a", "1h"), ("b", "1h"), ("c", None)] == marks(sent({"messages": [said("user", parts)]})[1])


def test_a_mark_within_a_result_stands_on_the_result():
    messages = [*HI, said("assistant", tool_calls=calls("t"), cache_control={"ttl": "1h"}), result("t", [cached("r")])]

    _, body = sent({"messages": messages})

    assert "1h" == body["messages"][1]["content"][0]["cache_control"]["ttl"]
    block = body["messages"][2]["content"][0]
    assert ({"type": "ephemeral"}, [{"type": "text", "text": "r"}]) == (block["cache_control"], block["content"])


# Fields


def test_core_13_temperature_is_clamped_where_it_is_known():
    request, body = sent({"temperature": 1.7}, SONNET)

    assert (1, ("temperature=1",)) == (body["temperature"], request.dropped)
    assert "2023-06-01" == dict(speaker().headers(None))["anthropic-version"]


@pytest.mark.parametrize(
    ("options", "model", "temperature", "dropped"),
    [
        ({}, OPUS, 0.2, ("temperature",)),
        ({}, OPUS, 1, ()),
        ({"version": "2026-10-21"}, SONNET, 0.2, ("temperature",)),
        ({"version": "2026-10-21"}, SONNET, 1, ()),
    ],
)
def test_core_13_temperature_is_dropped_where_it_is_refused(options, model, temperature, dropped):
    request, body = sent({"temperature": temperature}, model, options=options)

    assert (False, dropped) == ("temperature" in body, request.dropped)


def test_core_13_temperature_is_refused_where_the_operator_is_strict():
    assert ("temperature", "unsupported_value") == refused({"temperature": 0.2}, strict=True)


@pytest.mark.parametrize(
    ("model", "given", "expected", "dropped"),
    [
        (SONNET, {"top_p": 0.5, "top_k": 4}, {"top_p": 0.5, "top_k": 4}, ()),
        (SONNET, {"temperature": 0.5, "top_p": 0.5}, {"temperature": 0.5}, ("top_p",)),
        (SONNET, {"temperature": 0.5, "top_p": 1}, {"temperature": 0.5}, ()),
        ("claude-opus-4-20250514", {"temperature": 0.5, "top_p": 0.5}, {"temperature": 0.5, "top_p": 0.5}, ()),
        ("house-model", {"temperature": 0.5, "top_p": 0.5}, {"temperature": 0.5, "top_p": 0.5}, ()),
        (SONNET, {"temperature": 0.5, "top_k": 3, "reasoning_effort": "low"}, {}, ("temperature", "top_k")),
        (OPUS, {"top_p": 0.5, "top_k": 3}, {}, ("top_k", "top_p")),
    ],
)
def test_sampling_goes_by_the_generation(model, given, expected, dropped):
    request, body = sent(given, model)

    got = {name: body[name] for name in ("temperature", "top_p", "top_k") if name in body}
    assert (expected, dropped) == (got, request.dropped)


@pytest.mark.parametrize("value", ["x", True, 1.5])
def test_top_k_is_a_whole_number(value):
    assert ("top_k", "invalid_type") == refused({"top_k": value}, SONNET)


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("claude-haiku-4-5", 64_000),
        (OPUS, 128_000),
        ("claude-opus-6", 128_000),
        ("claude-3-5-sonnet-20241022", 8_192),
        ("claude-instant-1.2", 4_096),
        ("house-model", 32_000),
    ],
)
def test_core_14_max_tokens_is_the_models_where_the_client_says_none(model, expected):
    assert expected == sent(None, model, known="opus-6" not in model)[1]["max_tokens"]


def test_core_15_max_completion_tokens_wins():
    assert 20 == sent({"max_tokens": 10, "max_completion_tokens": 20})[1]["max_tokens"]
    assert 10 == sent({"max_tokens": 10})[1]["max_tokens"]


@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
def test_more_than_the_model_can_write_is_cut_and_said(name):
    request, body = sent({name: 200_000}, OLD)

    assert (64_000, (f"{name}=64000",)) == (body["max_tokens"], request.dropped)


@pytest.mark.parametrize(
    ("given", "kept"), [("a@b.c", False), ("+49 170 1234567", False), ("u" * 600, False), ("u-17", True)]
)
def test_core_20_a_user_is_an_opaque_id(given, kept):
    request, body = sent({"user": given, "metadata": {"k": "v"}})

    assert kept == (given == body["metadata"]["user_id"])
    assert ["user_id"] == list(body["metadata"])
    assert ("metadata",) == request.dropped
    assert "s" == sent({"user": given, "safety_identifier": "s"})[1]["metadata"]["user_id"]


def test_a_user_is_text_or_nobody():
    assert "metadata" not in sent({"user": ""})[1]
    assert "safety_identifier" == refused({"safety_identifier": 7})[0]


@pytest.mark.covers("anthropic", "stop")
@pytest.mark.parametrize(
    ("stop", "expected", "dropped"),
    [
        (["\n", "END"], ["END"], ("stop",)),
        ("\n", None, ("stop",)),
        ("END", ["END"], ()),
        ([], None, ()),
    ],
)
def test_core_21_stops_of_blanks_are_left_out_and_said(stop, expected, dropped):
    request, body = sent({"stop": stop})

    assert (expected, dropped) == (body.get("stop_sequences"), request.dropped)


@pytest.mark.parametrize(
    ("tier", "model", "expected", "dropped"),
    [
        ("auto", OPUS, {"service_tier": "auto"}, ()),
        ("default", OPUS, {"service_tier": "standard_only"}, ()),
        ("priority", OPUS, {"service_tier": "auto"}, ()),
        ("flex", OPUS, {}, ("service_tier",)),
        ("fast", OPUS, {"speed": "fast"}, ()),
        ("fast", SONNET, {}, ("service_tier",)),
    ],
)
def test_service_tiers(tier, model, expected, dropped):
    request, body = sent({"service_tier": tier}, model)

    assert (expected, dropped) == (
        {name: body[name] for name in ("service_tier", "speed") if name in body},
        request.dropped,
    )


def test_what_says_nothing_is_let_go_in_silence():
    nothing = {"n": 1, "store": False, "logprobs": False, "frequency_penalty": 0, "prompt_cache_key": "k", "seed": None}

    request, body = sent({**nothing, "modalities": ["text"], "response_format": {"type": "text"}}, strict=True)

    assert ((), {"model", "max_tokens", "messages"}) == (request.dropped, set(body))


def test_what_anthropic_has_nothing_for_is_dropped_and_named():
    request, _ = sent({"seed": 1, "logprobs": True, "verbosity": "low", "store": True, "new_field": 1})

    assert ("logprobs", "new_field", "seed", "store", "verbosity") == request.dropped


@pytest.mark.parametrize(
    ("field", "param"),
    [({"n": 2}, "n"), ({"modalities": ["text", "audio"]}, "modalities"), ({"audio": {"voice": "ash"}}, "modalities")],
)
def test_what_no_answer_could_stand_for_is_refused(field, param):
    assert (param, "unsupported_value") == refused(field)


def test_a_call_that_is_nested_too_deeply_is_the_callers_mistake():
    deep = {}
    for _ in range(300):
        deep = {"a": deep}

    with pytest.raises(Refusal, match="nested"):
        sent({"tools": [{"type": "function", "function": {"name": "f", "parameters": {"x": deep}}}]})


# Headers


def test_the_operator_chooses_version_and_betas():
    adapter = speaker(version="2026-10-21", beta="a, b,a")

    headers = dict(adapter.headers(None))

    assert ("2026-10-21", "a,b") == (headers["anthropic-version"], headers["anthropic-beta"])
    assert "x-api-key" not in headers


def test_a_feature_that_needs_a_beta_comes_beside_the_operators():
    request, _ = sent({"service_tier": "fast"}, options={"beta": "a"})

    assert (("anthropic-beta", "a,fast-mode-2026-02-01"),) == request.headers
    assert () == sent({"service_tier": "fast"}, options={"beta": "fast-mode-2026-02-01"})[0].headers
    assert ("/v1/messages", ()) == (sent()[0].path, sent({"tools": [CUSTOM]})[0].headers)
