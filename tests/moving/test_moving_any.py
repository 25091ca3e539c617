"""Whatever stands in another's file: never a traceback, and never a file of ours that the check refuses."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from config.load import load
from config.problems import ConfigErrors
from gateway.generation import DIALECTS
from moving import litellm, portkey
from moving.findings import report
from moving.knobs import STRATEGIES as THEIRS
from moving.places import LITELLM, PORTKEY
from routing.strategies import STRATEGIES, strategy_named
from tests.moving.conftest import value

NAMES = some.sampled_from(
    ["a", "b", "*", "x/*", "a b", "", "openai/gpt-4o", "$x", "${HOME}", "ü", "on", "null", "7", "a/b/c", "demo/echo"]
)
ODD = some.one_of(
    some.none(), some.booleans(), some.integers(), some.floats(), NAMES,
    some.text(some.characters(codec="ascii"), max_size=8), some.lists(NAMES, max_size=3),
    some.dictionaries(NAMES, NAMES, max_size=3),
    some.sampled_from(["os.environ/NAME", "os.environ/", "1e-6", "30d", "http://u:p@h", "https://example.com/?x", "#"]),
    some.sampled_from(["- a", "'", "a\nb", "{}", ": ", "*a", "&a", "!b", "%", "sk-1", "5", "redis", "slack", "true"]),
)  # fmt: skip


def mapping(keys):
    return some.dictionaries(some.sampled_from(keys.split()), ODD, max_size=6)


MODELS = some.one_of(
    some.builds(lambda prefix, name: f"{prefix}/{name}", some.sampled_from([*LITELLM, "vertex_ai", ""]), NAMES),
    some.sampled_from(
        ["gpt-4o", "claude-x", "zephyr", "bedrock/converse/eu-west-1/m", "azure_ai/claude-1", "auto_router/x"]
    ),
    ODD,
)
PARAMS = some.builds(
    lambda model, more: {"model": model, **more},
    MODELS,
    mapping(
        "api_key api_base api_version organization aws_region_name aws_access_key_id "
        "aws_secret_access_key weight rpm tpm order timeout stream_timeout num_retries max_budget "
        "budget_duration max_parallel_requests extra_headers custom_llm_provider input_cost_per_token "
        "output_cost_per_token temperature litellm_credential_name"
    ),
)  # fmt: skip
ITEM = some.one_of(some.builds(lambda name, params: {"model_name": name, "litellm_params": params}, NAMES, PARAMS), ODD)
LINKS = some.lists(some.dictionaries(NAMES, some.lists(NAMES, max_size=3), max_size=2), max_size=3)
ROUTER = some.builds(
    lambda strategy, links, window, alias, more: {
        "routing_strategy": strategy, "fallbacks": links, "context_window_fallbacks": window,
        "model_group_alias": alias, **more,
    },
    some.sampled_from([*THEIRS, "other"]), LINKS, LINKS, some.dictionaries(NAMES, NAMES, max_size=3),
    mapping(
        "redis_host redis_port redis_password redis_url num_retries timeout cooldown_time allowed_fails "
        "disable_cooldowns enable_pre_call_checks provider_budget_config retry_after stream_timeout "
        "default_max_parallel_requests"
    ),
)  # fmt: skip
SETTINGS = mapping(
    "drop_params cache cache_params callbacks num_retries request_timeout max_budget ssl_verify "
    "budget_duration tag_budget_config default_fallbacks set_verbose fallbacks json_logs"
)
GENERAL = mapping(
    "master_key database_url alerting max_parallel_requests global_max_parallel_requests max_budget "
    "background_health_checks health_check_interval coordination_redis "
    "maximum_spend_logs_retention_period"
)
WHOLE = some.fixed_dictionaries(
    {"model_list": some.lists(ITEM, max_size=5)},
    optional={
        "router_settings": ROUTER,
        "litellm_settings": SETTINGS,
        "general_settings": GENERAL,
        "credential_list": some.lists(mapping("credential_name credential_values"), max_size=2),
        "environment_variables": some.dictionaries(NAMES, ODD, max_size=2),
        "other": ODD,
    },
)
LEAF = some.builds(
    lambda provider, more: {"provider": provider, **more},
    some.sampled_from([*PORTKEY, "@openai-x/y", "nobody", ""]),
    mapping(
        "api_key virtual_key custom_host override_params weight retry request_timeout name resource_name "
        "deployment_id aws_access_key_id aws_secret_access_key cache aws_region"
    ),
)  # fmt: skip
CODES = some.lists(some.sampled_from([400, 401, 429, 500, 503, "x"]), max_size=3)
TREES = some.recursive(
    LEAF,
    lambda inner: some.builds(
        lambda mode, targets, codes, weight: {
            "strategy": {"mode": mode, "on_status_codes": codes}, "targets": targets, "weight": weight,
        },
        some.sampled_from(["fallback", "loadbalance", "single", "conditional", "other"]),
        some.lists(inner, max_size=3), CODES, some.sampled_from([0, 1, 0.5, "x", 10**7]),
    ),
    max_leaves=6,
)  # fmt: skip
MANY = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


def accepted(text, findings):
    """The errors that our own reader finds in what was written, but for what is set to the variable NAME."""
    env = {name: value(name) for name in findings.needed}
    try:
        load(text, env, file="made.yaml", dialects=DIALECTS, strategies=STRATEGIES, named=strategy_named)
    except ConfigErrors as errors:
        lines = text.splitlines()
        return [str(each) for each in errors.problems if "${NAME" not in lines[each.line - 1]]
    return []


@MANY
@given(WHOLE)
def test_any_configuration_of_litellm_becomes_a_good_one(tree):
    try:
        text, findings = litellm.imported(json.dumps(tree), "theirs.yaml", DIALECTS)
    except ConfigErrors:
        return

    assert [] == accepted(text, findings)
    assert all(line.isprintable() for line in report(findings, "theirs.yaml").splitlines())


@MANY
@given(TREES)
def test_any_config_of_portkey_becomes_a_good_one(tree):
    try:
        text, findings = portkey.imported(json.dumps(tree), "theirs.json", DIALECTS)
    except ConfigErrors:
        return

    assert [] == accepted(text, findings)


@pytest.mark.parametrize("imported", [litellm.imported, portkey.imported])
@MANY
@given(some.text(max_size=60))
def test_any_text_is_read_or_refused(imported, text):
    try:
        imported(text, "theirs", DIALECTS)
    except ConfigErrors as errors:
        assert errors.problems
