"""A call in the plain form: the life of any other one (conversation.py), asked and answered in other words."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from admin.dollars import number
from admin.model_facts import facts
from api import Endpoint, plain
from api.body import parse as parse_json
from api.plain_answer import Told
from config.schema import Key
from core.call import Call
from core.errors import Refusal
from core.target import Target
from core.usage import shown
from gateway.call.conversation import Conversation
from gateway.generation import Generation, Shared
from server.caller import Caller
from server.reply import Reply

CHAT: Final = "chat"  # as which it is recorded, and taken to providers
NAMED: Final = ("id", "object", "provider", "model")  # which stand beside what is known of a model
Operator = Callable[[str | None], Awaitable[Key | None]]


class PlainCall(Conversation):
    """*operator* says for whom the operator asks, if it is the operator who does."""

    __slots__ = ("_operator", "_streams")

    def __init__(
        self, generation: Generation, shared: Shared, reply: Reply, id: str, *, operator: Operator, stream: bool
    ) -> None:
        super().__init__(generation, shared, Endpoint(CHAT, "", self._parse), reply, id)
        self._operator = operator
        self._streams = stream

    def _recognise(self, caller: Caller) -> None:
        """It may be the operator, and that is asked first."""

    async def _ask(self, caller: Caller) -> Key:
        return await self._operator(caller.authorization) or await super()._ask(caller)

    def _hear(self, body: bytes | memoryview) -> None:
        with plain.plain_words():
            super()._hear(body)

    def _parse(self, body: bytes | memoryview) -> Call:
        fields = parse_json(body)
        call = plain.call_of(fields, stream=self._streams)
        self._check_workspace(fields)
        return call

    def _check_workspace(self, fields: Mapping[str, Any]) -> None:
        """Who pays is who asks: another workspace than the key's own would be charged nothing."""
        workspace = plain.workspace(fields)
        key = self._key
        if workspace is not None and workspace not in {key.team, *key.tags}:
            message = "'workspace_id' must be the team of the key that asks, or one of its tags: they pay."
            raise Refusal(400, message, param="workspace_id", code="not_your_workspace")

    def told(self) -> Told:
        """Who answered, what it took and what it cost, once that is settled."""
        record, said = self._record, None if self._bill is None else self._bill.said
        provider, _, model = record.target.partition("/")
        target = Target(provider, model)
        there = provider in self._generation.lanes  # it may be gone, and its answer kept
        known = facts(target, self._generation.model(target)) if there else {}
        return {
            "id": record.id,
            "route": record.route,
            "target": record.target,
            "provider": provider,
            "model": model,
            **({} if said is None else {"usage": shown(said)}),  # of a kept answer it is in its body
            "cost_usd": number(record.cost),
            "estimated": record.estimated,
            "latency_ms": round((self._shared.loop.time() - self._began) * 1e3, 1),
            "first_content_ms": None if record.first is None else round(record.first, 1),
            "attempts": 1 if self._bill is None else len(self._bill.tried) + 1,
            "dropped": list(record.dropped),
            "degraded": record.degraded or None,
            "cache": record.cache or None,
            "capabilities": {name: each for name, each in known.items() if name not in NAMED} or None,
        }
