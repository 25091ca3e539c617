"""POST /v1/embeddings."""

from collections.abc import Mapping
from typing import Any, Final

from api.body import parse as parse_json
from api.caching import wished
from api.shape import GATEWAYS_OWN, Check, check, missing, model_of, natural, text, texts_in
from api.wishes import wishes
from core.call import Call
from core.errors import invalid

MOST: Final = 2048
FIELDS: Mapping[str, Check] = {**GATEWAYS_OWN, "dimensions": natural, "encoding_format": text, "user": text}


def parse(body: bytes | memoryview) -> Call:
    fields = parse_json(body)
    model = model_of(fields)
    check(fields, FIELDS)
    return Call(
        endpoint="embeddings",
        model=model,
        body=fields,
        size=len(body),
        choices=_inputs(fields.get("input")),
        max_output=0,
        wishes=wishes(fields),
        cache=wished(fields),
    )


def _inputs(given: Any) -> int:
    """How many texts are to be embedded; a list of token numbers is one."""
    if given is None:
        raise missing("input")
    if isinstance(given, str) and given:
        return 1
    if isinstance(given, list) and all(isinstance(each, dict) for each in given) and given:
        count = len(given)  # pictures and the like, which some models take
    else:
        expected = "a text, an array of texts or an array of tokens, none of them empty"
        count = texts_in(given, "input", expected, empty=False)
    if count > MOST:
        raise invalid(f"'input' may hold at most {MOST} texts.", param="input", code="array_above_max_length")
    return count
