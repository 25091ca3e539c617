"""What a continued answer looks like, to its client, to providers and in the log; and which ones are not continued."""

import orjson
import pytest

from routing.rest import QUESTION
from tests.whole.provider import DONE, SSE, STOP, Provider, chunked, fails, hangs, piece, streams, usage_event
from tests.whole.test_continuation import chunks, heard, seams, whole

CONFIG = """
providers:
  a: {{dialect: openai, api_key: k, base_url: "{a}"}}
  b: {{dialect: {dialect}, api_key: k, base_url: "{b}"}}
  c: {{dialect: openai, api_key: k, base_url: "{c}"}}
models:
  a/one: {{price: {{input: 1000000, output: 1000000}}}}
  b/two: {{price: {{input: 1000000, output: 1000000}}}}
defaults:
  on_break: continue
  retry: {{attempts: 1}}
  timeouts: {{idle: 300ms}}
routes:
  m: [a/one, b/two, c/three]
  short: [a/one, b/two]
  error: {{chain: [a/one, b/two], on_break: error}}
"""
ROLE = piece({"role": "assistant", "content": ""})
SAID = "The quick brown fox jumps over the lazy dog, and th"
KNOWN = SAID.removeprefix("The ")
BREAKS = streams([ROLE, piece({"content": SAID[:20]}), piece({"content": SAID[20:]})], whole=False)
CALL = piece({"tool_calls": [{"index": 0, "id": "c", "type": "function", "function": {"name": "f"}}]})
WHOLE = SAID + "en it sleeps."


def tells(*texts):
    return streams([ROLE, *(piece({"content": text}) for text in texts), STOP, usage_event(50, 4), DONE])


GOES_ON = tells(KNOWN + "en", " it", " sleeps.")


@pytest.fixture
def play(start, tmp_path):
    """Asks a gateway whose providers play *first*, *second* and *third*: the answer, what they were asked, the log."""

    async def ask(
        first, second=GOES_ON, third=GOES_ON, *, model="m", dialect="openai", path="/v1/chat/completions", **body
    ):
        async with Provider(first) as a, Provider(second) as b, Provider(third) as c:
            config = CONFIG.format(a=a.url, b=b.url, c=c.url, dialect=dialect)
            async with start(config) as gateway:
                default = {"messages": [{"role": "user", "content": "hi"}]} if "prompt" not in body else {}
                asked = {"model": model, "stream": True, **default, **body}
                answer = await gateway.request("POST", path, asked)
                answer.headers["counted"] = await gateway.metric('switchyard_continued_total{route="m"}')
        lines = [orjson.loads(line) for line in (tmp_path / "log").read_bytes().splitlines()]
        record = next(line for line in lines if line["message"] == "call")
        return answer, [[each.body for each in one.requests] for one in (a, b, c)], record

    return ask


async def test_the_client_reads_one_answer(play):
    answer, (_, [asked], []), record = await play(BREAKS)

    told = chunks(answer)
    assert (heard(answer), whole(answer)) == (WHOLE, True)
    assert 1 == len({(each["id"], each["created"], each["model"], each["object"]) for each in told})
    assert ["assistant"] == [
        each["choices"][0]["delta"]["role"] for each in told if each["choices"][0]["delta"].get("role")
    ]
    seam = {"at": len(SAID), "from": "a/one", "to": "b/two", "how": "anchor"}
    assert (told[-1]["switchyard"], record["continued"]) == ({"continued": [seam]}, [seam])
    assert all("switchyard" not in each for each in told[:-1])
    assert asked["messages"][1:] == [
        {"role": "assistant", "content": SAID},
        {"role": "user", "content": QUESTION + KNOWN},
    ]
    assert answer.headers["x-switchyard-target"] == "a/one"
    assert (record["status"], record["fault"], record["target"], record["finish"]) == (200, "", "b/two", "stop")
    assert [each[:2] for each in record["tried"]] == [["a/one", "broken"], ["b/two", ""]]
    assert answer.headers["counted"] == 1


async def test_a_model_that_can_is_handed_the_beginning(play):
    rest = tells("en", " it sleeps.")
    answer, (_, [asked], _), _ = await play(BREAKS, rest, dialect="vllm", max_tokens=100, temperature=0.1, stop=["X"])

    assert heard(answer) == WHOLE
    assert seams(answer)[0]["how"] == "prefill"
    assert asked["messages"][-1] == {"role": "assistant", "content": SAID}
    assert (asked["add_generation_prompt"], asked["continue_final_message"]) == (False, True)
    assert (asked["max_tokens"], asked["temperature"], asked["stop"]) == (100 - len(SAID) // 4, 0.1, ["X"])


async def test_usage_is_that_of_one_answer_and_everything_is_billed(play):
    answer, _, record = await play(BREAKS, stream_options={"include_usage": True})

    *told, report = chunks(answer)
    first = len(SAID) // 4
    assert all(each["usage"] is None for each in told if each.get("switchyard") or "sleeps" in str(each))
    assert report["choices"] == []
    assert report["usage"]["completion_tokens"] == first + 4
    assert report["usage"]["prompt_tokens"] == record["usage"]["input"] - 50
    assert record["usage"]["output"] == first + 4
    assert record["estimated"]
    assert record["cost_usd"] == record["usage"]["input"] + record["usage"]["output"]


async def test_a_continuation_that_breaks_is_continued_in_turn(play):
    again = streams([ROLE, piece({"content": KNOWN}), piece({"content": "en it"})], whole=False)
    last = tells("quick brown fox jumps over the lazy dog, and then it", " sleeps.")
    answer, _, record = await play(BREAKS, again, last)

    assert (heard(answer), whole(answer)) == (WHOLE, True)
    assert [(each["at"], each["from"], each["to"]) for each in seams(answer)] == [
        (len(SAID), "a/one", "b/two"),
        (len(SAID + "en it"), "b/two", "c/three"),
    ]
    assert record["attempts"] == 3


@pytest.mark.parametrize(
    ("second", "fault"),
    [
        (tells("I would rather speak of cats."), "unsupported"),
        (fails(400, "what a strange question"), "unsupported"),
        (fails(503, "busy"), "overloaded"),
        (streams([ROLE, piece({"content": KNOWN[:10]})], whole=False), "broken"),
        (streams([ROLE, piece({"reasoning_content": "hm"})], whole=False), "broken"),
        (streams([ROLE, CALL]), "unsupported"),
        (streams([ROLE, piece({"reasoning_content": "hm"}), STOP, DONE]), "unsupported"),
        (streams([ROLE, piece({"content": "cats. " * 100}), STOP, DONE]), "unsupported"),
        (streams([ROLE, STOP, DONE]), "unsupported"),
    ],
)
async def test_who_cannot_go_on_is_passed_over(play, second, fault):
    answer, _, record = await play(BREAKS, second)

    assert (heard(answer), whole(answer)) == (WHOLE, True)
    assert [(each["from"], each["to"]) for each in seams(answer)] == [("a/one", "c/three")]
    assert [each[1] for each in record["tried"]] == ["broken", fault, ""]


async def test_a_handed_beginning_that_is_taken_for_thoughts_is_no_answer(play):
    thinks = streams([ROLE, piece({"reasoning": "en it sleeps."}), STOP, DONE])
    answer, _, record = await play(BREAKS, thinks, dialect="vllm")

    assert heard(answer) == WHOLE
    assert [each[1] for each in record["tried"]] == ["broken", "unsupported", ""]


async def test_thoughts_about_how_to_go_on_stay_here(play):
    thinks = streams(
        [ROLE, piece({"reasoning_content": "So?"}), piece({"content": KNOWN + "en it sleeps."}), STOP, DONE]
    )
    answer, _, _ = await play(BREAKS, thinks)

    assert heard(answer) == WHOLE
    assert b"So?" not in answer.raw


async def test_a_tool_may_be_called_after_the_rest(play):
    call = {"index": 0, "id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    finish = piece({}, "tool_calls")
    second = streams([ROLE, piece({"content": KNOWN + "en"}), piece({"tool_calls": [call]}), finish, DONE])
    answer, _, record = await play(BREAKS, second)

    assert heard(answer) == SAID + "en"
    assert [call] == [call for each in chunks(answer) for call in each["choices"][0]["delta"].get("tool_calls", [])]
    assert record["finish"] == "tool_calls"


@pytest.mark.parametrize(
    ("first", "body"),
    [
        (BREAKS, {"response_format": {"type": "json_object"}}),
        (BREAKS, {"logprobs": True}),
        (streams([ROLE, piece({"reasoning_content": "hm"})], whole=False), {}),
        (streams([ROLE, piece({"content": "x"}), piece({"reasoning_content": "hm"})], whole=False), {}),
        (streams([ROLE, piece({"content": "x"}), CALL], whole=False), {}),
        (BREAKS, {"model": "error"}),
    ],
)
async def test_what_is_no_plain_text_ends_with_an_error(play, first, body):
    answer, (_, second, _), record = await play(first, **body)

    assert second == []
    assert "upstream_error" == answer.events[-1]["error"]["code"]
    assert not seams(answer)
    assert record["fault"] == "broken"


async def test_without_anyone_who_can_go_on_the_client_reads_why_it_broke(play):
    answer, _, record = await play(BREAKS, tells("Cats."), model="short")

    assert heard(answer) == SAID
    assert answer.events[-1]["error"]["code"] == "upstream_error"
    assert "[DONE]" not in answer.events
    assert (record["fault"], record["status"], record["continued"]) == ("broken", 502, [])


async def falls_silent(request, writer):
    writer.write(SSE + chunked(ROLE + piece({"content": SAID})))
    await hangs()(request, writer)


OVERLOADED = orjson.dumps({"error": {"message": "x", "type": "overloaded_error", "code": "overloaded_error"}})


@pytest.mark.parametrize(
    ("first", "fault"),
    [
        (falls_silent, "timeout"),
        (streams([ROLE, piece({"content": SAID}), b"data: " + OVERLOADED + b"\n\n"]), "overloaded"),
        (streams([ROLE + piece({"content": SAID}) + b"data: " + OVERLOADED + b"\n\n"]), "overloaded"),
        (streams([ROLE, piece({"content": SAID}), DONE]), "broken"),
    ],
)
async def test_other_ways_of_breaking_off(play, first, fault):
    answer, _, record = await play(first)

    assert (heard(answer), whole(answer)) == (WHOLE, True)
    assert record["tried"][0][1] == fault


async def test_an_answer_that_only_lacks_its_last_line_is_whole(play):
    answer, (_, second, _), record = await play(streams([ROLE, piece({"content": SAID}), STOP], whole=False))

    assert (heard(answer), whole(answer), second) == (SAID, True, [])
    assert (record["fault"], record["continued"]) == ("", [])


def text_piece(text, finish=None):
    return event_of({"index": 0, "text": text, "logprobs": None, "finish_reason": finish})


def event_of(choice):
    body = {"id": "cmpl-1", "object": "text_completion", "created": 1, "model": "x", "choices": [choice]}
    return b"data: " + orjson.dumps(body) + b"\n\n"


async def test_a_prompt_grows_by_what_was_said(play):
    first = streams([text_piece(" upon"), text_piece(" a")], whole=False)
    second = streams([text_piece(" time"), text_piece("", "stop"), DONE])
    answer, (_, [asked], _), _ = await play(first, second, path="/v1/completions", prompt="Once")

    told = chunks(answer)
    assert "".join(each["choices"][0]["text"] for each in told) == " upon a time"
    assert asked["prompt"] == "Once upon a"
    assert told[-1]["switchyard"]["continued"] == [{"at": 7, "from": "a/one", "to": "b/two", "how": "prefill"}]
    assert answer.events[-1] == "[DONE]"


async def test_what_is_seen_of_a_target_is_only_its_own_part(start):
    async with Provider(BREAKS) as a, Provider(fails(503)) as b, Provider(GOES_ON) as c:
        config = CONFIG.format(a=a.url, b=b.url, c=c.url, dialect="openai")
        async with start(config) as gateway:
            await gateway.chat(stream=True)
            vitals = gateway.house._shared.vitals
            firsts = [vitals.target(name).first_content for name in ("a/one", "b/two", "c/three")]

    assert firsts[:2] == [None, None]
    assert 0 <= firsts[2] < 5
