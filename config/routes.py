"""Routes as they are written: short forms, stages, targets. What they name is looked up, not yet unfolded."""

from collections.abc import Collection
from typing import NamedTuple

from config.caching import read_caching
from config.hedges import read_hedge
from config.policies import BREAKER, QUEUE, TIMEOUTS, read_break, read_params, read_retry, read_weights
from config.problems import Notes, Spot
from config.readers import TRUTH, above_zero, choice, several
from config.schema import Route
from config.section import Entry, Reader, Section, entries, got, settings, shown
from config.yaml_lines import Fields, Items, Scalar, is_null, is_text
from core.faults import BY_CODE, Fault

LONGEST_NAME = 256
EXAMPLE = "a target such as openai/gpt-4o"

_WEIGHT = above_zero(1_000_000)
_FAULTS = several(choice(BY_CODE, "fault"))


class Reference(NamedTuple):
    """A target, or with an empty *provider* the route called *name*. *chosen*: by a variable of the environment."""

    provider: str
    name: str
    weight: float
    path: str
    line: int
    chosen: bool


class Step(NamedTuple):
    """A stage as written; *strategy* None: it names none itself."""

    references: tuple[Reference, ...]
    strategy: str | None
    on: frozenset[str]
    path: str
    line: int


class Written(NamedTuple):
    """A route as written: *route* has no stages yet, *strategy* is for the steps that name none.

    *shadow* and *canary* are to be read when everything else is known. *hedged*: where it speaks of hedging itself.
    """

    route: Route
    steps: tuple[Step, ...]
    strategy: str
    path: str
    line: int
    shadow: Entry | None = None
    canary: Entry | None = None
    hedged: Spot | None = None


class Known(NamedTuple):
    """The names that routes may use. *strategy* reads that of a strategy."""

    providers: Collection[str]
    routes: Collection[str]
    strategy: Reader[str]


def read_routes(
    entry: Entry | None,
    notes: Notes,
    *,
    providers: Collection[str],
    named: Reader[str],
    defaults: Route,
    strategy: str,
) -> dict[str, Written]:
    """*defaults* and *strategy* are what a route has that says nothing else; *named* reads the name of a strategy."""
    routes = Section(entry, notes).every()
    known = Known(providers, frozenset(name for name, _ in routes), named)
    return {name: _route(name, one, notes, known, defaults=defaults, strategy=strategy) for name, one in routes}


def _route(name: str, entry: Entry, notes: Notes, known: Known, *, defaults: Route, strategy: str) -> Written:
    _check_name(name, entry, notes)
    long_form = isinstance(entry.node, Fields)
    section = Section(entry if long_form else None, notes)
    chain = section.take("chain") if long_form else entry
    steps = _chain(chain, notes, known) if chain else ()
    route = Route(
        name=name,
        stages=(),
        timeouts=settings(section.take("timeouts"), defaults.timeouts, TIMEOUTS, notes),
        retry=read_retry(section.take("retry"), defaults.retry, notes),
        breaker=settings(section.take("breaker"), defaults.breaker, BREAKER, notes),
        queue=settings(section.take("queue"), defaults.queue, QUEUE, notes),
        fallback=_fallback(section, notes, defaults, steps),
        strict=read_params(section, inherited=defaults.strict),
        hedge=read_hedge(section.take("hedge"), defaults.hedge, notes),
        on_break=read_break(section, inherited=defaults.on_break),
        weights=read_weights(section, defaults.weights, notes),
        cache=read_caching(section.take("cache"), defaults.cache, notes),
    )
    strategy = section.read("strategy", known.strategy, strategy)
    shadow, canary = section.take("shadow"), section.take("canary")
    section.close()
    if not (chain and _says_something(chain)):
        notes.error(entry, f"names no target; expected {EXAMPLE}, or `chain:` with a list of them")
    hedged = section.at("hedge") if section.says("hedge") else None
    return Written(route, steps, strategy, entry.path, entry.line, shadow, canary, hedged)


def _says_something(entry: Entry) -> bool:
    return not is_null(entry.node) and not (isinstance(entry.node, Items) and not entry.node.items)


def _check_name(name: str, entry: Entry, notes: Notes) -> None:
    if name.count("*") > 1:
        notes.error(entry, "a route's name may hold one * at most")
    if not name or not name.isprintable() or " " in name or len(name) > LONGEST_NAME:
        notes.error(entry, f"a route's name is 1 to {LONGEST_NAME} characters without spaces")


def _fallback(section: Section, notes: Notes, defaults: Route, steps: tuple[Step, ...]) -> bool:
    fallback = section.read("fallback", TRUTH, defaults.fallback)
    # Someone who turns fallback off for everything, or by a variable, knows that chains are cut short.
    written = section.says("fallback") and not section.variables("fallback")
    if written and not fallback and len(steps) > 1:
        notes.warn(section.at("fallback"), "is false, so that the stages after the first are never reached")
    return fallback


def _chain(entry: Entry, notes: Notes, known: Known) -> tuple[Step, ...]:
    if not _says_something(entry):
        return ()
    steps = (_step(one, notes, known) for one in entries(entry))
    return tuple(step for step in steps if step.references)


def _step(entry: Entry, notes: Notes, known: Known) -> Step:
    if not isinstance(entry.node, Fields):
        return Step(_references((entry,), notes, known), None, frozenset(), entry.path, entry.line)
    section = Section(entry, notes)
    targets, target = section.take("targets"), section.take("target")
    if target and targets:
        notes.error(target, "a stage has either `target` or `targets`")
    weight = section.read("weight", _WEIGHT, 1.0) if target else 1.0
    on = section.read("on", _FAULTS, ())
    strategy = section.read("strategy", known.strategy, None)
    section.close()
    named = entries(targets) if targets else (target,) if target else ()
    if not named:
        notes.error(entry, f"names no target; expected `targets:` with {EXAMPLE}")
    references = _references(named, notes, known)
    if target and references:
        references = (references[0]._replace(weight=weight),)
    step = Step(references, strategy, frozenset(on), entry.path, entry.line)
    _check_reachable(step, notes)
    return step


def _check_reachable(step: Step, notes: Notes) -> None:
    leads_on = [code for code in step.on if BY_CODE[code].next_target or code == Fault.CONTENT_POLICY.code]
    if step.on and not leads_on:
        notes.warn(step, f"can never be reached: after {' and '.join(sorted(step.on))} nothing else is tried")


def _references(targets: tuple[Entry, ...], notes: Notes, known: Known) -> tuple[Reference, ...]:
    found = (_reference(one, notes, known) for one in targets)
    return tuple(reference for reference in found if reference)


def _reference(entry: Entry, notes: Notes, known: Known) -> Reference | None:
    if not isinstance(entry.node, Fields):
        return named(entry, notes, known, weight=1.0)
    section = Section(entry, notes)
    target = section.take("target")
    weight = section.read("weight", _WEIGHT, 1.0)
    section.close()
    if target is None:
        notes.error(entry, f"names no target; expected `target:` with {EXAMPLE}")
        return None
    return named(target, notes, known, weight=weight)


def named(entry: Entry, notes: Notes, known: Known, *, weight: float) -> Reference | None:
    """The target or route whose name stands at *entry*; None where the notes know what is wrong with it."""
    node = entry.node
    if not isinstance(node, Scalar):
        notes.error(entry, f"expected {EXAMPLE}, got {got(node)}")
        return None
    provider, slash, model = node.text.partition("/")
    if not is_text(node) or not node.text or (slash and not model) or not node.text.isprintable():
        notes.error(entry, f"expected {EXAMPLE}, got {shown(node)}")
        return None
    chosen = bool(node.variables)
    if slash and provider in known.providers:
        return Reference(provider, model, weight, entry.path, entry.line, chosen)
    route = node.text if node.text in known.routes or slash else _alike(node.text, known.routes, chosen=chosen)
    if route in known.routes:
        return Reference("", route, weight, entry.path, entry.line, chosen)
    # "openai/gpt-4o" can only have meant a provider.
    what, word, names = ("provider", provider, known.providers) if slash else ("route", node.text, known.routes)
    hint = "" if slash else f"; {EXAMPLE} names its provider"
    notes.error(entry, f"no {what} is called {_word(node, word)}{notes.meant(word, names) or hint}")
    return None


def _alike(name: str, routes: Collection[str], *, chosen: bool) -> str:
    """What a variable calls by the name of a company, as in OpenAI; else *name* itself."""
    alike = [route for route in routes if route.casefold() == name.casefold()] if chosen else []
    return alike[0] if len(alike) == 1 else name


def _word(node: Scalar, word: str) -> str:
    return shown(node._replace(text=word, plain=False))
