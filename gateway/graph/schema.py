"""The schema of /graphql, and what each of its fields is asked of. Imported when somebody first asks.

Nothing is known here that isn't known below /api/v1: every query is the page of that name, every completion a call.
What stands for an object is a mapping: see `field_of`.
"""

import dataclasses
from collections.abc import AsyncIterator, Mapping
from typing import Any, Protocol

import strawberry
from graphql import GraphQLSchema
from strawberry.schema.config import StrawberryConfig

from api.plain_answer import Told
from gateway.graph.types import CompletionInput, CompletionResponse, Costs, HealthStatus, KeyUsage, Long, Model, Target


class Asker(Protocol):
    """Whoever asks, for the time of one operation. Raises Refusal."""

    async def page(self, path: str, query: Mapping[str, str]) -> Any:
        """What the page below /api/v1 answers."""
        ...

    async def complete(self, fields: Mapping[str, Any]) -> Told: ...
    def stream(self, fields: Mapping[str, Any]) -> AsyncIterator[Told]: ...


Info = strawberry.Info[Asker, None]


@strawberry.type
class Query:
    @strawberry.field
    async def models(
        self,
        info: Info,
        *,
        provider: str | None = None,
        capability: str | None = None,
        max_cost: float | None = None,
        task: str | None = None,
        cheapest: bool | None = None,
        fastest: bool | None = None,
        best: bool | None = None,
    ) -> list[Model]:
        texts = {"provider": provider, "capability": capability, "task": task}
        flags = {"cheapest": cheapest, "fastest": fastest, "best": best}
        query = {name: text for name, text in texts.items() if text is not None}
        query |= {name: "true" for name, flag in flags.items() if flag}
        if max_cost is not None:
            query["max_cost"] = repr(max_cost)
        page = await info.context.page("models", query)
        found: list[Model] = page["data"]
        return found

    @strawberry.field
    async def health(self, info: Info) -> HealthStatus:
        page = await info.context.page("monitoring/health", {})
        providers = page["info"]["providers"]
        providers["details"] = [{"name": name, **each} for name, each in providers["details"].items()]
        found: HealthStatus = page
        return found

    @strawberry.field
    async def usage(self, info: Info, key: str | None = None) -> KeyUsage:
        found: KeyUsage = await info.context.page("usage", {} if key is None else {"key": key})
        return found

    @strawberry.field
    async def costs(
        self, info: Info, period: str | None = None, workspace: str | None = None, zone: str | None = None
    ) -> Costs:
        asked = {"period": period, "workspace": workspace, "zone": zone}
        page = await info.context.page("costs", {name: text for name, text in asked.items() if text is not None})
        for name, rows in page.items():
            if name.startswith("by_"):
                page[name] = [{"name": row[name.removeprefix("by_")], **row} for row in rows]
        found: Costs = page
        return found

    @strawberry.field
    async def targets(self, info: Info) -> list[Target]:
        page = await info.context.page("targets", {})
        found: list[Target] = page["data"]
        return found


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def complete(self, info: Info, input: CompletionInput) -> CompletionResponse:
        found: Any = {"done": True, **await info.context.complete(given(input))}
        answer: CompletionResponse = found
        return answer


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def completion_stream(self, info: Info, input: CompletionInput) -> AsyncIterator[CompletionResponse]:
        pieces = info.context.stream(given(input))
        try:
            async for told in pieces:
                yield piece(told)
        finally:
            await pieces.aclose()  # type: ignore[attr-defined]  # always an async generator


def piece(told: Told) -> Any:
    """An event of the plain form as a CompletionResponse."""
    if told["type"] == "done":
        return {"done": True, "content": "", **told}
    return {"done": False, "content": "", **told["delta"]}


def given(value: Any) -> Any:
    """What a client has written of an input, as JSON."""
    if dataclasses.is_dataclass(value):
        found = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
        return {name: given(each) for name, each in found.items() if each is not strawberry.UNSET}
    return [given(each) for each in value] if isinstance(value, list) else value


def field_of(thing: Any, name: str) -> Any:
    return thing.get(name) if isinstance(thing, dict) else getattr(thing, name)


def made() -> GraphQLSchema:
    config = StrawberryConfig(
        default_resolver=field_of,
        scalar_map={Long: strawberry.scalar(name="Long", description="A whole number.", serialize=int)},
    )
    schema = strawberry.Schema(Query, Mutation, Subscription, config=config)
    return schema._schema  # noqa: SLF001  (executed by graphql-core itself, which leaves no traceback anywhere)
