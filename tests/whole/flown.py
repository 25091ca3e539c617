"""Two gateways that fly one canary and share nothing but a Redis, and how one sees where it stands."""

import asyncio

from tests.process.running import ADMIN, until

OPERATOR = {"authorization": f"Bearer {ADMIN}"}
CONFIG = """
server: {{port: 0}}
admin: {{key: {admin}}}
state: {{directory: state, url: "redis://127.0.0.1:{redis}"}}
alerts: {{webhook: "{hook}"}}
providers:
  p: {{dialect: vllm, base_url: "{old}"}}
  c: {{dialect: vllm, base_url: "{new}"}}
defaults: {{retry: {{attempts: 1}}, breaker: {{failures: 1000, minimum: 100000}}}}
routes:
  m:
    chain: p/old
    canary: {{target: c/new, stages: {stages}, every: {every}, minimum: 5, guard: {{first_content: off, cost: off}}}}
"""
USERS = 20


class Pair:
    """Every other call goes to the other one of *gateways*. *hook* is what hears of events."""

    def __init__(self, redis, hook, *gateways) -> None:
        self.redis = redis
        self.hook = hook
        self.gateways = gateways

    async def calls(self, many: int) -> list[str]:
        """Who answered each; both gateways are asked for the same users."""
        asked = [self.gateways[number % 2].chat(user=f"user-{number // 2 % USERS}") for number in range(many)]
        answers = await asyncio.gather(*asked)
        assert {200} >= {answer.status for answer in answers}
        return [answer.headers["x-switchyard-target"] for answer in answers]

    async def pages(self):
        """The canary as each of them shows it, as soon as the store can be reached."""

        async def page(gateway):
            answer = await gateway.request("GET", "/api/v1/canaries", **OPERATOR)
            return answer.status == 200 and answer.body["canaries"][0]

        return [await until(lambda each=each: page(each)) for each in self.gateways]

    async def standings(self) -> set[tuple[str, int]]:
        return {(page["status"], page["stage"]) for page in await self.pages()}

    async def stand(self, wanted: tuple[str, int], *, calls: int = 2 * USERS) -> None:
        """Call until all of them stand at *wanted*."""

        async def so() -> bool:
            await self.calls(calls)
            return await self.standings() == {wanted}

        await until(so, 15)

    async def seen(self, seconds: float) -> set[tuple[str, int]]:
        """Wherever anybody stood in that time."""
        found: set[tuple[str, int]] = set()
        ends = asyncio.get_running_loop().time() + seconds
        while asyncio.get_running_loop().time() < ends:
            found |= await self.standings()
            await asyncio.sleep(0.05)
        return found

    @property
    def told(self) -> list[str]:
        return [request.body["event"] for request in self.hook.requests]

    def forget(self) -> None:
        """Redis is killed, and comes back without what it hasn't written down."""
        self.redis.kill()
        self.redis.start()
