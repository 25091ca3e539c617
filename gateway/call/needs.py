"""What has to be set aside for an attempt before it is sent, or why nobody can say."""

from typing import Final, NamedTuple

from catalog.bound import Bound, Unbounded
from config.schema import Key
from core.call import Call
from core.faults import Failure
from core.target import Target
from core.wire import WireRequest
from gateway.call.slices import SLICE
from gateway.generation import Generation
from gateway.spent import too_dear, unbounded
from quota.purse import Purse


class Needed(NamedTuple):
    """*cost*, *tokens*: as Needs. *bound*: the most that it can come to, where that had to be known. *sliced*: how many
    tokens of output a first slice covers, and what one more costs, if it is paid slice by slice.
    """

    cost: int = 0
    tokens: int = 0
    bound: Bound | None = None
    sliced: tuple[int, int] | None = None


NOTHING: Final = Needed()


def needed(
    generation: Generation,
    key: Key,
    call: Call,
    request: WireRequest,
    *,
    target: Target,
    purse: Purse,
    most: int | None,
) -> Needed | Failure:
    """A Failure where it can't be said, or is more than the *most* that one call may cost."""
    if purse.priced or most is not None:
        bound = generation.bound(target, call, request)
    elif purse.counted:
        bound = generation.bound_in_tokens(target, call, request)
    else:
        return NOTHING
    if isinstance(bound, Unbounded):
        return unbounded(bound)
    cost, sliced = bound.cost, None
    if call.stream and key.holds == "slices" and purse.priced:
        cost, sliced = _slice(generation, call, request, target=target, whole=bound)
    if most is not None and cost > most:
        return too_dear(bound if sliced is None else bound._replace(cost=cost), most)
    return Needed(cost, bound.tokens, bound, sliced)


def _slice(
    generation: Generation, call: Call, request: WireRequest, *, target: Target, whole: Bound
) -> tuple[int, tuple[int, int] | None]:
    """What the input and a first slice cost, where what is billed can be seen in the stream; else all of it."""
    first = generation.bound(target, call._replace(max_output=SLICE), request)
    hidden = "reasoning" in generation.abilities(target).capabilities
    if not isinstance(first, Bound) or hidden or whole.output <= first.output:
        return whole.cost, None
    tokens = whole.output - first.output
    return first.cost, (first.output, -(-(whole.cost - first.cost) // tokens))
