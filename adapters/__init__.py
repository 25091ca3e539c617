"""What providers speak. One file for each dialect, one value for each accent of OpenAI's, one line here for each."""

from adapters import family
from adapters.anthropic import ANTHROPIC
from adapters.bedrock import BEDROCK
from adapters.cohere import COHERE
from adapters.demo import DEMO
from adapters.dialect import Dialect, spoken
from adapters.gemini import GEMINI
from adapters.ollama import OLLAMA

ADAPTERS: dict[str, Dialect] = {
    "openai": spoken(family.OPENAI),
    "anthropic": ANTHROPIC,
    "azure": spoken(family.AZURE),
    "bedrock": BEDROCK,
    "cerebras": spoken(family.CEREBRAS),
    "cohere": COHERE,
    "codestral": spoken(family.CODESTRAL),
    "deepseek": spoken(family.DEEPSEEK),
    "demo": spoken(DEMO),
    "fireworks": spoken(family.FIREWORKS),
    "gemini": GEMINI,
    "google": GEMINI,
    "groq": spoken(family.GROQ),
    "huggingface": spoken(family.HUGGINGFACE),
    "llama.cpp": spoken(family.LLAMA_CPP),
    "lmstudio": spoken(family.LM_STUDIO),
    "minimax": spoken(family.MINIMAX),
    "mistral": spoken(family.MISTRAL),
    "ollama": OLLAMA,
    "openrouter": spoken(family.OPENROUTER),
    "perplexity": spoken(family.PERPLEXITY),
    "portkey": spoken(family.PORTKEY),
    "sglang": spoken(family.SGLANG),
    "tgi": spoken(family.TGI),
    "together": spoken(family.TOGETHER),
    "vllm": spoken(family.VLLM),
    "xai": spoken(family.XAI),
}
