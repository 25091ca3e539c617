"""Rules that stand for what providers take of a JSON schema."""

from adapters.schemas import Rules, fitted

WORDS = frozenset(
    {"type", "properties", "required", "items", "enum", "description", "anyOf", "format", "minItems", "nullable"}
)
PLAIN = Rules(keep=WORDS)
# Three that stand for what providers take: one keeps references, one knows none, one knows nearly everything.
CLOSED = Rules(
    keep=WORDS - {"nullable"} | {"$ref", "$defs", "const", "additionalProperties"},
    formats=frozenset({"date"}),
    closed=True,
    least_items=1,
)
INLINE = Rules(keep=WORDS, inline=True, nullable=True, upper=True)
WIDE = Rules(
    keep=WORDS
    | {"$ref", "$defs", "definitions", "allOf", "oneOf", "not", "prefixItems", "patternProperties", "if", "then"}
    | {"minimum", "maximum", "const", "additionalProperties", "title", "default"},
    describe=False,
)
ALL = {"plain": PLAIN, "closed": CLOSED, "inline": INLINE, "wide": WIDE}


def fit(schema, rules=PLAIN):
    return fitted(schema, rules, "tools.0.function.parameters")
