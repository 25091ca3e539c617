"""What was paid for attempts counts at the targets that they were made at: in metrics, reports and budgets alike."""

from tests.process.running import until
from tests.whole.provider import Provider, completion, ok, says
from tests.whole.test_flawed_answers import ALICE, CUT_OFF, EACH, PRICED, budget

CONFIG = (
    """
admin: {{key: the-key-of-the-operator}}
providers:
  a: {{dialect: vllm, base_url: "{a}", budget: 10/month}}
  b: {{dialect: vllm, base_url: "{b}", budget: 10/month}}
"""
    + PRICED
)
ADMIN = {"authorization": "Bearer the-key-of-the-operator"}


async def entered(gateway, calls: int):
    """What all came to, as soon as the ledger has *calls* of them."""

    async def there():
        costs = (await gateway.get("/api/v1/costs", **ADMIN)).body
        return costs if costs["requests"] == calls else None

    return await until(there, 5)


async def test_every_figure_says_who_was_paid(start):
    dear = {**CUT_OFF, "usage": {"prompt_tokens": 9, "completion_tokens": 36, "total_tokens": 45}}
    plays = says(200, dear), says(200, dear), says(200, completion())
    async with Provider(*plays) as a, Provider(ok()) as b, start(CONFIG.format(a=a.url, b=b.url)) as gateway:
        for _ in range(3):
            await gateway.chat("m", headers=ALICE, max_tokens=100)
        costs = await entered(gateway, 3)
        standing = (await gateway.get("/api/v1/budgets", **ADMIN)).body["data"]
        metrics = [
            await gateway.metric(f'switchyard_cost_usd_total{{target="{target}"}}') for target in ("a/one", "b/two")
        ]
        spent = (await budget(gateway))["spent_usd"]

    paid = [round(2 * 0.036009 + EACH, 9), round(2 * EACH, 9)]
    assert paid == metrics
    assert paid == [one["cost_usd"] for one in costs["by_provider"]]
    assert [1, 2] == [one["requests"] for one in costs["by_provider"]]
    assert paid == [one["cost_usd"] for one in costs["by_model"]]
    assert (
        dict(zip(("provider/a", "provider/b"), paid, strict=True)).items()
        <= {one["scope"]: one["spent_usd"] for one in standing}.items()
    )
    assert round(sum(paid), 9) == spent == costs["cost_usd"]


async def test_tokens_are_those_that_were_paid_each_at_its_own_target(start):
    dear = {**CUT_OFF, "usage": {"prompt_tokens": 9, "completion_tokens": 36, "total_tokens": 45}}
    async with (
        Provider(says(200, dear)) as a,
        Provider(ok()) as b,
        start(CONFIG.format(a=a.url, b=b.url)) as gateway,
    ):
        answer = await gateway.chat("m", headers=ALICE, max_tokens=100)
        costs = await entered(gateway, 1)
        call = (await gateway.get(f"/api/v1/calls/{answer.headers['x-request-id']}", **ADMIN)).body
        counted = [
            await gateway.metric(f'switchyard_tokens_total{{kind="output",target="{target}"}}')
            for target in ("a/one", "b/two")
        ]

    assert {"prompt_tokens": 9, "completion_tokens": 12, "total_tokens": 21}.items() <= answer.body["usage"].items()
    assert (18, 48) == (call["usage"]["input"], call["usage"]["output"])
    assert [36, 12] == counted == [each["usage"]["output"] for each in call["attempts"]]
    assert [36, 12] == [one["completion_tokens"] for one in costs["by_provider"]]
    assert (18, 48) == (costs["prompt_tokens"], costs["completion_tokens"])
