"""What has to be set aside for an attempt before it is sent, or why nobody can say."""

from typing import Final, NamedTuple

from catalog.bound import LIMITS, Bound, Unbounded
from config.schema import Key
from core.call import Call
from core.faults import Failure
from core.target import Target
from core.wire import WireRequest
from gateway.call.slices import SLICE
from gateway.generation import Generation
from gateway.spent import too_dear, unbounded
from quota.purse import Purse
from quota.words import Need


class FirstSlice(NamedTuple):
    """*cost*, *tokens*: as Needs. *bound*: the most that all slices can come to. It pays for so many tokens of output
    as are *covered*, and one more costs *price*.
    """

    cost: int
    tokens: int
    bound: Bound
    covered: int
    price: int


Needed = Bound | FirstSlice | Need
NOTHING: Final = Need()


def needed(
    generation: Generation,
    key: Key,
    call: Call,
    request: WireRequest,
    *,
    target: Target,
    purse: Purse,
    most: int | None,
    gone: int = 0,
) -> Needed | Failure:
    """A Failure where it can't be said, or is more than the *most* that one call may cost, of which its other attempts
    have taken what is *gone*.
    """
    if purse.priced or most is not None:
        bound = generation.bound(target, call, request)
    elif purse.counted:
        bound = generation.bound_in_tokens(target, call, request)
    else:
        return NOTHING
    if isinstance(bound, Unbounded):
        return unbounded(bound)
    need: Bound | FirstSlice = bound
    if call.stream and purse.priced and key.holds == "slices":
        need = _slice(generation, call, request, target=target, whole=bound)
    if most is not None and need.cost > most - gone:
        return too_dear(bound._replace(cost=need.cost), most, gone)
    return need


def _slice(
    generation: Generation, call: Call, request: WireRequest, *, target: Target, whole: Bound
) -> Bound | FirstSlice:
    """The input and a first slice, where what is billed can be seen in the stream; else all of it."""
    shorter = {name: value for name, value in call.body.items() if name not in LIMITS}
    first = generation.bound(target, call._replace(body=shorter, max_output=SLICE), request)
    hidden = "reasoning" in generation.abilities(target).capabilities
    if not isinstance(first, Bound) or hidden or whole.output <= first.output:
        return whole
    tokens = whole.output - first.output
    return FirstSlice(first.cost, whole.tokens, whole, first.output, -(-(whole.cost - first.cost) // tokens))
