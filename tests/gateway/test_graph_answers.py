"""Operations of GraphQL that fail through a mistake of ours: whoever asks is told that there was one, and no more."""

from collections.abc import AsyncGenerator, Mapping
from typing import Any

import orjson

from gateway.graph.answers import Answers, operation_of

SECRET = "what nobody may read"


class Clumsy:
    """An asker by whom everything fails."""

    id = "req-1"
    operator = False

    async def page(self, path: str, query: Mapping[str, str]) -> Any:
        raise ZeroDivisionError(SECRET)

    async def complete(self, fields: Mapping[str, Any]) -> Any:
        return {"done": "perhaps", "content": None}

    async def stream(self, fields: Mapping[str, Any]) -> AsyncGenerator[Any, None]:
        yield {"type": "content", "delta": {"content": "a"}}
        raise ZeroDivisionError(SECRET)


async def asked(query: str) -> tuple[Any, list[tuple[str, str]]]:
    confessed: list[tuple[str, str]] = []
    answers = Answers(lambda name, mistake: confessed.append((name, type(mistake).__name__)))
    found = await answers.of(operation_of({"query": query}), Clumsy())
    return found, confessed


async def test_a_mistake_is_logged_and_told_without_its_words() -> None:
    answer, confessed = await asked("{ usage { key } }")

    (error,) = answer["errors"]
    assert ("The gateway made a mistake. It has been logged.", 500) == (error["message"], error["extensions"]["status"])
    assert SECRET.encode() not in orjson.dumps(answer)
    assert [("req-1", "ZeroDivisionError")] == confessed


async def test_an_answer_that_is_not_of_its_type_is_an_error() -> None:
    answer, _ = await asked("mutation { complete(input: {}) { done } }")

    assert None is answer["data"]
    assert "errors" in answer
