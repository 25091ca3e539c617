"""The OpenAI family: who speaks its dialect, and with which accent."""

from adapters.family.deepseek import DEEPSEEK
from adapters.family.hosted import AZURE, HUGGINGFACE, OPENAI, PORTKEY, TOGETHER
from adapters.family.local import LLAMA_CPP, LM_STUDIO, SGLANG, TGI, VLLM
from adapters.family.minimax import MINIMAX
from adapters.family.mistral import CODESTRAL, MISTRAL
from adapters.family.openrouter import OPENROUTER
from adapters.family.perplexity import PERPLEXITY
from adapters.family.strict import CEREBRAS, FIREWORKS, GROQ
from adapters.family.xai import XAI

__all__ = [
    "AZURE",
    "CEREBRAS",
    "CODESTRAL",
    "DEEPSEEK",
    "FIREWORKS",
    "GROQ",
    "HUGGINGFACE",
    "LLAMA_CPP",
    "LM_STUDIO",
    "MINIMAX",
    "MISTRAL",
    "OPENAI",
    "OPENROUTER",
    "PERPLEXITY",
    "PORTKEY",
    "SGLANG",
    "TGI",
    "TOGETHER",
    "VLLM",
    "XAI",
]
