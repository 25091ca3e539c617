"""What stands where names do is shown as well, and may be a secret all the same."""

import pytest

ENV = {
    "ALICE_KEY": "sk-alice-LEAKENV",
    "OPENAI_API_KEY": "LEAKENV-2",
    "MYPW": "LEAKPW",
    "SHORT": "LEAK",
    "STRATEGY": "LEAK-fast",
    "EMPTY": "",
}
NAMES = {
    "a space is missing": (
        "providers: {openai: {api_key:sk-proj-LEAKME1}}",
        "providers.openai.api_key:...: unknown key api_key:...; write `api_key: ...`, with a space",
    ),
    "an equals sign": (
        """providers: {openai: {api_key="LEAKME"}}""",
        "providers.openai.api_key:...: unknown key api_key:...; write `api_key: ...`, with a space",
    ),
    "no setting": ("log: {lorem:LEAKME}", "log.lorem:...: unknown key lorem:...; known are content, format, level"),
    "at the top": ("admin_key:LEAKME: 1", "admin_key:...: unknown key admin_key:..."),
    "a name": ("keys: {sk-LEAKME-1: {models: [a]}}", "keys.sk....key: is missing"),
    "a name of Google's": ("keys: {AIzaSyA123456789012345678LEAK: {}}", "keys.AIza....key: is missing"),
    "of the environment": ('keys: {"${ALICE_KEY}": {models: [a]}}', "keys.${ALICE_KEY}.key: is missing"),
    "and short": ('keys: {"${SHORT}": {models: [a]}}', "keys.${SHORT}.key: is missing"),
    "in part": ('keys: {"a-${MYPW}": {models: [a]}}', "keys.a-${MYPW}.key: is missing"),
    "a default": ('keys: {"${EMPTY:-alice}": {models: [a]}}', "keys.alice.key: is missing"),
    "unknown": (
        'log: {"${OPENAI_API_KEY}": 1}',
        "log.${OPENAI_API_KEY}: unknown key ${OPENAI_API_KEY}; known are content, format, level",
    ),
    "the same twice": (
        'log: {LEAKPW: 1, "${MYPW}": 1}',
        "log.${MYPW}: is the same key as the one on line 1",
    ),
    "a value": ('log: {format: "${MYPW}"}', "log.format: expected a format (json, text), got the value of MYPW"),
    "a value in part": ('log: {format: "a${MYPW}"}', "got the value of MYPW"),
    "the default of a value": ('log: {format: "${EMPTY:-xml}"}', "got 'xml'"),
    "where a path names it": ('routes: {m: ["${OPENAI_API_KEY}/x"]}', "no provider is called the value of OPENAI_API"),
    "where a sentence does": (
        'providers: {demo: }\ndefaults: {cache: {ttl: 1h, semantic: {route: "${OPENAI_API_KEY}"}}}',
        "no route is called ${OPENAI_API_KEY}",
    ),
    "an owner": (
        'keys: {"${ALICE_KEY}": {key: same}, bob: {key: same}}',
        "keys.bob: is the same key as that of ",
    ),
    "a model with a tag": ("models: {ollama/llama3:8b: {lorem: 1}}", "models.ollama/llama3:8b.lorem: unknown key"),
}


@pytest.mark.parametrize(("text", "told"), NAMES.values(), ids=NAMES.keys())
def test_a_name_is_shown_no_further_than_it_is_one(problems, text, told):
    found = problems(text, ENV)

    assert any(told in problem for problem in found)
    assert not any("LEAK" in problem for problem in found)
