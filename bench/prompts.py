"""What the clients of a benchmark ask for, and whether they got it.

What the provider shall answer stands in the prompt (`[[mock size=1000]]`), so it survives any gateway.
"""

import http.client
import json
from typing import NamedTuple

from bench.targets import HEADERS, PATH

WORDS = "The quick brown fox jumps over the lazy dog and runs away. " * 30
TURN = 1500


class Prompt(NamedTuple):
    """*wish* is what the provider reads; *size* about how many bytes the request has.

    *path* is where it goes, *mark* what stands near the end of a stream that is whole.
    """

    wish: str
    stream: bool = False
    size: int = 300
    model: str = "bench"
    path: str = PATH
    mark: str = "[DONE]"

    def body(self) -> bytes:
        messages = [{"role": "system", "content": "You are a helpful assistant."}]
        left = self.size - 200
        while left > TURN + 100:
            messages.append({"role": "user" if len(messages) % 2 else "assistant", "content": WORDS[:TURN]})
            left -= TURN + 40
        messages.append({"role": "user", "content": f"[[mock {self.wish}]] {WORDS[: max(20, left)]}"})
        asked: dict[str, object] = {"model": self.model, "messages": messages, "temperature": 0.7, "max_tokens": 256}
        if self.stream:
            asked |= {"stream": True, "stream_options": {"include_usage": True}}
        return json.dumps(asked, separators=(",", ":")).encode()


SMALL = Prompt("size=1000")
LARGE = Prompt("size=20000", size=30_000)
BURST = Prompt("n=100", stream=True)
PACED = Prompt("n=60 pace=20000", stream=True)
DENSE = Prompt("n=250 pace=10000", stream=True)
SLOW = Prompt("n=8 pace=1000000", stream=True)


def ask(port: int, prompt: Prompt) -> tuple[int, str]:
    """One call on a connection of its own: the status and the text of the answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request("POST", prompt.path, prompt.body(), HEADERS)
        answer = connection.getresponse()
        return answer.status, answer.read().decode(errors="replace")
    finally:
        connection.close()


def check(port: int, model: str = "bench") -> None:
    """Raise ValueError unless the target really hands on what the provider says."""
    for prompt, length in ((SMALL, 580), (LARGE, 19_580)):
        status, text = ask(port, prompt._replace(model=model))
        if status != 200 or len(json.loads(text)["choices"][0]["message"]["content"]) != length:
            raise ValueError(f"{prompt.wish} was answered with {status}: {text[:300]}")
    status, text = ask(port, Prompt("n=7", stream=True, model=model))
    if status != 200 or said(text) != " token" * 7:
        raise ValueError(f"a stream was answered with {status}: {text[-300:]}")


def said(stream: str) -> str:
    """The text in a stream's events."""
    events = [line[6:] for line in stream.splitlines() if line.startswith("data: {")]
    choices = [choice for event in events for choice in json.loads(event).get("choices", [])]
    return "".join((choice.get("delta") or {}).get("content") or "" for choice in choices)
