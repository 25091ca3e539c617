"""What providers speak. One file for each dialect, one value for each accent of OpenAI's, one line here for each."""

from adapters import family
from adapters.demo import DEMO
from adapters.dialect import Dialect, spoken

ADAPTERS: dict[str, Dialect] = {
    "openai": spoken(family.OPENAI),
    "azure": spoken(family.AZURE),
    "cerebras": spoken(family.CEREBRAS),
    "codestral": spoken(family.CODESTRAL),
    "deepseek": spoken(family.DEEPSEEK),
    "demo": spoken(DEMO),
    "fireworks": spoken(family.FIREWORKS),
    "groq": spoken(family.GROQ),
    "huggingface": spoken(family.HUGGINGFACE),
    "llama.cpp": spoken(family.LLAMA_CPP),
    "lmstudio": spoken(family.LM_STUDIO),
    "minimax": spoken(family.MINIMAX),
    "mistral": spoken(family.MISTRAL),
    "openrouter": spoken(family.OPENROUTER),
    "perplexity": spoken(family.PERPLEXITY),
    "portkey": spoken(family.PORTKEY),
    "sglang": spoken(family.SGLANG),
    "tgi": spoken(family.TGI),
    "together": spoken(family.TOGETHER),
    "vllm": spoken(family.VLLM),
    "xai": spoken(family.XAI),
}
