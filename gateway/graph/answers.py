"""Operations of GraphQL, from what a client wrote to what it reads; whichever way they came."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from core.errors import Refusal, invalid
from gateway.graph.calls import Asker

if TYPE_CHECKING:
    from types import ModuleType

    from graphql import DocumentNode, ExecutionResult, GraphQLError, GraphQLSchema

BUG: Final = "The gateway made a mistake. It has been logged."
Answer = dict[str, Any]
Confess = Callable[[str, BaseException], None]


class Operation(NamedTuple):
    """What a client asks. *name* says which of the document's operations."""

    query: str
    variables: Mapping[str, Any]
    name: str | None


class Tools(NamedTuple):
    """What is imported when somebody first asks."""

    schema: "GraphQLSchema"
    graphql: "ModuleType"
    limits: "ModuleType"


def tools() -> Tools:
    """Takes half a second, and memory that an idle process spares: so not at the start, and in a thread."""
    import graphql  # noqa: PLC0415

    from gateway.graph import limits, schema  # noqa: PLC0415

    return Tools(schema.made(), graphql, limits)


class Answers:
    """*confess* logs a mistake of ours by the id of the request."""

    __slots__ = ("_lock", "_tools", "confess")

    def __init__(self, confess: Confess) -> None:
        self.confess = confess
        self._tools: Tools | None = None
        self._lock = asyncio.Lock()

    async def of(self, operation: Operation, asker: Asker) -> "Answer | AsyncGenerator[Answer, None]":
        """One answer, or those of a subscription as they come."""
        kit = await self._ready()
        reading = asyncio.to_thread(
            kit.limits.read, kit.schema, operation.query, operation.name, operator=asker.operator
        )
        try:
            document: DocumentNode = await reading
        except kit.limits.Refused as refused:
            return {"errors": [self._error(each, asker) for each in refused.errors]}
        chosen = kit.graphql.get_operation_ast(document, operation.name)
        streams = chosen is not None and chosen.operation is kit.graphql.OperationType.SUBSCRIPTION
        work = kit.graphql.subscribe if streams else kit.graphql.execute
        found = work(
            kit.schema,
            document,
            context_value=asker,
            variable_values=dict(operation.variables),
            operation_name=operation.name,
            hide_suggestions=not asker.operator,
        )
        found = await found if asyncio.iscoroutine(found) or asyncio.isfuture(found) else found
        return self._each(found, asker) if isinstance(found, AsyncIterator) else self._answer(found, asker)

    async def _ready(self) -> Tools:
        async with self._lock:
            if self._tools is None:
                self._tools = await asyncio.to_thread(tools)
        return self._tools

    async def _each(self, results: "AsyncIterator[ExecutionResult]", asker: Asker) -> AsyncGenerator[Answer, None]:
        try:
            async for result in results:
                yield self._answer(result, asker)
        except Refusal as refused:
            yield {"data": None, "errors": [_refused(refused)]}
        finally:
            if isinstance(results, AsyncGenerator):
                await results.aclose()

    def _answer(self, result: "ExecutionResult", asker: Asker) -> Answer:
        answer: Answer = {"data": result.data}
        if result.errors:
            answer["errors"] = [self._error(each, asker) for each in result.errors]
        return answer

    def _error(self, error: "GraphQLError", asker: Asker) -> Answer:
        """What a client is told of it: the refusal's own words, and never those of a mistake of ours."""
        told: Answer = dict(error.formatted)
        mistake = error.original_error
        if isinstance(mistake, Refusal):
            told |= _refused(mistake)
        elif not (mistake is None or self._tools is None or isinstance(mistake, self._tools.graphql.GraphQLError)):
            self.confess(asker.id, mistake)
            told |= {"message": BUG, "extensions": {"status": 500, "code": "internal_error"}}
        return told


def _refused(refusal: Refusal) -> Answer:
    body = refusal.body()["error"]
    return {"message": body.pop("message"), "extensions": {"status": refusal.status, **body}}


def operation_of(fields: Any) -> Operation:
    """Of what a client sent as JSON; raises Refusal."""
    if not isinstance(fields, dict):
        raise Refusal(400, "An operation is a JSON object; several at a time are not taken.", code="invalid_json")
    query, variables, name = fields.get("query"), fields.get("variables"), fields.get("operationName")
    if not isinstance(query, str):
        raise invalid("Invalid type for 'query': expected a string.", param="query", code="invalid_type")
    if not (variables is None or isinstance(variables, dict)):
        raise invalid("Invalid type for 'variables': expected an object.", param="variables", code="invalid_type")
    if not (name is None or isinstance(name, str)):
        raise invalid(
            "Invalid type for 'operationName': expected a string.", param="operationName", code="invalid_type"
        )
    return Operation(query, variables or {}, name)
