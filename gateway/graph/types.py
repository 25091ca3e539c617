"""What GraphQL shows, as types. Their values are the mappings that the pages below /api/v1 answer with."""

from typing import NewType

import strawberry
from strawberry.scalars import JSON

Long = NewType("Long", int)  # whole numbers beyond 32 bits, which is where GraphQL's Int ends


# Answers


@strawberry.type
class Usage:
    prompt_tokens: Long | None
    completion_tokens: Long | None
    total_tokens: Long | None


@strawberry.type
class Prices:
    input_usd_per_million: float | None
    output_usd_per_million: float | None
    cached_input_usd_per_million: float | None


@strawberry.type
class Abilities:
    tools: bool | None
    vision: bool | None
    pdf: bool | None
    audio: bool | None
    json_schema: bool | None
    reasoning: bool | None


@strawberry.type
class ModelCapabilities:
    context_window: Long | None
    max_output: Long | None
    capabilities: Abilities
    prices: Prices | None
    strengths: list[str] | None
    use_cases: list[str] | None
    multimodal: bool | None


@strawberry.type(
    description="A whole answer; or a piece of a streamed one, of which the last is done and has the rest."
)
class CompletionResponse:
    done: bool
    content: str
    reasoning: str | None
    refusal: str | None
    tool_calls: JSON | None
    finish_reason: str | None
    note: str | None
    id: str | None
    route: str | None
    target: str | None
    provider: str | None
    model: str | None
    usage: Usage | None
    cost_usd: float | None
    estimated: bool | None
    latency_ms: float | None
    first_content_ms: float | None
    attempts: int | None
    dropped: list[str] | None
    degraded: str | None
    cache: str | None
    capabilities: ModelCapabilities | None


# What is asked


@strawberry.input
class MessageInput:
    role: str
    content: JSON | None = strawberry.UNSET
    name: str | None = strawberry.UNSET
    tool_calls: JSON | None = strawberry.UNSET
    tool_call_id: str | None = strawberry.UNSET


@strawberry.input
class CostConstraints:
    max_cost: float | None = strawberry.UNSET
    preferred_models: list[str] | None = strawberry.UNSET


@strawberry.input
class ProviderOptions:
    preferred_provider: str | None = strawberry.UNSET


@strawberry.input(description="The options of POST /api/v1/complete.")
class CompletionInput:
    prompt: str | None = strawberry.UNSET
    messages: list[MessageInput] | None = strawberry.UNSET
    model: str | None = strawberry.UNSET
    models: list[str] | None = strawberry.UNSET
    provider: str | None = strawberry.UNSET
    temperature: float | None = strawberry.UNSET
    top_p: float | None = strawberry.UNSET
    max_tokens: int | None = strawberry.UNSET
    max_completion_tokens: int | None = strawberry.UNSET
    frequency_penalty: float | None = strawberry.UNSET
    presence_penalty: float | None = strawberry.UNSET
    logit_bias: JSON | None = strawberry.UNSET
    seed: int | None = strawberry.UNSET
    stop: list[str] | None = strawberry.UNSET
    tools: list[JSON] | None = strawberry.UNSET
    tool_choice: JSON | None = strawberry.UNSET
    parallel_tool_calls: bool | None = strawberry.UNSET
    response_format: JSON | None = strawberry.UNSET
    reasoning_effort: str | None = strawberry.UNSET
    verbosity: str | None = strawberry.UNSET
    service_tier: str | None = strawberry.UNSET
    metadata: JSON | None = strawberry.UNSET
    cache: JSON | None = strawberry.UNSET
    user: str | None = strawberry.UNSET
    task_type: str | None = strawberry.UNSET
    required_capability: list[str] | None = strawberry.UNSET
    strategy: str | None = strawberry.UNSET
    prefer: list[str] | None = strawberry.UNSET
    avoid: list[str] | None = strawberry.UNSET
    prefer_local: bool | None = strawberry.UNSET
    max_cost: float | None = strawberry.UNSET
    budget_remaining: float | None = strawberry.UNSET
    max_latency_ms: float | None = strawberry.UNSET
    enable_fallback: bool | None = strawberry.UNSET
    execution_id: str | None = strawberry.UNSET
    workspace_id: str | None = strawberry.UNSET
    cost_constraints: CostConstraints | None = strawberry.UNSET
    provider_options: ProviderOptions | None = strawberry.UNSET


# Models, targets


@strawberry.type
class Quantiles:
    p50: float | None
    p95: float | None


@strawberry.type(description="What was seen of late.")
class Live:
    calls: Long | None
    errors: Long | None
    error_rate: float | None
    first_content_ms: Quantiles | None
    tokens_per_second: Quantiles | None
    usd_per_call: float | None


@strawberry.type
class Modalities:
    input: list[str]
    output: list[str]


@strawberry.type
class Model:
    id: str
    provider: str
    model: str
    capabilities: Abilities | None
    modalities: Modalities | None
    context_window: Long | None
    max_output: Long | None
    prices: Prices | None
    strengths: list[str] | None
    use_cases: list[str] | None
    quality: JSON | None
    routes: list[str] | None
    live: Live | None


@strawberry.type
class Credential:
    name: str
    resting_until: JSON | None


@strawberry.type
class Breaker:
    state: str
    opens_until: JSON | None
    strikes: float | None


@strawberry.type
class Benched:
    until: JSON | None
    reason: str | None


@strawberry.type
class Target:
    id: str
    provider: str
    model: str
    configured: bool
    credentials: list[Credential] | None
    breaker: Breaker | None
    benched: Benched | None
    presence: JSON | None
    in_flight: int | None
    limit: float | None
    live: Live | None


# Health


@strawberry.type
class StoreDetails:
    connection: bool | None
    latency: float | None


@strawberry.type
class StoreHealth:
    status: str
    details: StoreDetails | None


@strawberry.type
class ProviderHealth:
    name: str
    status: str
    latency: float | None


@strawberry.type
class ProvidersHealth:
    status: str
    details: list[ProviderHealth]


@strawberry.type
class Checks:
    redis: StoreHealth | None
    providers: ProvidersHealth


@strawberry.type
class HealthStatus:
    status: str
    info: Checks


# Money


@strawberry.type
class Budget:
    limit_usd: float
    spent_usd: float
    held_usd: float
    per: str
    resets_at: float | None
    model: str | None


@strawberry.type(description="What a key has used.")
class KeyUsage:
    key: str
    requests: Long
    prompt_tokens: Long
    completion_tokens: Long
    cost_usd: float
    saved_usd: float
    held_usd: float
    budgets: list[Budget]


@strawberry.type
class Share:
    name: str
    requests: Long
    prompt_tokens: Long
    completion_tokens: Long
    cost_usd: float
    saved_usd: float


@strawberry.type
class Costs:
    period: str
    since: float | None
    total_cost: float
    saved_usd: float
    requests: Long
    prompt_tokens: Long
    completion_tokens: Long
    by_provider: list[Share]
    by_model: list[Share]
    by_key: list[Share]
    by_team: list[Share]
    by_route: list[Share]
    by_tag: list[Share]
