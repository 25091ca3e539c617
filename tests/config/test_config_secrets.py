"""What is secret is shown nowhere, whatever is wrong around it."""

import pytest

from config.problems import ConfigErrors
from config.report import problems_text, summary

PLANTED = "sk-PLANTED"
ENV = {"OPENAI_API_KEY": PLANTED, "ALICE_KEY": f"{PLANTED}-alice", "SOME_TOKEN": PLANTED, "DB_URL": PLANTED}

WRONG = [
    *("server", "providers", "routes", "keys", "admin", "models", "log", "defaults"),
    *("server.port", "server.metrics_key.x", "server.cors", "admin.key.x", "state.url", "teams", "log.level"),
    *(
        "defaults.strategy",
        "defaults.retry",
        "defaults.timeouts.idle",
        "routes.a",
        "routes.a.chain",
        "routes.a.strategy",
    ),
    *("providers.openai", "providers.openai.base_url", "providers.openai.local", "providers.openai.limits"),
    *("providers.openai.dialect", "providers.openai.headers", "providers.openai.apikey", "keys.alice"),
    *("service", "service.budget", "service.budget.usd", "service.budget.zone", "service.limits.requests", "tags.a"),
    *("state.fsync", "state.when_down", "ledger", "ledger.url", "ledger.keep", "alerts", "alerts.webhook", "alerts.at"),
    *("teams.a.models.x", "teams.a.max_cost", "keys.alice.budget", "keys.alice.budget.when_spent", "keys.alice.tags"),
    *("keys.alice.per_model", "keys.alice.per_model.a", "keys.alice.holds", "keys.alice.limits.concurrent"),
    *("keys.alice.expires", "keys.alice.models.x", "keys.alice.team", "models.a", "models.openai/a.price"),
]


@pytest.mark.parametrize("variable", ["OPENAI_API_KEY", "SOME_TOKEN", "DB_URL"])
@pytest.mark.parametrize("path", WRONG)
def test_a_secret_in_the_wrong_place_is_not_shown(read, path, variable):
    parts = path.split(".")
    text = "".join(f"{'  ' * depth}'{part}':\n" for depth, part in enumerate(parts)).rstrip("\n")

    with pytest.raises(ConfigErrors) as caught:
        read(f'{text} "${{{variable}}}"', ENV)

    assert PLANTED not in problems_text(caught.value) + repr(caught.value) + str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "admin: sk-PLANTED",
        "admin: {key: 'sk-PLANTED two'}",
        "keys: {alice: sk-PLANTED}",
        "keys: {alice: {key: 'sk-PLANTED\u00e9'}}",
        "keys: {a: {key: sk-PLANTED}, b: {key: sk-PLANTED}}",
        "keys: {a: {key: sk-PLANTED}}\nadmin: {key: sk-PLANTED}",
        "providers: {openai: sk-PLANTED}",
        "providers: {openai: {api_key: [{a: sk-PLANTED}]}}",
        "providers: {openai: {api_key: ['sk-PLANTED\\n', \"sk-PLANTED\\n\"]}}",
        "providers: {openai: {apikey: sk-PLANTED}}",
        "providers: {openai: {base_url: 'https://me:sk-PLANTED@a.test'}}",
        'providers: {openai: {headers: {authorization: "Bearer sk-PLANTED\\n"}}}',
        "server: {metrics_key: [sk-PLANTED]}",
        "state: {url: 'http://:sk-PLANTED@a'}",
        "ledger: {url: 'postgresql://me:sk-PLANTED/@a'}",
        "ledger: 'postgresql://me:sk-PLANTED@a'",
        "alerts: {webhook: 'hooks.test/sk-PLANTED'}",
        "alerts: {secret: 'sk-PLANTED two'}",
        "admin: {key: *sk-PLANTED}",
        "admin: {key: !sk-PLANTED x}",
        "admin: {key: !a!sk-PLANTED x}",
        "admin: {key: 'sk-PLANTED",
    ],
)
def test_a_secret_that_is_wrong_itself_is_not_shown(read, text):
    with pytest.raises(ConfigErrors) as caught:
        read(text)

    assert PLANTED not in problems_text(caught.value) + repr(caught.value)


def test_a_good_configuration_shows_no_secret(read):
    config = read(
        """
server: {metrics_key: "${SOME_TOKEN}"}
admin: {key: "${DB_URL}"}
state: {url: "redis://:${DB_URL}@a"}
ledger: {url: "postgresql://me:${DB_URL}@a/b?password=${DB_URL}"}
alerts: {webhook: "https://a.test/${DB_URL}", secret: "${DB_URL}"}
providers:
  openai: {api_key: ["${OPENAI_API_KEY}", sk-PLANTED-2], headers: {authorization: "Bearer ${SOME_TOKEN}"}}
routes: {a: openai/a}
keys: {alice: {key: "${ALICE_KEY}", models: [none]}}
""",
        ENV,
    )

    assert PLANTED not in repr(config) + str(config) + summary(config, file="c.yaml", pages={})


def test_a_secret_among_the_models_is_not_shown_by_the_warning(read):
    config = read('keys: {alice: {key: k, models: ["${SOME_TOKEN}"]}}', ENV)

    assert "keys.alice.models[0]: the value of SOME_TOKEN is no route" in config.warnings[0]
    assert PLANTED not in "".join(config.warnings)
