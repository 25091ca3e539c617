"""Who is no candidate for a call, and why: for what it needs, for what it asks, and never for what nobody knows."""

import pytest
from playbook import CALL, World, provider, route, stage

from core.faults import Fault
from core.wishes import NO_WISHES, Wishes
from routing.candidates import obstacle
from routing.decision import decide
from routing.eligibility import liked
from routing.exhausted import refusal
from routing.joined import targets_of
from routing.outlook import Outlook, Rates
from routing.plan import plan

CHAIN = route(stage("lab/a", "cloud/b"))
A, B = targets_of(CHAIN)
CAN = {"lab/a": frozenset({"tools"}), "cloud/b": frozenset({"tools", "vision", "code"})}
MONEY = 1_000_000_000
# A hundred tokens of an answer cost half a dollar, and one and a half.
PRICES = {"lab/a": Rates(0, 5_000 * MONEY, 0), "cloud/b": Rates(0, 15_000 * MONEY, 0)}
PRICED = Outlook(rates=lambda it: PRICES[it.id])


def away(call, world=None, **facts):
    """The reasons of the two targets; None for one that can take it."""
    world = world or World(provider("lab", local=True), provider("cloud"))
    view = world.view(CHAIN, **facts)
    found = [obstacle(target, call, view, world.now) for target in (A, B)]
    return [None if each is None else each.reason for each in found]


def wishing(**wishes):
    return CALL._replace(wishes=Wishes(**wishes))


@pytest.mark.parametrize(
    ("needs", "reasons"),
    [
        ({"tools"}, [None, None]),
        ({"vision"}, ["the model lacks vision", None]),
        ({"vision", "audio"}, ["the model lacks audio and vision", "the model lacks audio"]),
    ],
)
def test_a_model_that_lacks_what_the_call_needs_is_no_candidate(needs, reasons):
    call = CALL._replace(needs=frozenset(needs))

    assert reasons == away(call, outlook=Outlook(capabilities=lambda it: CAN[it.id]))
    assert [None, None] == away(call)


def test_what_a_call_wishes_for_counts_as_what_it_needs():
    call = wishing(capabilities=frozenset({"code"}))._replace(needs=frozenset({"tools"}))

    assert ["the model lacks code", None] == away(call, outlook=Outlook(capabilities=lambda it: CAN[it.id]))


@pytest.mark.parametrize(
    ("wishes", "reasons"),
    [
        ({"avoid": ("lab",)}, ["the call avoids it (routing.avoid)", None]),
        ({"avoid": ("*/b",)}, [None, "the call avoids it (routing.avoid)"]),
        ({"avoid": ("nobody",)}, [None, None]),
        ({"local": True}, [None, "it isn't local (routing.local)"]),
        ({"local": False}, [None, None]),
        ({"session": "s"}, [None, None]),
        ({"max_latency": 1.0}, ["its first content takes about 2500 ms (routing.max_latency_ms)", None]),
        ({"max_latency": 2.5}, [None, None]),
    ],
)
def test_what_a_client_does_not_want_is_no_candidate(wishes, reasons):
    world = World(provider("lab", local=True), provider("cloud"))
    world.vitals.target("lab/a").first_content = 2.5

    assert reasons == away(wishing(**wishes), world)


@pytest.mark.parametrize(
    ("wishes", "reasons"),
    [
        ({"max_cost": 2 * MONEY}, [None, None]),
        (
            {"max_cost": MONEY},
            [None, "it would cost about 1.5 dollars, and 1 are allowed (routing.max_cost_usd)"],
        ),
        (
            {"max_cost": MONEY, "budget": MONEY // 4},
            [
                "it would cost about 0.5 dollars, and 0.25 are allowed (routing.budget_remaining_usd)",
                "it would cost about 1.5 dollars, and 0.25 are allowed (routing.budget_remaining_usd)",
            ],
        ),
    ],
)
def test_what_would_cost_too_much_is_no_candidate(wishes, reasons):
    assert reasons == away(wishing(**wishes)._replace(max_output=100), outlook=PRICED)


def test_an_unknown_price_is_too_much_but_on_a_machine_of_ones_own():
    assert [None, "what it costs isn't known (routing.max_cost_usd)"] == away(wishing(max_cost=MONEY))


def test_an_affordable_target_may_still_be_too_slow():
    world = World(provider("lab", local=True), provider("cloud"))
    world.vitals.target("cloud/b").first_content = 9.0
    call = wishing(max_cost=9 * MONEY, max_latency=1.0)._replace(max_output=100)

    reasons = away(call, world, outlook=PRICED)

    assert [None, "its first content takes about 9000 ms (routing.max_latency_ms)"] == reasons


def test_a_prompt_that_is_far_too_long_for_a_context_is_not_sent_there():
    text = "word " * 40_000
    call = CALL._replace(body={"messages": [{"role": "user", "content": text}]}, size=len(text))
    contexts = {"lab/a": 8_000, "cloud/b": 30_000}

    reasons = away(call, context=lambda it: contexts[it.id])

    assert ["the prompt has 24615 tokens or more, and its context 8000", None] == reasons
    assert [None, None] == away(call, context=lambda _it: None)
    assert [None, None] == away(call)


def test_what_can_never_be_is_the_callers_mistake_and_what_passes_is_not():
    world = World()
    world.vitals.target("lab/a").first_content = 2.5
    answers = []
    for wishes, names in (({"avoid": ("lab",)}, "lab/a"), ({"max_latency": 1.0}, "lab/a")):
        chain = route(stage(names))
        with pytest.raises(Exception, match="no target is left") as caught:
            next(plan(chain, wishing(**wishes), world.view(chain), world.now + 60))
        answers.append(refusal(caught.value))

    assert [(400, "unsupported_by_model"), (503, "no_target_available")] == [(it.status, it.code) for it in answers]


@pytest.mark.parametrize(
    ("wishes", "prefer_local", "numbers"),
    [
        (NO_WISHES, False, set()),
        (NO_WISHES, True, {0}),
        (Wishes(prefer=("cloud",)), True, {1}),
        (Wishes(local=False), True, set()),
    ],
)
def test_who_comes_first_is_the_clients_word_else_the_operators(wishes, prefer_local, numbers):
    world = World(provider("lab", local=True), provider("cloud"))

    assert numbers == liked((A, B), wishes, world.view(CHAIN, prefer_local=prefer_local))


def test_local_targets_come_first_within_a_stage_where_the_operator_says_so():
    world = World(provider("lab", local=True), provider("cloud"))
    part = stage("cloud/b", "lab/a")
    view = world.view(route(part), prefer_local=True)

    made = decide(part, 0, CALL, view, turn=0, now=world.now)

    assert ["lab/a", "cloud/b"] == [target.id for target in made.tried()]


def test_a_chain_may_have_an_end_of_its_own():
    names = [f"lab/{letter}" for letter in "abcdefgh"]

    tried = World().play(route(stage(*names), most=3), *[Fault.TIMEOUT] * 8)

    assert ["a", "b", "c"] == tried
