"""Answers that are refused for what is wrong with them are paid for, as their providers bill them."""

import pytest

from tests.process.running import until
from tests.whole.provider import SSE, Provider, chunked, completion, fails, ok, piece, says
from tests.whole.test_leaving import logged
from tests.whole.test_unsaid_usage import ALICE, EARLY, budget

# Two targets and a key, beneath the providers that they are of.
PRICED = """
models:
  a/one: {{price: {{input: 1, output: 1000}}, context: 100000, max_output: 1000}}
  b/two: {{price: {{input: 1, output: 1000}}, context: 100000, max_output: 1000}}
routes:
  m: {{chain: [a/one, b/two], retry: {{attempts: 1}}}}
keys:
  alice: {{key: the-key-of-alice, budget: 10/month}}
"""
CONFIG = (
    """
providers:
  a: {{dialect: vllm, base_url: "{a}"}}
  b: {{dialect: vllm, base_url: "{b}"}}
"""
    + PRICED
)
EACH = 0.012009  # dollars for nine tokens and twelve
CUT_OFF = completion()
CUT_OFF["choices"][0]["finish_reason"] = None
REFUSED = {**completion(), "error": {"message": "no"}}


@pytest.fixture
def served(start):
    async def serve(play, **fields):
        async with Provider(play) as a, Provider(ok()) as b, start(CONFIG.format(a=a.url, b=b.url)) as gateway:
            answer = await gateway.chat("m", headers=ALICE, max_tokens=100, **fields)
            return answer, (await budget(gateway))["spent_usd"]

    return serve


@pytest.mark.parametrize(
    ("play", "cost"),
    [
        (says(200, CUT_OFF), 2 * EACH),
        (says(200, REFUSED), EACH),
        (says(200, b"<html>"), EACH),
        (fails(500), EACH),
    ],
)
async def test_an_answer_without_an_end_was_billed_and_an_error_was_not(served, tmp_path, play, cost):
    answer, spent = await served(play)

    assert 200 == answer.status
    (line,) = await until(lambda: logged(tmp_path), 5)
    assert (cost, cost, f"{cost:.9f}") == (spent, line["cost_usd"], answer.headers["x-switchyard-cost-usd"])
    assert not line["estimated"]


async def test_fewer_choices_than_asked_for_are_paid_once_for_each_target(served):
    answer, spent = await served(says(200, completion()), n=2)

    assert 502 == answer.status
    assert 2 * EACH == spent


@pytest.mark.parametrize(("event", "cost"), [(EARLY, 0), (EARLY.replace(b'_tokens":0', b'_tokens":12'), EACH)])
async def test_a_stream_that_broke_unheard_is_paid_by_what_was_counted(served, event, cost):
    async def play(_request, writer) -> None:
        writer.write(SSE + chunked(event) + chunked(piece({}, "error")))

    answer, spent = await served(play, stream=True)

    assert 502 == answer.status
    assert cost == spent
