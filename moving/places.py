"""Where other gateways' names of providers lead: our dialects, usual addresses, and the variables of their keys."""

import re
from collections.abc import Mapping
from typing import Final, NamedTuple


class Place(NamedTuple):
    """*key* is the variable that the other reads where nothing is said; *base_url* an address that isn't the dialect's
    own; *base* the variable of one.
    """

    dialect: str
    key: str = ""
    base_url: str = ""
    base: str = ""


def _compatible(name: str, address: str) -> Place:
    return Place("openai", f"{name}_API_KEY", address)


# Those that speak OpenAI's dialect at a place of their own.
_RELATIVES: Final = {
    "nvidia_nim": _compatible("NVIDIA_NIM", "https://integrate.api.nvidia.com/v1"),
    "deepinfra": _compatible("DEEPINFRA", "https://api.deepinfra.com/v1/openai"),
    "sambanova": _compatible("SAMBANOVA", "https://api.sambanova.ai/v1"),
    "moonshot": _compatible("MOONSHOT", "https://api.moonshot.ai/v1"),
    "dashscope": _compatible("DASHSCOPE", "https://dashscope-intl.aliyuncs.com/compatible-mode/v1"),
    "novita": _compatible("NOVITA", "https://api.novita.ai/v3/openai"),
    "hyperbolic": _compatible("HYPERBOLIC", "https://api.hyperbolic.xyz/v1"),
    "nebius": _compatible("NEBIUS", "https://api.studio.nebius.ai/v1"),
    "volcengine": _compatible("VOLCENGINE", "https://ark.cn-beijing.volces.com/api/v3"),
    "meta_llama": _compatible("LLAMA", "https://api.llama.com/compat/v1"),
}
_COMMON: Final = {
    "openai": Place("openai", "OPENAI_API_KEY", base="OPENAI_API_BASE"),
    "anthropic": Place("anthropic", "ANTHROPIC_API_KEY"),
    "bedrock": Place("bedrock", "AWS_BEARER_TOKEN_BEDROCK"),
    "cerebras": Place("cerebras", "CEREBRAS_API_KEY"),
    "cohere": Place("cohere", "COHERE_API_KEY"),
    "deepseek": Place("deepseek", "DEEPSEEK_API_KEY"),
    "groq": Place("groq", "GROQ_API_KEY"),
    "huggingface": Place("huggingface", "HUGGINGFACE_API_KEY"),
    "minimax": Place("minimax", "MINIMAX_API_KEY"),
    "openrouter": Place("openrouter", "OPENROUTER_API_KEY"),
    "ollama": Place("ollama"),
}
LITELLM: Final[Mapping[str, Place]] = {
    **_RELATIVES,
    **_COMMON,
    "text-completion-openai": _COMMON["openai"],
    "custom_openai": _COMMON["openai"],
    "openai_like": Place("openai", "OPENAI_LIKE_API_KEY"),
    "litellm_proxy": Place("openai", "LITELLM_PROXY_API_KEY", base="LITELLM_PROXY_API_BASE"),
    "azure": Place("azure", "AZURE_API_KEY", base="AZURE_API_BASE"),
    "azure_text": Place("azure", "AZURE_API_KEY", base="AZURE_API_BASE"),
    "azure_ai": Place("openai", "AZURE_AI_API_KEY", base="AZURE_AI_API_BASE"),
    "bedrock_converse": _COMMON["bedrock"],
    "codestral": Place("codestral", "CODESTRAL_API_KEY"),
    "text-completion-codestral": Place("codestral", "CODESTRAL_API_KEY"),
    "cohere_chat": _COMMON["cohere"],
    "fireworks_ai": Place("fireworks", "FIREWORKS_API_KEY"),
    "gemini": Place("google", "GEMINI_API_KEY"),
    "mistral": Place("mistral", "MISTRAL_API_KEY"),
    "ollama_chat": _COMMON["ollama"],
    "perplexity": Place("perplexity", "PERPLEXITYAI_API_KEY"),
    "together_ai": Place("together", "TOGETHERAI_API_KEY"),
    "xai": Place("xai", "XAI_API_KEY"),
    "hosted_vllm": Place("vllm", "HOSTED_VLLM_API_KEY", base="HOSTED_VLLM_API_BASE"),
    "vllm": Place("vllm"),
    "lm_studio": Place("lmstudio", "LM_STUDIO_API_KEY", base="LM_STUDIO_API_BASE"),
    "llamafile": Place("llama.cpp", base="LLAMAFILE_API_BASE"),
}
PORTKEY: Final[Mapping[str, Place]] = {
    **{name.replace("_", "-"): place for name, place in _RELATIVES.items()},
    **_COMMON,
    "azure-openai": Place("azure", "AZURE_OPENAI_API_KEY", base="AZURE_OPENAI_ENDPOINT"),
    "fireworks-ai": Place("fireworks", "FIREWORKS_API_KEY"),
    "google": Place("google", "GEMINI_API_KEY"),
    "mistral-ai": Place("mistral", "MISTRAL_API_KEY"),
    "perplexity-ai": Place("perplexity", "PERPLEXITY_API_KEY"),
    "together-ai": Place("together", "TOGETHER_API_KEY"),
    "x-ai": Place("xai", "XAI_API_KEY"),
}
# Models that LiteLLM knows without a provider, as far as their names say whose they are.
_BARE: Final = (
    (re.compile(r"(?:ft:)?(?:gpt-|chatgpt-|o[1-9](?:-|$)|text-embedding-|davinci|babbage|codex-)"), "openai"),
    (re.compile(r"claude-"), "anthropic"),
    (re.compile(r"command-"), "cohere"),
    (re.compile(r"mistral-|ministral-|magistral-"), "mistral"),
    (re.compile(r"deepseek-"), "deepseek"),
    (re.compile(r"grok-"), "xai"),
)


def owner(model: str) -> str | None:
    """Whose *model* most likely is, by its name alone."""
    return next((prefix for pattern, prefix in _BARE if pattern.match(model)), None)
