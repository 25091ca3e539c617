"""Steps of putting a request into a provider's words that more than one provider needs."""

from collections.abc import Mapping
from typing import Any, Final

from adapters.draft import Draft, Step
from adapters.fields import unsupported
from adapters.media import remote
from core.errors import invalid
from core.wire import Json

_WEB: Final = ("data:", "http://", "https://")
_ANY_OBJECT: Final[Json] = {"type": "object"}


def one_choice(draft: Draft) -> None:
    """Who gives one answer only can't be asked for more."""
    if (draft.take("n") or 1) > 1:
        raise unsupported(f"{draft.model} gives only one choice.", param="n")


def modern(draft: Draft) -> None:
    """Functions, as they were before there were tools: in what is offered, chosen, called and answered."""
    body = draft.body
    if functions := draft.take("functions"):
        body["tools"] = [*(body.get("tools") or ()), *({"type": "function", "function": one} for one in functions)]
    chosen = draft.take("function_call")
    if chosen is not None and "tool_choice" not in body:
        body["tool_choice"] = {"type": "function", "function": chosen} if isinstance(chosen, dict) else chosen
    if any("function_call" in message or message["role"] == "function" for message in body["messages"]):
        body["messages"] = _with_calls(body["messages"])


def _with_calls(messages: list[Json]) -> list[Json]:
    told = []
    waiting = ""  # the id made up for a call that waits for its result
    for index, message in enumerate(messages):
        call = message.get("function_call")
        if "function_call" in message:
            message = {name: value for name, value in message.items() if name != "function_call"}
        if call and message["role"] == "assistant" and not message.get("tool_calls"):
            waiting = f"call_{index}"
            message["tool_calls"] = [{"id": waiting, "type": "function", "function": call}]
        elif message["role"] == "function":
            message = {**message, "role": "tool", "tool_call_id": waiting or f"call_{index}"}
        told.append(message)
    return told


def functions_only(draft: Draft) -> None:
    """Tools of another kind can't be offered, and the tools that may be chosen are all there are."""
    body = draft.body
    for index, tool in enumerate(body.get("tools") or ()):
        if tool.get("type", "function") != "function" or not isinstance(tool.get("function"), dict):
            raise unsupported(f"{draft.model} takes only functions as tools.", param=f"tools.{index}.type")
    choice = body.get("tool_choice")
    if isinstance(choice, dict) and choice.get("type") == "allowed_tools":
        names, mode = _allowed(choice)
        body["tools"] = [tool for tool in body.get("tools") or () if name_of(tool) in names]
        body["tool_choice"] = mode
    if not body.get("tools"):
        # There is nothing to choose from, and who is strict says so.
        body.pop("tools", None)
        body.pop("tool_choice", None)
        body.pop("parallel_tool_calls", None)


def _allowed(choice: Json) -> tuple[list[Any], str]:
    """The names of the tools that may be chosen, and whether one of them must be."""
    inner = choice.get("allowed_tools")
    allowed = inner if isinstance(inner, dict) else choice
    tools = allowed.get("tools")
    if not isinstance(tools, list):
        raise invalid("The tools that are allowed must be an array.", param="tool_choice", code="invalid_type")
    names = [name_of(tool) for tool in tools if isinstance(tool, dict)]
    return names, "required" if allowed.get("mode") == "required" else "auto"


def name_of(tool: Json) -> Any:
    """The name of a function in a list of tools, or in a choice of one."""
    function = tool.get("function")
    return function.get("name") if isinstance(function, dict) else tool.get("name")


def effort(levels: Mapping[str, str]) -> Step:
    """How hard to think, in the levels that there are; a level that isn't in the table is the provider's own."""

    def step(draft: Draft) -> None:
        wanted = draft.body.get("reasoning_effort")
        if isinstance(wanted, str):
            draft.body["reasoning_effort"] = levels.get(wanted, wanted)

    return step


def schema_for_objects(draft: Draft) -> None:
    """`json_object`, for those who only know schemas."""
    if _format(draft) == "json_object":
        schema = {"name": "answer", "schema": _ANY_OBJECT}
        draft.body["response_format"] = {"type": "json_schema", "json_schema": schema}


def schema_of(draft: Draft) -> Json | None:
    """The schema that the answer must fit, where the client gave one."""
    if _format(draft) != "json_schema":
        return None
    given = draft.body["response_format"].get("json_schema")
    schema = given.get("schema") if isinstance(given, dict) else None
    if not isinstance(schema, dict):
        raise invalid("A schema must be an object.", param="response_format.json_schema.schema", code="invalid_type")
    return schema


def _format(draft: Draft) -> Any:
    return (draft.body.get("response_format") or {}).get("type")


def listed_stop(draft: Draft) -> None:
    """Stop sequences as a list, even if there is only one."""
    if isinstance(stop := draft.body.get("stop"), str):
        draft.body["stop"] = [stop]


def web_images(draft: Draft) -> None:
    """A server on one's own machine may read whatever file a URL names: the client's must stay on the web."""
    for index, message in enumerate(draft.body.get("messages") or ()):
        content = message.get("content")
        for at, part in enumerate(content if isinstance(content, list) else ()):
            url = address_of(part)
            if url is not None and not (isinstance(url, str) and url[:8].lower().startswith(_WEB)):
                raise invalid(
                    "Only data:, https:// and http:// URLs are accepted.",
                    param=f"messages.{index}.content.{at}.image_url.url",
                    code="invalid_image_url",
                )


def inlined_images(draft: Draft) -> None:
    """Who would fetch any URL gets none: the images are fetched here, where it is known what may be asked for."""
    media = draft.ask.media
    messages = draft.body.get("messages") or ()
    if missing := next((url for url in remote(list(messages)) if url not in media), None):
        raise unsupported(
            f"Images must be sent to {draft.model} as data: URLs, not as {missing[:80]}.", param="messages"
        )
    if media:
        draft.body["messages"] = [_inlined(message, draft) for message in messages]


def _inlined(message: Json, draft: Draft) -> Json:
    content = message.get("content")
    if not isinstance(content, list):
        return message
    parts = []
    for part in content:
        url = address_of(part)
        if isinstance(url, str) and (found := draft.ask.media.get(url)):
            part = {**part, "image_url": {"url": f"data:{found.kind};base64,{found.data}"}}
        parts.append(part)
    return {**message, "content": parts}


def address_of(part: Json) -> Any:
    """The URL of an image, None in a part of another kind."""
    if part.get("type") != "image_url":
        return None
    image = part.get("image_url")
    return image.get("url", "") if isinstance(image, dict) else image
