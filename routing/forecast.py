"""What a call will probably take: tokens of its answer, and how much of its prompt a provider still has cached."""

from collections import OrderedDict
from typing import Final

from core.call import Call
from core.usage import Usage
from routing.sticky import session

USUAL: Final = 300  # tokens of an answer of which nothing is known
BYTES_PER_TOKEN: Final = 4
HEAVY: Final = frozenset({"vision", "files", "audio"})  # whose bytes are no text
MOST_HEAVY: Final = 10_000  # tokens of a prompt that holds such
_NEWEST: Final = 0.1
_MOST_NAMES: Final = 1_000
_MOST_SESSIONS: Final = 10_000
_ANSWERLESS: Final = frozenset({"embeddings"})


class Forecast:
    """Learns from finished calls. One for each process."""

    __slots__ = ("_outputs", "_sessions")

    def __init__(self) -> None:
        self._outputs: dict[str, float] = {}  # of one choice, by the name that was asked for
        self._sessions: OrderedDict[str, dict[str, float]] = OrderedDict()  # cached shares, by target

    def learn(self, call: Call, target_id: str, usage: Usage) -> None:
        """*call* was answered by the target, and took *usage*."""
        name, output = call.model, usage.output / call.choices
        average = self._outputs.get(name)
        if average is None:
            if len(self._outputs) >= _MOST_NAMES:
                self._outputs.clear()
            self._outputs[name] = output
        else:
            self._outputs[name] = average + _NEWEST * (output - average)
        if usage.cache_read or usage.cache_write:
            self._remember(call, target_id, usage)

    def output(self, call: Call) -> int:
        """Tokens of the answer."""
        if call.endpoint in _ANSWERLESS:
            return 0
        likely = int(self._outputs.get(call.model, USUAL))
        most = call.max_output
        return (likely if most is None or likely < most else most) * call.choices

    @staticmethod
    def input(call: Call) -> int:
        """Tokens of the prompt."""
        tokens = call.size // BYTES_PER_TOKEN
        return min(tokens, MOST_HEAVY) if call.needs and call.needs & HEAVY else tokens

    def cached(self, call: Call) -> dict[str, float] | None:
        """Shares of the prompt (0 to 1) that are likely to be cached, by target; None where no target has any."""
        return self._sessions.get(session(call)) if self._sessions else None

    def _remember(self, call: Call, target_id: str, usage: Usage) -> None:
        name = session(call)
        if not name:
            return
        shares = self._sessions.setdefault(name, {})
        self._sessions.move_to_end(name)
        # What was written to a cache will be read the next time.
        cached = usage.cache_read + usage.cache_write + usage.cache_write_long
        shares[target_id] = cached / max(usage.prompt, 1)
        if len(self._sessions) > _MOST_SESSIONS:
            self._sessions.popitem(last=False)
