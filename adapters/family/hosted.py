"""OpenAI itself, and services that take nearly all that it takes."""

from collections.abc import Mapping
from typing import Any, Final

from adapters.accent import Accent
from adapters.draft import Draft
from adapters.ears import EachChoice
from adapters.manners import Manners
from adapters.responses.signals import SIGNALS
from adapters.signals import Signal
from adapters.wording import listed_stop
from core.ask import Ask
from core.faults import Fault
from core.wire import Json, WireRequest

OPENAI: Final = Accent(
    base_url="https://api.openai.com/v1",
    options={"organization": None, "project": None},
    option_headers={"openai-organization": "organization", "openai-project": "project"},
    limits=True,
    signals=SIGNALS,
)

AZURE: Final = Accent(
    options={"api_version": "v1"},
    key_header=("api-key", ""),
    deployments=True,
    limits=True,
    signals=(
        *SIGNALS,
        # A wrong path or api-version: nothing that the caller could mend.
        Signal(Fault.MODEL_NOT_FOUND, "resource not found", statuses=(404,)),
        Signal(Fault.BAD_CREDENTIAL, "invalid subscription key or wrong api endpoint", statuses=(401, 403)),
    ),
)

# A gateway itself: what it passes on is for the provider behind it, so that everything passes.
PORTKEY: Final = Accent(
    base_url="https://api.portkey.ai/v1",
    options={"provider": None, "virtual_key": None, "config": None},
    option_headers={
        "x-portkey-provider": "provider",
        "x-portkey-virtual-key": "virtual_key",
        "x-portkey-config": "config",
    },
    # Who tries again is this gateway, else each failure is repeated behind its back.
    headers={"x-portkey-retry-count": "0"},
    key_header=("x-portkey-api-key", ""),
    # The open-source one knows no keys of its own, and hands the provider's on.
    local_key_header=("authorization", "Bearer "),
    tidy=False,
    signals=(
        # An answer that the operator's own guardrail objects to, and one that it withholds.
        Signal(Fault.CONTENT_POLICY, statuses=(246, 446)),
        Signal(Fault.OUT_OF_CREDIT, statuses=(412,)),
        Signal(Fault.MODEL_NOT_FOUND, "x-portkey-(config|provider)", statuses=(400,)),
    ),
)

# The body goes to whom the model's suffix names, and so do the thoughts.
HUGGINGFACE: Final = Accent(
    base_url="https://router.huggingface.co/v1",
    endpoints=frozenset({"chat"}),
    options={"bill_to": None},
    option_headers={"x-hf-bill-to": "bill_to"},
    tidy=False,
    keys={"reasoning": "reasoning_content"},
)

# Which models take levels of effort; all others that think are switched on and off.
_LEVELS: Final[Mapping[str, Mapping[str, str]]] = {
    "gpt-oss": {"none": "low", "minimal": "low", "xhigh": "high", "max": "high"},
    "deepseek-v4-pro": {
        "none": "none", "minimal": "high", "low": "high", "medium": "high", "xhigh": "max",
    },
}  # fmt: skip


def _together_effort(draft: Draft) -> None:
    wanted = draft.body.get("reasoning_effort")
    if not isinstance(wanted, str):
        return
    model = draft.model.lower()
    levels = next((levels for name, levels in _LEVELS.items() if name in model), None)
    known = draft.ask.model
    if levels is None and known.capabilities and "reasoning" not in known.capabilities:
        draft.drop("reasoning_effort")
    elif levels is None or levels.get(wanted) == "none":
        del draft.body["reasoning_effort"]
        draft.body.setdefault("reasoning", {"enabled": wanted != "none"})
    else:
        draft.body["reasoning_effort"] = levels.get(wanted, wanted)


def _together_logprobs(draft: Draft) -> None:
    """How many alternatives, in one number."""
    if draft.chat and isinstance(wanted := draft.body.get("logprobs"), bool):
        many = draft.take("top_logprobs") or 1
        draft.body["logprobs"] = many if wanted else 0


def _logprobs(choice: Json, _content: Json) -> bool:
    """Together's two lists as OpenAI's one."""
    given = choice.get("logprobs")
    if not isinstance(given, dict) or not isinstance(tokens := given.get("tokens"), list):
        return False
    likely: Any = given.get("token_logprobs")
    likely = likely if isinstance(likely, list) else []
    entries = [
        {"token": token, "logprob": logprob or 0.0, "bytes": None, "top_logprobs": []}
        for token, logprob in zip(tokens, likely, strict=False)
    ]
    choice["logprobs"] = {"content": entries, "refusal": None}
    return True


def _together_ear(ask: Ask, _request: WireRequest) -> EachChoice | None:
    return EachChoice(_logprobs) if ask.call.endpoint == "chat" and ask.call.body.get("logprobs") else None


TOGETHER: Final = Accent(
    base_url="https://api.together.ai/v1",
    manners=Manners(reasoning="reasoning_content"),
    says=(listed_stop, _together_effort, _together_logprobs),
    rename={"max_completion_tokens": "max_tokens"},
    drop=frozenset({"user", "service_tier", "parallel_tool_calls", "metadata", "store"}),
    nulls=False,
    stream_options=False,
    keys={"reasoning": "reasoning_content"},
    finish={"eos": "stop"},
    hears=_together_ear,
    signals=(
        Signal(Fault.CONTEXT_LENGTH, r"`?inputs`? tokens \+ `?max_new_tokens`? must be <=", statuses=(400, 413, 422)),
        Signal(Fault.BAD_CREDENTIAL, "invalid private key", statuses=(400, 401, 403)),
        Signal(Fault.MODEL_NOT_FOUND, statuses=(400, 404), codes=("model_not_available",)),
        Signal(Fault.MODEL_NOT_FOUND, "unable to access model", statuses=(400, 404)),
        Signal(Fault.RATE_LIMITED, statuses=(429,), codes=("dynamic_request_limited",)),
        Signal(Fault.OUT_OF_CREDIT, codes=("credit_limit",)),
    ),
)
