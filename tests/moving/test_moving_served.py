"""What was written from another gateway's configuration serves calls as that gateway would have."""

import os

import pytest

from gateway.generation import DIALECTS
from moving import litellm, portkey
from tests.whole.conftest import gateway
from tests.whole.provider import Provider, fails, ok

LITELLM = """
model_list:
  - model_name: house
    litellm_params: {model: openai/first, api_base: os.environ/FIRST_BASE, api_key: os.environ/FIRST_KEY, weight: 9}
  - model_name: house
    litellm_params: {model: openai/never, api_base: os.environ/FIRST_BASE, api_key: os.environ/FIRST_KEY, weight: 0}
  - model_name: rescue
    litellm_params: {model: openai/second, api_base: os.environ/SECOND_BASE, api_key: sk-in-clear}
  - model_name: "any/*"
    litellm_params: {model: openai/*, api_base: os.environ/SECOND_BASE, api_key: sk-in-clear}
router_settings:
  num_retries: 0
  fallbacks: [{house: [rescue]}]
  model_group_alias: {gpt-4: house}
litellm_settings: {drop_params: true, request_timeout: 5}
general_settings: {master_key: os.environ/LITELLM_MASTER_KEY}
"""
PORTKEY = """
{"strategy": {"mode": "fallback", "on_status_codes": [503]}, "retry": {"attempts": 0}, "targets": [
  {"provider": "openai", "api_key": "sk-one", "custom_host": "FIRST", "override_params": {"model": "first"}},
  {"provider": "openai", "api_key": "sk-two", "custom_host": "SECOND"}]}
"""


@pytest.fixture
def start(tmp_path, monkeypatch):
    """Gateways of what was written, with their logs and state in tmp_path."""
    monkeypatch.chdir(tmp_path)
    log = os.open(tmp_path / "log", os.O_CREAT | os.O_WRONLY)
    yield lambda text, env: gateway(text, tmp_path, log, env)
    os.close(log)


async def test_litellm_s_groups_fallbacks_aliases_and_patterns_work(start):
    async with Provider(fails(503)) as first, Provider(ok("rescued")) as second:
        text, findings = litellm.imported(LITELLM, "theirs.yaml", DIALECTS)
        env = {"FIRST_BASE": first.url, "SECOND_BASE": second.url, "FIRST_KEY": "sk-first", "OPENAI_API_KEY_2": "sk-2"}
        async with start(text, env) as running:
            answers = [await running.chat(model) for model in ("house", "gpt-4", "any/thing")]

    assert [200, 200, 200] == [answer.status for answer in answers]
    assert {"first"} == {request.body["model"] for request in first.requests[:1]}
    assert {"second", "thing"} == {request.body["model"] for request in second.requests}
    assert "Bearer sk-first" == first.requests[0].headers["authorization"]
    assert "Bearer sk-2" == second.requests[0].headers["authorization"]
    assert {"LITELLM_MASTER_KEY", *env} == set(findings.needed)


async def test_portkey_s_fallback_works_for_any_model(start):
    async with Provider(fails(503)) as first, Provider(ok("rescued")) as second:
        theirs = PORTKEY.replace("FIRST", first.url).replace("SECOND", second.url)
        text, _ = portkey.imported(theirs, "theirs.json", DIALECTS)
        async with start(text, {"OPENAI_API_KEY_2": "sk-one", "OPENAI_API_KEY_3": "sk-two"}) as running:
            answer = await running.chat("whatever-it-is")

    assert 200 == answer.status
    assert ["first"] == [request.body["model"] for request in first.requests]
    assert ["whatever-it-is"] == [request.body["model"] for request in second.requests]


async def test_a_call_that_portkey_would_not_have_repeated_is_not(start):
    async with Provider(fails(500)) as first, Provider(ok()) as second:
        theirs = PORTKEY.replace("FIRST", first.url).replace("SECOND", second.url)
        text, _ = portkey.imported(theirs, "theirs.json", DIALECTS)
        async with start(text, {"OPENAI_API_KEY_2": "sk-one", "OPENAI_API_KEY_3": "sk-two"}) as running:
            answer = await running.chat("whatever-it-is")

    assert 502 == answer.status
    assert [] == second.requests
