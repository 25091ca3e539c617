"""Dialects that have to be translated: what each costs beside nginx, and beside OpenAI's own, which passes through.

nginx relays the very same bytes: its client asks for them at the path that the dialect has at the provider.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final, NamedTuple

from bench.prompts import BURST, DENSE, check
from bench.report import Row, paired
from bench.scenarios import Figures, Scenario, burst, dense
from bench.subject import Lab, Subject
from bench.targets import TARGETS, Provider, Site, Start, switchyard

OPENAI: Final = "openai burst"


class Tongue(NamedTuple):
    """*path* is that of a stream at the provider, *mark* stands near its end; *base* and *flags*: see Provider."""

    dialect: str
    path: str
    mark: str
    base: str = ""
    flags: str = ""


TONGUES: Final = {
    "anthropic": Tongue("anthropic", "/v1/messages", "message_stop"),
    "google": Tongue("google", "/v1beta/models/mock-model:streamGenerateContent?alt=sse", "finishReason"),
    "ollama": Tongue("ollama", "/api/chat", '"done":true'),
    "cohere": Tongue("cohere", "/v2/chat", "message-end"),
    "bedrock": Tongue("bedrock", "/model/mock-model/converse-stream", "outputTokens"),
    "responses": Tongue("openai", "/v1/responses", "response.completed", "/v1", "endpoints: [responses]"),
}


def sides(names: Sequence[str]) -> Mapping[str, Callable[[Site], Start]]:
    """The targets, of which Switchyard has a provider for each of the dialects."""
    providers = [Provider(name, TONGUES[name].dialect, TONGUES[name].base, TONGUES[name].flags) for name in names]
    return {**TARGETS, "switchyard": lambda site: switchyard(site, *providers)}


def scenarios(names: Sequence[str]) -> dict[str, Scenario]:
    """Those of one dialect follow each other. nginx has a part in those that are alone."""
    found: dict[str, Scenario] = {OPENAI: burst}
    for name in names:
        found[f"{name} alone"] = partial(_alone, name)
        found[f"{name} burst"] = partial(burst, prompt=BURST._replace(model=name))
    return found


def takes_part(target: str, scenario: str) -> bool:
    return target != "nginx" or scenario.endswith(" alone")


def rows(names: Sequence[str]) -> list[Row]:
    alone = [Row(f"{name}: chunk alone, CPU µs", f"{name} alone", "cpu_us", paired, 2.0, 1.6) for name in names]
    than = ("switchyard", OPENAI)
    bursts = [
        Row(f"{name}: chunk in a burst, CPU µs", f"{name} burst", "cpu_us", paired, 4.0, 3.0, than=than)
        for name in names
    ]
    return [*alone, *bursts]


def _alone(name: str, lab: Lab, subject: Subject) -> Figures:
    """200 streams with a chunk every 10 ms each: chunks that come alone."""
    if subject.name == "nginx":
        return dense(lab, subject, DENSE._replace(path=TONGUES[name].path, mark=TONGUES[name].mark))
    check(subject.port, name)
    return dense(lab, subject, DENSE._replace(model=name))
