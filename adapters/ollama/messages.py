"""The messages of a chat as Ollama takes them: one text each, pictures beside it, arguments as objects."""

from adapters.fields import Fields, unsupported
from adapters.ollama.thinking import thinks
from adapters.turns import Document, Picture, Sound, Turn, turns
from core.ask import Ask
from core.wire import Json


def messages(ask: Ask, fields: Fields) -> list[Json]:
    """*fields* is told of what gets lost."""
    told = turns(ask.call.body, ask.media)
    _tell(told, fields)
    return [_message(turn, ask) for turn in told]


def _message(turn: Turn, ask: Ask) -> Json:
    message: Json = {"role": turn.role, "content": turn.text}
    if images := _images(turn, ask.target.model):
        message["images"] = images
    if turn.role == "tool":
        # Most templates use the name only.
        message |= {"content": turn.told, "tool_name": turn.name, "tool_call_id": turn.answers}
    elif turn.role == "assistant":
        thoughts = turn.raw.get("reasoning_content") or turn.raw.get("reasoning")
        if isinstance(thoughts, str) and thinks(ask.model):
            message["thinking"] = thoughts
        if turn.calls:
            message["tool_calls"] = [
                {"id": call.id, "function": {"index": index, "name": call.name, "arguments": call.arguments}}
                for index, call in enumerate(turn.calls)
            ]
        elif turn.raw.get("audio"):
            raise unsupported(f"{ask.target.model} can't hear its earlier answers.", param=f"{turn.at}.audio")
    return message


def _images(turn: Turn, model: str) -> list[str]:
    """Bare base64, of sounds too. Addresses must have been fetched: Ollama refuses them."""
    made: list[str] = []
    for part in turn.parts:
        match part:
            case Sound(data=data):
                made.append(data)
            case Picture(blob=blob) | Document(blob=blob) if blob is not None and blob.kind.startswith("image/"):
                made.append(blob.data)
            case Picture(blob=None, at=at):
                raise unsupported(f"{model} takes images as data: URLs only.", param=f"{at}.image_url.url")
            case Picture(at=at) | Document(at=at):
                raise unsupported(f"{model} takes texts, images and sounds, but no files.", param=at)
    return made


def _tell(told: list[Turn], fields: Fields) -> None:
    """Names of speakers, and how closely to look at a picture: there is no place for them."""
    if any(turn.role != "tool" and turn.raw.get("name") for turn in told):
        fields.dropped("messages.name")
    pictures = [part for turn in told for part in turn.parts if isinstance(part, Picture)]
    if any(picture.detail and picture.detail != "auto" for picture in pictures):
        fields.dropped("image_url.detail")
