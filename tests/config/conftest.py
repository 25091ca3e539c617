"""Texts read with a few dialects that stand for all."""

from collections.abc import Callable

import pytest

from config.load import load
from config.problems import ConfigErrors
from config.schema import Config, DialectFacts
from routing.strategies import STRATEGIES, strategy_named

DIALECTS = {
    "openai": DialectFacts(base_url="https://api.openai.test/v1", options={"organization": None, "project": None}),
    "azure": DialectFacts(options={"api_version": "v1"}),
    "bedrock": DialectFacts(base_url="https://bedrock.{region}.test", options={"region": None}),
    "openrouter": DialectFacts(base_url="https://openrouter.test/v1", options={"site_url": None, "site_name": None}),
    **{
        name: DialectFacts(base_url="http://localhost:8000/v1", needs_key=False, local=True)
        for name in ("vllm", "sglang", "llama.cpp", "lmstudio", "tgi")
    },
    "ollama": DialectFacts(base_url="http://localhost:11434", needs_key=False, local=True),
    "portkey": DialectFacts(base_url="https://portkey.test/v1", options={"provider": None, "virtual_key": None}),
    **{name: DialectFacts(base_url=f"https://{name}.test") for name in ("anthropic", "cohere", "google")},
    "demo": DialectFacts(needs_key=False, listed=False),
    **{
        name: DialectFacts(base_url=f"https://{name}.test/v1")
        for name in (
            *("mistral", "deepseek", "together", "groq", "xai"),
            *("fireworks", "perplexity", "cerebras", "minimax", "codestral", "huggingface"),
        )
    },
}
PROVIDERS = "providers: {openai: {api_key: k}, demo: {}, mistral: {}}\n"

Read = Callable[..., Config]
Problems = Callable[..., list[str]]


def _read(text: str, env: dict[str, str] | None = None, **settings: object) -> Config:
    names = {"strategies": STRATEGIES, "named": strategy_named}
    return load(text, env or {}, file="c.yaml", dialects=DIALECTS, **names, **settings)


@pytest.fixture(scope="session")
def read() -> Read:
    return _read


@pytest.fixture(scope="session")
def problems() -> Problems:
    def problems_of(text: str, env: dict[str, str] | None = None, **settings: object) -> list[str]:
        with pytest.raises(ConfigErrors) as caught:
            _read(text, env, **settings)
        return [str(problem) for problem in caught.value.problems]

    return problems_of


@pytest.fixture(scope="session")
def routes() -> Callable[..., dict[str, str]]:
    """The routes of a text below the usual providers, as people read them."""
    from config.report import chain

    def chains(text: str, env: dict[str, str] | None = None) -> dict[str, str]:
        return {name: chain(route) for name, route in _read(PROVIDERS + text, env).routes.items()}

    return chains


@pytest.fixture(scope="session")
def route_problems(problems: Problems) -> Problems:
    return lambda text, env=None: problems(PROVIDERS + text, env)
