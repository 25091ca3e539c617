"""Calls that are over, calls that might be made, what is said of answers, and canaries."""

from collections.abc import Mapping
from typing import Final

from admin.shapes.words import (
    COUNT,
    DOLLARS,
    FLAG,
    MOMENT,
    NUMBER,
    SECONDS,
    SHARE,
    TEXT,
    WHOLE,
    Fields,
    Schema,
    about,
    by_name,
    either,
    listed,
    maybe,
    named,
    one_of,
    some,
    thing,
    word,
)

CALL: Final[Fields] = {
    "object": word("call"),
    "id": about(TEXT, "the answer's x-request-id"),
    "time": MOMENT,
    "key": maybe(TEXT),
    "team": maybe(TEXT),
    "route": TEXT,
    "target": maybe(TEXT),
    "endpoint": TEXT,
    "task": maybe(TEXT),
    "tags": some(TEXT),
    "stream": FLAG,
    "status": COUNT,
    "fault": maybe(TEXT),
    "finish": maybe(TEXT),
    "client_gone": FLAG,
    "estimated": FLAG,
    "cost_usd": DOLLARS,
    "cache": about(maybe(TEXT), "what an answer that was kept had to do with it"),
    "saved_usd": DOLLARS,
    "usage": about(by_name(COUNT), "tokens of all attempts together"),
    "total_ms": NUMBER,
    "first_content_ms": maybe(NUMBER),
    "hedged": about(maybe(one_of("won", "lost", "failed")), "what became of a second attempt beside a slow one"),
    "canary": about(
        maybe(one_of("asked", "passed")),
        "of a call that tried one: nobody else was asked, or it couldn't be had and the others were",
    ),
    "attempts": some(
        thing(
            {
                "target": TEXT,
                "fault": maybe(TEXT),
                "ms": NUMBER,
                "cost_usd": DOLLARS,
                "usage": about(maybe(by_name(COUNT)), "its tokens; null where an older version has written the row"),
                "hedge": about(FLAG, "whether it was the second one beside a slow one"),
            }
        )
    ),
}
CANDIDATE: Final[Fields] = {
    "weight": NUMBER,
    "seen": about(by_name(maybe(NUMBER)), "what the strategy went by"),
    "preferred": FLAG,
    "reason": about(TEXT, "why it is skipped"),
    "attempts": about(COUNT, "of a call that is over: how many went there"),
    "credential": maybe(TEXT),
    "breaker": TEXT,
    "in_flight": COUNT,
    "limit": maybe(COUNT),
    "waiting": COUNT,
    "rate_limit_left": maybe(NUMBER),
    "predicted_ms": maybe(NUMBER),
    "predicted_cost_usd": maybe(DOLLARS),
    "accounts": about(some(TEXT), "who pays for it"),
    "hold": either(thing({"cost_usd": DOLLARS, "tokens": COUNT}), named("Unbounded")),
    "dropped": about(some(TEXT), "fields that it would be sent without"),
    "refused": about(maybe(TEXT), "why nothing would be sent there"),
}
SIDE: Final = thing(
    {"calls": COUNT, "failed": COUNT, "flawed": COUNT, "cost_usd": DOLLARS, "first_content_ms": maybe(NUMBER)}
)
GUARD: Final = thing({"guard": TEXT, "state": TEXT, **{name: maybe(NUMBER) for name in ("limit", "canary", "rest")}})
VERDICT: Final = either(
    thing({"first": TEXT, "canary": FLAG, "stage": COUNT, "queued": FLAG}),
    thing({"first": {"type": "null"}, "status": COUNT, "retry_after": maybe(COUNT), "error": named("Refusal")}),
)

SHAPES: Final[Mapping[str, Schema]] = {
    "Call": thing(CALL),
    "Calls": listed(named("Call")),
    "WholeCall": thing(
        {
            **CALL,
            "degraded": about(
                maybe(thing({"scope": TEXT, "route": TEXT})),
                "whose budget had too little left, and the route that answered",
            ),
            "charges_usd": about(by_name(DOLLARS), "by account"),
            "decisions": some(either(named("Decision"), thing({"unreadable": TEXT}))),
        }
    ),
    "Decision": thing(
        {
            "stage": COUNT,
            "strategy": TEXT,
            "seed": maybe(WHOLE),
            "turn": WHOLE,
            "sticky": maybe(TEXT),
            "weights": by_name(NUMBER),
            "candidates": some(named("Candidate")),
        },
        {"among": about(COUNT, "of a stage with many targets, how many it was"), "on": some(TEXT)},
    ),
    "Candidate": thing(
        {"target": TEXT, "place": maybe(COUNT), "verdict": one_of("first", "then", "skipped")},
        CANDIDATE,
    ),
    "Explanation": thing(
        {
            "object": word("explanation"),
            "config": about(TEXT, "the generation of the configuration"),
            "model": TEXT,
            "route": maybe(TEXT),
            "key": maybe(TEXT),
            "endpoint": TEXT,
            "task": TEXT,
            "needs": some(TEXT),
            "predicted": thing({"prompt_tokens": COUNT, "output_tokens": COUNT}),
            "stages": some(named("Decision")),
            "passed_over": some(named("Skipped")),
            "verdict": about(VERDICT, "who would be sent the call first, or what the client would be told"),
        },
        {"canary": maybe(named("CanaryAhead")), "shadow": maybe(named("ShadowAhead")), "policy": named("Policy")},
    ),
    "CanaryAhead": thing(
        {"targets": some(TEXT), "status": maybe(TEXT), "share": SHARE, "tried": about(maybe(FLAG), "null: by chance")},
        {"stages": some(named("Decision"))},
    ),
    "ShadowAhead": thing({"target": TEXT, "share": SHARE}),
    "Policy": thing(
        {
            "fallback": FLAG,
            "attempts": COUNT,
            "timeouts": about(by_name(maybe(NUMBER)), "in seconds"),
            "retry": thing({"attempts": COUNT, "backoff": NUMBER, "max_backoff": NUMBER}),
            "queue": thing({"most": COUNT, "wait": NUMBER, "priority": TEXT}),
            "hedge": maybe(thing({"after_s": maybe(NUMBER), "after_quantile": maybe(NUMBER), "at_most": NUMBER})),
            "on_break": TEXT,
            "params": one_of("strict", "drop"),
            "max_cost_usd": maybe(DOLLARS),
        }
    ),
    "Opinion": thing(
        {
            "id": about({"type": "string", "minLength": 1, "maxLength": 256}, "the answer's x-request-id"),
            "score": either(SHARE, one_of("up", "down")),
        },
        {
            "label": maybe({"type": "string", "maxLength": 64}),
            "task": about(maybe(TEXT), "what the call was for, where that was guessed wrongly"),
        },
    ),
    "Judged": thing(
        {
            "object": word("feedback"),
            "id": TEXT,
            "target": TEXT,
            "task": TEXT,
            "score": SHARE,
            "label": TEXT,
            "replaced": about(FLAG, "whether you had said something else before"),
        }
    ),
    "Feedback": thing(
        {
            "object": word("feedback"),
            "since": SECONDS,
            "opinions": about(maybe(some(named("Said"))), "null: no ledger keeps them"),
            "quality": some(named("Quality")),
        }
    ),
    "Said": thing({"target": TEXT, "task": TEXT, "label": TEXT, "opinions": COUNT, "score": SHARE}),
    "Quality": thing(
        {
            "target": TEXT,
            "task": TEXT,
            "score": maybe(NUMBER),
            "prior": about(maybe(NUMBER), "the catalog's figure, from which it was moved"),
            **dict.fromkeys(("opinions", "praise", "seen", "flaws"), NUMBER),
        }
    ),
    "Canaries": thing({"canaries": some(named("Canary"))}),
    "Canary": thing(
        {
            "route": TEXT,
            "targets": some(TEXT),
            "status": maybe(TEXT),
            "stage": WHOLE,
            "stages": some(SHARE),
            "share": SHARE,
            "since": maybe(SECONDS),
            "reason": TEXT,
            "canary": SIDE,
            "rest": SIDE,
            "guards": some(GUARD),
        }
    ),
    "CanaryAction": thing({"action": one_of("stop", "restart")}),
}
