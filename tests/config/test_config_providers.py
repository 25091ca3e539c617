"""Providers and what opens them."""

import pytest

from core.secret import Secret

SETTINGS = (
    "api_key, base_url, budget, concurrency, dialect, discover, headers, limits, local, organization, probe, project, "
    "verify_tls"
)
OFTEN = "true, false, or a duration such as {}, from 1s to {}"
ADDRESS = "an address such as https://api.example.com/v1: no credentials, no query, no fragment"


def test_a_provider_is_filled_with_what_its_dialect_says(read):
    provider = read("providers: {openai: {api_key: k, organization: o}}").providers["openai"]

    assert ("openai", "https://api.openai.test/v1", {"organization": "o"}, (Secret("k"),), True, False) == (
        provider.dialect,
        provider.base_url,
        provider.options,
        provider.keys,
        provider.verify_tls,
        provider.local,
    )


def test_everything_about_a_provider_can_be_said(read):
    provider = read("""
providers:
  lab:
    dialect: openai
    base_url: "http://10.0.0.7:8000/v1/"
    local: true
    headers: {x-team: research, x-none: "${NONE:-}"}
    verify_tls: false
""").providers["lab"]

    assert ("http://10.0.0.7:8000/v1", True, False, {"x-team": "research"}, False, True) == (
        provider.base_url,
        provider.local,
        provider.needs_key,
        provider.headers,
        provider.verify_tls,
        provider.configured,
    )


def test_a_list_of_keys_is_a_pool_without_those_that_are_not_set(read):
    config = read('providers: {openai: {api_key: [a, "${B:-}", "${C:-}", "${C:-}"]}}', {"C": "c"})

    assert (Secret("a"), Secret("c"), Secret("c")) == config.providers["openai"].keys
    assert {"openai": "B, C"} == config.key_sources


def test_an_option_that_says_nothing_keeps_its_default(read):
    text = 'providers: {azure: {api_key: k, base_url: "https://a.test", api_version: "${V:-}"}}'

    assert {"api_version": "v1"} == read(text).providers["azure"].options


def test_an_address_may_depend_on_an_option(read):
    config = read("providers: {bedrock: {api_key: k, region: eu-west-1}}")

    assert "https://bedrock.eu-west-1.test" == config.providers["bedrock"].base_url


@pytest.mark.parametrize("region", ["", ", region: eu-west-1"])
def test_unless_the_operator_says_the_address(read, region):
    config = read(f'providers: {{bedrock: {{api_key: k, base_url: "http://10.0.0.1:4566"{region}}}}}')

    assert "http://10.0.0.1:4566" == config.providers["bedrock"].base_url


def test_an_address_that_depends_on_what_nobody_says_is_none(read):
    assert not read("providers: {bedrock: {}}").providers["bedrock"].base_url


def test_a_provider_without_a_key_is_not_configured_and_no_error(read):
    config = read('providers: {openai: {api_key: "${OPENAI_API_KEY:-}"}, azure: {}, vllm: {}, demo: }')

    configured = [name for name, provider in config.providers.items() if provider.configured]

    assert ["vllm", "demo"] == configured


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("opnai: {}", "opnai: is no known provider; did you mean openai?; `dialect:` may say how it speaks ("),
        ("mine: {dialect: opnai, whatever: 1}", "mine.dialect: expected a dialect ("),
        ("mine: {dialect: [openai]}", "mine.dialect: expected the name of a dialect, got a list"),
        ("openai: sk-1", "openai: expected a mapping, got text"),
        ("openai: [sk-1]", "openai: expected a mapping, got a list"),
        (
            '"a/b": {dialect: openai}',
            "a/b: a provider's name is up to 64 letters, digits, dots, dashes and underscores",
        ),
        ("openai: {api_key: {a: b}}", "openai.api_key: expected a key, got a mapping"),
        (
            "openai: {api_key: 'a b'}",
            "openai.api_key: holds a space or a character that HTTP can't carry (its value is not shown)",
        ),
        ("openai: {apikey: a}", "openai.apikey: unknown key apikey; did you mean api_key?"),
        (
            "openai: {zone: a}",
            f"openai.zone: unknown key zone; known are {SETTINGS}",
        ),
        ("openai: {organization: {}}", "openai.organization: expected text on one line, got a mapping"),
        ('openai: {organization: "a\\nb"}', r"openai.organization: expected text on one line, got 'a\nb'"),
        ("openai: {verify_tls: maybe}", "openai.verify_tls: expected true or false, got 'maybe'"),
        ("openai: {local: true}", "openai.base_url: is missing, and nothing else says where to send the calls"),
        ("azure: {api_key: k}", "azure.base_url: is missing, and nothing else says where to send the calls"),
        ("bedrock: {api_key: k}", "bedrock.region: is missing, and nothing else says where to send the calls"),
        (
            "bedrock: {api_key: k, region: eu/west}",
            "bedrock.region: is missing, and nothing else says where to send the calls",
        ),
        ("demo: {discover: true}", "demo.discover: the dialect demo has no list of models to ask for"),
        ("demo: {probe: 10s}", "demo.probe: the dialect demo has no list of models to ask for"),
        ("vllm: {discover: maybe}", f"vllm.discover: expected {OFTEN.format('5m', '1d')}, got 'maybe'"),
        ("vllm: {discover: 500ms}", f"vllm.discover: expected {OFTEN.format('5m', '1d')}, got '500ms'"),
        ("vllm: {discover: {every: 5m}}", f"vllm.discover: expected {OFTEN.format('5m', '1d')}, got a mapping"),
        ("vllm: {probe: {down: 0}}", "vllm.probe.down: expected a whole number from 1 to 100, got 0"),
        ("vllm: {probe: {often: 1s}}", "vllm.probe.often: unknown key often; known are down, every, up"),
        ("vllm: {probe: {every: 2h}}", f"vllm.probe.every: expected {OFTEN.format('30s', '1h')}, got '2h'"),
        ("vllm: {probe: 2h}", f"vllm.probe: expected {OFTEN.format('30s', '1h')}, got '2h'"),
        ("demo: {limits: {concurrent: 0}}", "demo.limits.concurrent: expected a whole number from 1 to 1000000, got 0"),
        (
            "demo: {limits: {requests: 60}}",
            "demo.limits.requests: expected a rate such as 60/min, 100k/min or 5/s, of 1 to 1,000,000,000,000, got 60",
        ),
        ("demo: {limits: {burst: 6}}", "demo.limits.burst: unknown key burst; known are concurrent, requests, tokens"),
        ("demo: {headers: {'a b': c}}", "demo.headers.a b: is not the name of a header"),
        ("demo: {headers: {Host: c}}", "demo.headers.Host: is set by the connection itself"),
        (
            'demo: {headers: {a: "b\\r\\nc: d"}}',
            "demo.headers.a: expected text without control characters (its value is not shown)",
        ),
        (
            "demo: {headers: {a: [b]}}",
            "demo.headers.a: expected text without control characters (its value is not shown)",
        ),
    ],
)
def test_what_a_provider_cannot_be(problems, written, problem):
    found = problems(f"providers:\n  {written}\n")

    assert found[0].startswith(f"c.yaml:2: providers.{problem}")
    assert 1 == len(found)


@pytest.mark.parametrize(
    "address",
    [
        "ftp://a",
        "a.test",
        "http://",
        "http://u:p@a",
        "http://a?b",
        "http://a#b",
        "http://a b",
        "'http://[::1'",
        "http://a:99999",
        '"http://a\\n"',
        "[]",
        "http://a:0",
        "http://ä",
    ],
)
def test_an_address_that_is_none_is_refused_and_not_shown(problems, address):
    assert problems(f"providers: {{openai: {{base_url: {address}}}}}") == [
        f"c.yaml:1: providers.openai.base_url: expected {ADDRESS}"
    ]


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("", (0.0, 0.0)),
        ("discover: true", (300.0, 0.0)),
        ("discover: on, probe: yes", (300.0, 30.0)),
        ("discover: 1h, probe: 10s", (3600.0, 10.0)),
        ("discover: 1, probe: 1", (1.0, 1.0)),
        ("discover: false, probe: 0", (0.0, 0.0)),
        ('discover: "${UNSET:-}", probe: "${UNSET:-off}"', (0.0, 0.0)),
    ],
)
def test_a_provider_is_looked_at_as_often_as_one_says(read, written, seconds):
    provider = read(f"providers: {{vllm: {{{written}}}}}").providers["vllm"]

    assert seconds == (provider.discover, provider.probe)


@pytest.mark.parametrize(
    ("written", "seconds", "thresholds"),
    [
        ("10s", 10.0, (2, 3)),
        ("{every: 10s}", 10.0, (2, 3)),
        ("{every: 5s, up: 1, down: 9}", 5.0, (1, 9)),
        ("{down: 1}", 30.0, (2, 1)),
        ("{every: false, up: 4}", 0.0, (4, 3)),
    ],
)
def test_probes_may_say_how_many_in_a_row_count(read, written, seconds, thresholds):
    provider = read(f"providers: {{vllm: {{probe: {written}}}}}").providers["vllm"]

    assert (seconds, thresholds) == (provider.probe, provider.thresholds)


def test_a_dialect_that_lists_nothing_may_say_so(read):
    provider = read("providers: {demo: {discover: false, probe: off}}").providers["demo"]

    assert (0.0, 0.0) == (provider.discover, provider.probe)


def test_headers_show_their_names_alone(read):
    provider = read("providers: {demo: {headers: {authorization: planted}}}").providers["demo"]

    assert "Headers(authorization)" == repr(provider.headers) == str(provider.headers)
