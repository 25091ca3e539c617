"""The config.yaml that is shipped: it runs as it is, and by the variables people have set already."""

import re
from pathlib import Path

import pytest

from config.report import chain
from config.schema import Allowance, Budget
from config.signals import Alerts
from core.secret import Secret

TEXT = (Path(__file__).parents[2] / "config.yaml").read_text()


def test_it_needs_nothing_and_warns_of_nothing(read):
    config = read(TEXT)

    assert () == config.warnings
    assert ["demo", "ollama"] == [name for name, provider in config.providers.items() if provider.configured]
    assert ("127.0.0.1", 8080, None) == (config.server.host, config.server.port, config.admin_key)
    assert ("demo/echo", "demo/fails -> demo/echo") == (
        chain(config.routes["demo"]),
        chain(config.routes["demo-fallback"]),
    )


@pytest.mark.parametrize(
    ("env", "first"),
    [
        ({}, "demo/echo"),
        ({"LLM_DEFAULT_PROVIDER": "openai", "OPENAI_MODEL": "o3"}, "openai/o3"),
        ({"DEFAULT_LLM_PROVIDER": "deepseek", "DEEPSEEK_MODEL": "r1"}, "deepseek/r1"),
        ({"DEFAULT_LLM_PROVIDER": "anthropic"}, "anthropic/claude-opus-4-5-20251101"),
        ({"DEFAULT_LLM_PROVIDER": "google", "GOOGLE_MODEL": "gemini-2.5-pro"}, "google/gemini-2.5-pro"),
        ({"DEFAULT_LLM_PROVIDER": "ollama", "OLLAMA_MODEL": "qwen3"}, "ollama/qwen3"),
        ({"PREFERRED_LLM_PROVIDER": "openrouter", "OPENROUTER_DEFAULT_MODEL": "x/y"}, "openrouter/x/y"),
        ({"LLM_DEFAULT_PROVIDER": "mistral", "DEFAULT_LLM_PROVIDER": "openai"}, "mistral/mistral-large-latest"),
        (
            {"LLM_DEFAULT_PROVIDER": "", "PREFERRED_LLM_PROVIDER": "together"},
            "together/deepseek-ai/DeepSeek-V4.1-Flash",
        ),
        ({"LLM_DEFAULT_PROVIDER": "OpenAI"}, "openai/gpt-4o"),
        ({"PREFERRED_LLM_PROVIDER": "GROQ", "GROQ_MODEL": "llama-3.1-8b-instant"}, "groq/llama-3.1-8b-instant"),
        ({"LLM_DEFAULT_PROVIDER": "gemini"}, "google/gemini-flash-latest"),
        ({"LLM_DEFAULT_PROVIDER": "azure", "AZURE_OPENAI_DEPLOYMENT": "mine"}, "azure/mine"),
        ({"LLM_DEFAULT_PROVIDER": "High-Quality"}, "openai/gpt-6-astra"),
    ],
)
def test_the_default_begins_with_the_chosen_provider(read, env, first):
    config = read(TEXT, env)

    assert first == config.routes["default"].stages[0].targets[0].id
    assert () == config.warnings


def test_every_provider_can_be_chosen(read):
    providers = read(TEXT).providers.keys() - {"demo"}

    chosen = [read(TEXT, {"LLM_DEFAULT_PROVIDER": name}).routes["default"] for name in providers]

    assert list(providers) == [route.stages[0].targets[0].provider for route in chosen]


def test_a_chosen_provider_is_never_replaced_by_the_demo(read):
    default = read(TEXT, {"LLM_DEFAULT_PROVIDER": "openai"}).routes["default"]

    assert "demo" not in {target.provider for stage in default.stages for target in stage.targets}


def test_the_variables_people_have_set_already_work(read):
    config = read(
        TEXT,
        {
            "LLM_ROUTING_STRATEGY": "weighted",
            "LLM_ENABLE_FALLBACK": "false",
            "LLM_REQUEST_TIMEOUT": "20",
            "LLM_MAX_RETRIES": "4",
            "LLM_RETRY_DELAY": "0.25",
            "LLM_RETRY_MAX_DELAY": "4",
            "LLM_MAX_LATENCY_MS": "1500",
            "OPENAI_ORGANIZATION": "org",
            "SITE_URL": "https://site.test",
            "SITE_NAME": "Site",
        },
    )

    defaults, default = config.defaults, config.routes["default"]

    assert (20.0, 1.5, 5, 0.25, 4.0, False, "weighted") == (
        defaults.timeouts.attempt,
        defaults.timeouts.first_content,
        defaults.retry.attempts,
        defaults.retry.backoff,
        defaults.retry.max_backoff,
        default.fallback,
        default.stages[1].strategy,
    )
    assert {"organization": "org"} == config.providers["openai"].options
    assert {"site_url": "https://site.test", "site_name": "Site"} == config.providers["openrouter"].options


@pytest.mark.parametrize(
    ("env", "address"),
    [
        ({}, "http://localhost:11434"),
        ({"OLLAMA_BASE_URL": "http://box:1"}, "http://box:1"),
        ({"OLLAMA_API_URL": "http://box:2"}, "http://box:2"),
    ],
)
def test_ollama_is_on_this_machine_unless_said_otherwise(read, env, address):
    assert address == read(TEXT, env).providers["ollama"].base_url


@pytest.mark.parametrize("name", ["openai", "anthropic", "mistral", "together", "deepseek", "openrouter", "cohere"])
def test_a_key_in_the_environment_configures_its_provider(read, name):
    config = read(TEXT, {f"{name.upper()}_API_KEY": "k"})

    assert (Secret("k"),) == config.providers[name].keys


@pytest.mark.parametrize("name", ["GOOGLE_AI_API_KEY", "GEMINI_API_KEY"])
def test_googles_key_goes_by_two_names(read, name):
    assert (Secret("k"),) == read(TEXT, {name: "k"}).providers["google"].keys


def test_what_stands_in_comments_works_too(read):
    example = re.compile(
        r"^  # (?= *(bedrock|vllm|sglang|llama\.cpp|lmstudio|tgi|portkey|lab|pool|alice|key|models|expires|"
        r"limits|research|nightly|team|tags|budget|max_cost|holds|per_model):)",
        re.MULTILINE,
    )

    config = read(re.sub(r"(?m)^(keys|teams|tags): {}", r"\1:", example.sub("  ", TEXT)), {"ALICE_KEY": "k"})
    alice = config.keys["alice"]

    assert () == config.warnings
    named = {"bedrock", "vllm", "sglang", "llama.cpp", "lmstudio", "tgi", "portkey", "lab", "pool"}
    assert named < config.providers.keys()
    assert (("smart", "default", "gpt-*"), "research", ("nightly",), 10**9) == (
        alice.models,
        alice.team,
        alice.tags,
        alice.max_cost,
    )
    assert (50 * 10**9, "month", "demo") == (
        alice.allowance.budgets[0].limit,
        alice.allowance.budgets[0].per,
        alice.allowance.budgets[0].when_spent,
    )
    assert {"service", "provider/lab", "tag/nightly"} == config.allowances.keys()


@pytest.mark.parametrize("name", ["DAILY_COST_LIMIT", "LLM_DAILY_COST_LIMIT"])
def test_what_a_day_and_a_call_may_cost_comes_from_the_environment(read, name):
    config = read(TEXT, {name: "25", "MAX_COST_PER_REQUEST": "1.0"})

    assert {"service": Allowance(budgets=(Budget(limit=25 * 10**9, per="day"),))} == config.allowances
    assert (10**9, ()) == (config.max_cost, config.warnings)


def test_without_them_nothing_is_limited(read):
    config = read(TEXT, {"DAILY_COST_LIMIT": "", "MAX_COST_PER_REQUEST": ""})

    assert ({}, None) == (config.allowances, config.max_cost)


def test_shared_state_and_the_ledger_come_from_the_environment(read):
    env = {"REDIS_URL": "redis://:pw@cache:6379/0", "DATABASE_URL": "postgresql://me:pw@db/x"}
    hook = {"ALERT_WEBHOOK": "https://hooks.test/x", "ALERT_SECRET": "s"}

    config = read(TEXT, {**env, **hook})

    assert tuple(map(Secret, env.values())) == (config.state.url, config.ledger.url)
    assert Alerts(webhook=Secret("https://hooks.test/x"), secret=Secret("s")) == config.alerts
    assert () == config.warnings
