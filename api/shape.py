"""The types of the fields that clients send, as tables of small checks.

A check gets a value that isn't null and returns what was expected in its place, or nothing if it is fine.
Ranges are left to the providers, who differ in them; unknown fields pass.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from core.errors import Refusal, invalid

Check = Callable[[Any], str | None]


def text(value: Any) -> str | None:
    return None if isinstance(value, str) else "a string"


def flag(value: Any) -> str | None:
    return None if value is True or value is False else "a boolean"


def number(value: Any) -> str | None:
    return None if isinstance(value, int | float) and not isinstance(value, bool) else "a number"


def integer(value: Any) -> str | None:
    return None if isinstance(value, int) and not isinstance(value, bool) else "an integer"


def natural(value: Any) -> str | None:
    return None if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else "an integer of 0 or more"


def choices(value: Any) -> str | None:
    fine = isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 128
    return None if fine else "an integer from 1 to 128"


def thing(value: Any) -> str | None:
    return None if isinstance(value, dict) else "an object"


def things(value: Any) -> str | None:
    fine = isinstance(value, list) and all(isinstance(item, dict) for item in value)
    return None if fine else "an array of objects"


def texts(value: Any) -> str | None:
    fine = isinstance(value, list) and all(isinstance(item, str) for item in value)
    return None if fine else "an array of strings"


def text_or_texts(value: Any) -> str | None:
    return None if isinstance(value, str) or texts(value) is None else "a string or an array of strings"


def text_or_thing(value: Any) -> str | None:
    return None if isinstance(value, str | dict) else "a string or an object"


def flag_or_natural(value: Any) -> str | None:
    return None if isinstance(value, int) and value >= 0 else "a boolean or an integer of 0 or more"


GATEWAYS_OWN: Mapping[str, Check] = {"cache": thing, "models": texts, "routing": thing}
COMMON: Mapping[str, Check] = {
    **GATEWAYS_OWN,
    "frequency_penalty": number,
    "logit_bias": thing,
    "logprobs": flag_or_natural,
    "max_tokens": natural,
    "metadata": thing,
    "n": choices,
    "presence_penalty": number,
    "prompt_cache_key": text,
    "safety_identifier": text,
    "seed": integer,
    "service_tier": text,
    "stop": text_or_texts,
    "stream": flag,
    "stream_options": thing,
    "temperature": number,
    "top_p": number,
    "user": text,
}


NOTHING: Final[frozenset[type]] = frozenset()
NULL: Final = frozenset({type(None)})
# What makes a check find nothing wrong, whatever the value is. The others look at the value, too.
SUFFICES: Mapping[Check, frozenset[type]] = {
    text: NULL | {str},
    flag: NULL | {bool},
    number: NULL | {int, float},
    integer: NULL | {int},
    thing: NULL | {dict},
    text_or_texts: NULL | {str},
    text_or_thing: NULL | {str, dict},
    flag_or_natural: NULL | {bool},
}


def texts_in(given: Any, name: str, expected: str, *, empty: bool) -> int:
    """How many texts the list *given* holds: strings, *empty* ones maybe, or lists of tokens; one such list is one."""
    kinds = {each.__class__ for each in given} if isinstance(given, list) else NOTHING
    if kinds == {int}:
        return 1
    texts = kinds == {str} and (empty or all(given))
    if texts or (kinds == {list} and all({token.__class__ for token in each} == {int} for each in given)):
        return len(given)
    raise wrong(name, expected)


def sufficient(fields: Mapping[str, Check]) -> dict[str, frozenset[type]]:
    """For each of *fields* the types that are fine without another look."""
    return {name: SUFFICES.get(rule, NULL) for name, rule in fields.items()}


def check(body: Mapping[str, Any], fields: Mapping[str, Check]) -> None:
    """Refuse the first field of a wrong type, naming it. Null means absent."""
    known = fields.get
    for name, value in body.items():
        rule = known(name)
        if rule is not None and value is not None and (expected := rule(value)) is not None:
            raise wrong(name, expected)


def wrong(param: str, expected: str) -> Refusal:
    return invalid(f"Invalid type for '{param}': expected {expected}.", param=param, code="invalid_type")


def missing(param: str) -> Refusal:
    return invalid(f"Missing required parameter: '{param}'.", param=param, code="missing_required_parameter")


def model_of(body: Mapping[str, Any]) -> str:
    """The model that the client asks for: a string that isn't empty."""
    model = body.get("model")
    if model is None or model == "":
        raise missing("model")
    if not isinstance(model, str):
        raise wrong("model", "a string")
    return model


def usage_asked(body: Mapping[str, Any]) -> bool:
    """Whether the client wants to see the usage of its stream."""
    options = body.get("stream_options")
    if options is None:
        return False
    if not body.get("stream"):
        raise invalid("'stream_options' is only allowed when 'stream' is true.", param="stream_options")
    asked = options.get("include_usage")
    if asked is not None and type(asked) is not bool:
        raise wrong("stream_options.include_usage", "a boolean")
    return asked is True
