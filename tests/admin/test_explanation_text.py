"""An explanation as people read it."""

from admin.story import story, story_of_call

SEEN = {"cost": 1_515_000, "latency": None, "idle": 5, "in_flight": 2}
FIRST = {
    "target": "p/a",
    "place": 1,
    "verdict": "first",
    "preferred": True,
    "seen": SEEN,
    "in_flight": 2,
    "limit": 4,
    "waiting": 1,
    "rate_limit_left": 0.25,
    "predicted_ms": 900,
    "predicted_cost_usd": 0.001515,
    "hold": {"cost_usd": 0.5, "tokens": 100},
    "accounts": ["usd:key/alice"],
    "dropped": ["top_k"],
    "refused": None,
}
SECOND = {
    "target": "p/b",
    "place": 2,
    "verdict": "then",
    "limit": None,
    "predicted_ms": None,
    "hold": {"unbounded": "it has no price", "param": None},
    "refused": "nobody knows",
}
AWAY = {"target": "q/c", "place": None, "verdict": "skipped", "reason": "its breaker is open"}
STAGE = {"stage": 0, "strategy": "cost", "on": ["broken"], "candidates": [FIRST, SECOND, AWAY]}
POLICY = {
    "fallback": False,
    "attempts": 3,
    "timeouts": {"connect": 5.0, "total": 600.0},
    "retry": {"attempts": 2, "backoff": 0.5, "max_backoff": 8.0},
    "queue": {"most": 100, "wait": 10.0, "priority": "low"},
    "hedge": {"after_s": None, "after_quantile": 0.95, "at_most": 0.05},
    "on_break": "continue",
    "params": "drop",
    "max_cost_usd": 0.5,
}
ASKED = {
    "model": "smart",
    "route": "smart",
    "needs": ["tools", "vision"],
    "task": "vision",
    "predicted": {"prompt_tokens": 23, "output_tokens": 300},
}
WHOLE = ASKED | {
    "canary": {
        "targets": ["p/z"],
        "status": "running",
        "share": 0.05,
        "tried": True,
        "stages": [{"candidates": [{"target": "p/z", "place": 1}]}],
    },
    "stages": [STAGE],
    "passed_over": [{"target": "q/d", "reason": "the model lacks vision"}],
    "shadow": {"target": "p/y", "share": 0.25},
    "policy": POLICY,
    "verdict": {"first": "p/z", "canary": True, "stage": 0, "queued": True},
}
TOLD = """\
smart -> route smart
needs: tools, vision
task: vision, about 23 tokens in and 300 out

canary p/z: 5% of sessions, this call tries it
  1  p/z

stage 1: cost, only after broken
  1  p/a, preferred, cost $0.001515, latency unknown, idle 5 s, in_flight 2, 2 of 4 calls under way, 1 wait, \
25% of its rate limit left, holds $0.500000, paid by usd:key/alice, without top_k
  2  p/b, no bound: it has no price, nothing would be sent: nobody knows
  -  q/c, its breaker is open

passed over:
  -  q/d, the model lacks vision

timers: connect 5 s, total 600 s
attempts: 3 at most, 2 at one target; no fallback
where targets are full: a line of 100, for 10 s, priority low
hedged after p95, 5% of calls at most
a stream that breaks: continue
one call may cost: $0.500000
shadow: 25% of calls are copied to p/y

would go to p/z (canary), after standing in line
"""
REFUSED = """\
smart -> no target
task: vision, about 23 tokens in and 300 out

would be refused: 503 no_target_available: nobody is there
"""
OVER = """\
2026-11-26T12:00:00.000Z req-1: smart -> p/b
status 200 (broken), $0.001000, 12.5 ms, task chat

stage 1: random, the first of 60
  1  p/a, 2 of the attempts

a decision that can't be read: another version has kept it

attempts:
  1  p/a, 2.5 ms, broken
  2  p/b, 10 ms, answered
"""


def test_all_that_there_is_to_tell_is_told():
    assert TOLD == story(WHOLE)


def test_a_call_that_nobody_can_take_is_told_with_why():
    error = {"code": "no_target_available", "message": "nobody is there"}
    verdict = {"first": None, "status": 503, "retry_after": None, "error": error}

    found = ASKED | {"route": None, "needs": [], "stages": [], "passed_over": [], "verdict": verdict}

    assert REFUSED == story(found)


def test_another_route_is_named_with_whose_budget_it_was():
    verdict = {"first": "p/c", "canary": False, "stage": 0, "queued": False, "route": "free", "degraded": "key/alice"}

    text = story(WHOLE | {"verdict": verdict})

    assert text.endswith("would go to p/c\nby the route free, since key/alice has too little left\n")


def test_a_hedge_by_the_clock_and_a_route_without_specials():
    policy = POLICY | {
        "hedge": {"after_s": 0.5, "after_quantile": 0.95, "at_most": 0.05},
        "fallback": True,
        "on_break": "error",
        "max_cost_usd": None,
    }

    text = story(WHOLE | {"policy": policy, "shadow": None, "canary": None, "passed_over": []})

    assert "hedged after 0.5 s" in text
    assert not [word for word in ("canary p/z", "breaks", "may cost", "shadow", "no fallback") if word in text]


def test_a_call_that_is_over_is_told_with_its_attempts():
    found = {
        "time": "2026-11-26T12:00:00.000Z",
        "id": "req-1",
        "route": "smart",
        "target": "p/b",
        "status": 200,
        "fault": "broken",
        "cost_usd": 0.001,
        "total_ms": 12.5,
        "task": "chat",
        "cache": None,
        "saved_usd": 0.0,
        "degraded": None,
        "decisions": [
            {
                "stage": 0,
                "strategy": "random",
                "among": 60,
                "candidates": [{"target": "p/a", "place": 1, "verdict": "first", "attempts": 2}],
            },
            {"unreadable": "another version has kept it"},
        ],
        "attempts": [
            {"target": "p/a", "fault": "broken", "ms": 2.5, "cost_usd": 0.0, "hedge": False},
            {"target": "p/b", "fault": None, "ms": 10.0, "cost_usd": 0.0, "hedge": False},
        ],
        "hedged": None,
        "canary": None,
    }
    beside = [found["attempts"][0], found["attempts"][1] | {"hedge": True}]

    kept = story_of_call(found | {"cache": "hit", "saved_usd": 0.25, "attempts": []})
    cheaper = story_of_call(found | {"cache": "miss", "degraded": {"scope": "key/bob", "route": "free"}})
    quicker = story_of_call(found | {"hedged": "won", "attempts": beside, "canary": "passed"})
    assert OVER == story_of_call(found)
    assert "\nhedged: the second attempt was quicker\n" in quicker
    assert "\n  2  p/b, 10 ms, answered, beside the one before\n" in quicker
    assert "\ncanary: this call tried it first, and went on without it\n" in quicker
    assert "\ncache: the answer to an earlier call was given, which saved $0.250000\n" in kept
    assert "\ncache: no answer to this call was kept\n" in cheaper
    assert "\nby the route free, since key/bob had too little left\n" in cheaper
    assert story_of_call(found | {"attempts": []}).endswith("\nno attempts\n")
