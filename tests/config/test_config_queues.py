"""How many calls a target takes at a time, and where the others wait, as it is written."""

import pytest

from config.schema import Queue
from core.target import ADAPTIVE, GRADIENT, OFF, Concurrency
from gateway.generation import concurrency

KNOWN = "adaptive, gradient, off, or a number of calls from 1 to 999999"


@pytest.mark.parametrize(
    ("written", "read_as"),
    [
        ("", ADAPTIVE),
        ("local: true, base_url: 'http://x/v1'", GRADIENT),
        ("local: true, base_url: 'http://x/v1', concurrency: adaptive", ADAPTIVE),
        ("concurrency: gradient", GRADIENT),
        ("concurrency: off", OFF),
        ("concurrency: no", OFF),
        ("concurrency: 1", Concurrency(1)),
        ("concurrency: 999999", Concurrency(999999)),
    ],
)
def test_a_provider_says_how_many_calls_its_models_take(read, written, read_as):
    config = read(f"providers: {{openai: {{api_key: k, {written}}}}}")

    assert read_as == config.providers["openai"].concurrency == concurrency(config, "openai/gpt-4o")


@pytest.mark.parametrize("written", ["0", "-1", "1.5", "1000000", "sometimes", "''", "true"])
def test_what_is_no_number_of_calls_is_refused(problems, written):
    found = problems(f"providers: {{openai: {{api_key: k, concurrency: {written}}}}}")

    assert f"c.yaml:1: providers.openai.concurrency: expected {KNOWN}" in found[0]


def test_a_model_may_differ_from_its_provider(read):
    config = read(
        """
providers: {openai: {api_key: k, concurrency: 5}}
models: {openai/a: {concurrency: 7}, openai/b: {context: 9}}
"""
    )

    names = ("openai/a", "openai/b", "openai/c", "gone/d")
    assert [Concurrency(7), Concurrency(5), Concurrency(5), ADAPTIVE] == [concurrency(config, each) for each in names]


def test_a_route_says_what_differs_from_the_defaults_of_queues(read):
    config = read(
        """
providers: {demo: {}}
defaults: {queue: {most: 7}}
routes:
  plain: demo/a
  quick: {chain: demo/a, queue: {wait: 0s}}
"""
    )

    assert (Queue(most=7, wait=10.0), Queue(most=7, wait=0.0)) == tuple(config.routes[it].queue for it in config.routes)


@pytest.mark.parametrize("written", ["{most: 0}", "{most: 10001}", "{wait: -1s}", "{wait: 2h}", "{length: 3}"])
def test_what_a_queue_cannot_be(problems, written):
    assert problems(f"providers: {{demo: {{}}}}\ndefaults: {{queue: {written}}}")


def test_a_priority_that_does_not_exist_is_refused(problems):
    found = problems("providers: {demo: {}}\nkeys: {alice: {key: k, priority: urgent}}")

    assert ["c.yaml:2: keys.alice.priority: expected a priority (high, low, normal), got 'urgent'"] == found
