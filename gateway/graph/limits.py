"""What an operation of GraphQL may ask: read, measured and validated, before anything of it is done.

Runs in a thread: a document that was made to take long must not hold everybody up.
"""

from typing import Final, NamedTuple

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLSchema,
    InlineFragmentNode,
    NoSchemaIntrospectionCustomRule,
    OperationDefinitionNode,
    SelectionSetNode,
    parse,
    specified_rules,
    validate,
)

LONGEST: Final = 100_000  # characters of a document
MOST_TOKENS: Final = 2_000
DEEPEST: Final = 12
MOST_ALIASES: Final = 20
MOST_COST: Final = 300
COSTS: Final = {
    **dict.fromkeys(("complete", "completionStream", "models", "targets", "costs"), 50),
    **dict.fromkeys(("usage", "health"), 20),
    **dict.fromkeys(("__schema", "__type"), 20),
}
"""Every other field costs 1."""


class Measure(NamedTuple):
    """Of a selection, fragments included."""

    depth: int
    aliases: int
    cost: int


NOTHING: Final = Measure(0, 0, 0)
LIMITS: Final = Measure(DEEPEST, MOST_ALIASES, MOST_COST)


class Refused(Exception):  # noqa: N818  (they are an answer)
    """What is wrong with an operation."""

    def __init__(self, errors: list[GraphQLError]) -> None:
        super().__init__()
        self.errors = errors


def read(schema: GraphQLSchema, text: str, operation: str | None, *, operator: bool) -> DocumentNode:
    """A document that may be executed; raises Refused. Only the *operator* is told what there is."""
    try:
        document = parse(text, max_tokens=MOST_TOKENS, max_source_length=LONGEST)
        measured = _Ruler(document).measure(operation)
    except GraphQLError as error:
        raise Refused([error]) from None
    except RecursionError:
        raise Refused([GraphQLError("The document is nested too deeply.")]) from None
    if problem := _too_much(measured):
        raise Refused([_refused(problem, code="query_too_complex")])
    rules = specified_rules if operator else (*specified_rules, NoSchemaIntrospectionCustomRule)
    errors = validate(schema, document, rules, max_errors=10, hide_suggestions=not operator)
    if errors:
        raise Refused(errors)
    return document


def _refused(message: str, *, code: str) -> GraphQLError:
    return GraphQLError(message, extensions={"code": code})


def _too_much(measured: Measure) -> str:
    for what, found, most in zip(("depth", "number of aliases", "cost"), measured, LIMITS, strict=True):
        if found > most:
            return f"The {what} of the operation is {min(found, 10**9)}; the most is {most}."
    return ""


class _Ruler:
    """Measures operations of one document; each fragment once, however often it is spread."""

    def __init__(self, document: DocumentNode) -> None:
        self._operations = [each for each in document.definitions if isinstance(each, OperationDefinitionNode)]
        self._fragments = {
            each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)
        }
        self._measured: dict[str, Measure | None] = {}  # None while it is being measured

    def measure(self, name: str | None) -> Measure:
        """Of the operation of that name; of the largest where it isn't said or isn't there."""
        named = [each for each in self._operations if each.name is not None and each.name.value == name]
        found = [self._of(each.selection_set) for each in named or self._operations]
        for fragment in self._fragments.values():  # those that nothing spreads are validated, too
            self._spread(fragment.name.value)
        return Measure(*map(max, zip(NOTHING, *found, strict=True)))

    def _of(self, selected: SelectionSetNode | None) -> Measure:
        depth = aliases = cost = 0
        for node in () if selected is None else selected.selections:
            inside = self._inside(node)
            depth = max(depth, inside.depth)
            aliases += inside.aliases
            cost += inside.cost
        return Measure(depth, aliases, cost)

    def _inside(self, node: object) -> Measure:
        if isinstance(node, FieldNode):
            inside = self._of(node.selection_set)
            aliased = 0 if node.alias is None else 1
            own = COSTS.get(node.name.value, 1)
            # Introspection nests as no answer of ours does, and has a rule of its own among those that validate.
            below = 0 if node.name.value.startswith("__") else inside.depth
            return Measure(below + 1, inside.aliases + aliased, inside.cost + own)
        if isinstance(node, InlineFragmentNode):
            return self._of(node.selection_set)
        return self._spread(node.name.value) if isinstance(node, FragmentSpreadNode) else NOTHING

    def _spread(self, name: str) -> Measure:
        if name in self._measured:
            known = self._measured[name]
            if known is None:
                raise GraphQLError(f"The fragment {name} spreads itself.")
            return known
        fragment = self._fragments.get(name)
        self._measured[name] = None
        found = NOTHING if fragment is None else self._of(fragment.selection_set)
        self._measured[name] = found
        return found
