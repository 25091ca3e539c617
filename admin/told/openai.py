"""The endpoints that OpenAI's clients know."""

from collections.abc import Mapping
from typing import Any, Final

from admin.shapes.words import Schema, named
from admin.told.operation import EVENTS, JSON, KEY, Operation, Parameter, Told, within

TAG: Final = "OpenAI"
FAILED: Final = (403, 404, 409, 429, 502, 503, 504)
PRIORITY: Final = Parameter(
    name="x-switchyard-priority",
    about="the call's place in line where targets are full; never better than the key's own",
    place="header",
)


CHAT: Final[Mapping[str, Any]] = {"model": "smart", "messages": [{"role": "user", "content": "Hello"}]}


def _call(summary: str, body: str, answer: str, *, streams: bool, example: Mapping[str, Any]) -> Operation:
    kinds: dict[str, Schema] = {JSON: named(answer)}
    if streams:
        kinds[EVENTS] = named("Events")
    return Operation(
        summary=summary,
        tag=TAG,
        body=named(body),
        body_needed=True,
        example=example,
        kinds=kinds,
        parameters=(PRIORITY,),
        may=FAILED,
        open_to=KEY,
        everywhere=True,
        more="Fields that aren't named here go to the provider as they are.",
    )


MODEL: Final = within("id", "the name of a route or model; a slash in it is written %2F")
OPERATIONS: Final[Told] = {
    ("POST", "/chat/completions"): _call("Answer a conversation", "ChatCall", "Chat", streams=True, example=CHAT),
    ("POST", "/completions"): _call(
        "Go on with a text", "CompletionCall", "Completion", streams=True, example={"model": "smart", "prompt": "Once"}
    ),
    ("POST", "/embeddings"): _call(
        "Embed texts", "EmbeddingCall", "Embeddings", streams=False, example={"model": "embed", "input": "Hello"}
    ),
    ("GET", "/models"): Operation(
        summary="The models that the key may ask for",
        tag=TAG,
        answers=named("Models"),
        open_to=KEY,
        may=(503,),
        everywhere=True,
    ),
    ("GET", "/models/{id}"): Operation(
        summary="One of them",
        tag=TAG,
        answers=named("Model"),
        parameters=(MODEL,),
        open_to=KEY,
        may=(404, 503),
        everywhere=True,
    ),
}
