"""Among which targets `auto` chooses where providers are asked at their own addresses."""

import time
from dataclasses import replace
from timeit import timeit

import pytest

from catalog.abilities import able
from catalog.lookup import NOTHING_KNOWN, Catalog
from config.load import load
from core.call import Call
from core.errors import Refusal
from gateway.auto import AUTO, Auto
from gateway.generation import DIALECTS
from gateway.watch.sightings import Sightings
from quota.keys import ANYONE, Keyring
from routing.match import Routes
from routing.outlook import Outlook
from routing.strategies import STRATEGIES

CALL = Call("chat", AUTO, {})
MANY = (
    "providers: {"
    + ", ".join(
        f"{name}: {{api_key: k}}"
        for name in ("openai", "anthropic", "google", "mistral", "deepseek", "together", "openrouter", "groq", "xai")
    )
    + "}"
)


def auto(text: str) -> Auto:
    config = load(text, {}, file="c.yaml", dialects=DIALECTS, strategies=STRATEGIES)
    catalog = Catalog(config.models)

    def model(target):
        return catalog.facts(target.provider, config.providers[target.provider].dialect, target.model) or NOTHING_KNOWN

    return Auto(
        config,
        Routes(config),
        Sightings(),
        model=model,
        can=Outlook(capabilities=lambda target: able(target.model, model(target).abilities)).capabilities,
        fits=lambda _target, _call: None,
        allows=Keyring(()).allows,
    )


def targets(chosen: Auto, key=ANYONE, **facts) -> list[str]:
    return [target.id for target in chosen.route(CALL._replace(**facts), key).stages[0].targets]


def test_what_a_provider_offers_today_is_there_at_its_own_address_only():
    text = "providers: {openai: {api_key: k}, mistral: {api_key: k, base_url: 'http://127.0.0.1:9/v1'}, ollama: {}}"

    names = targets(auto(text))

    assert "openai/gpt-6-luna" in names
    assert not [name for name in names if not name.startswith("openai/")]
    assert {"openai/gpt-4", "openai/gpt-4o", "openai/text-embedding-3-small", "openai/gpt-audio-1.5"}.isdisjoint(names)


def test_a_kind_of_call_is_sifted_once():
    chosen = auto(MANY)
    first = chosen.sifted(CALL, ANYONE)

    assert first is chosen.sifted(CALL._replace(size=9), ANYONE)
    assert first is not chosen.sifted(CALL._replace(needs=frozenset({"vision"})), ANYONE)
    assert len(first.outputs) > 90
    assert timeit(lambda: chosen.route(CALL, ANYONE), timer=time.process_time, number=1000) < 0.05


def test_a_key_chooses_among_what_it_may_ask_for():
    chosen = auto(MANY + "\nroutes: {smart: [openai/gpt-4o, mistral/mistral-large-4], 'gpt-*': 'openai/gpt-*'}")

    def of(*models):
        return targets(chosen, replace(ANYONE, models=models))

    assert ["openai/gpt-4o", "mistral/mistral-large-4"] == of("auto", "smart")
    assert {name.partition("/")[0] for name in of("auto", "xai/*")} == {"xai"}
    assert "openai/gpt-6-luna" in of("auto", "gpt-6*")
    assert len(of("auto")) == len(targets(chosen))
    with pytest.raises(Refusal) as caught:
        of("auto", "nothing")
    assert 503 == caught.value.status
