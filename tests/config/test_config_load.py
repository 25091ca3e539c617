"""The configuration as a whole."""

import pytest

from config.load import is_loopback
from config.problems import ConfigErrors
from config.schema import Config, Fetching, ModelFacts
from core.secret import Secret
from core.tasks import TASKS

SECTIONS = (
    "admin, alerts, auto, cache, defaults, keys, ledger, log, media, models, providers, routes, server, service, "
    "state, tags, teams, telemetry"
)


def test_all_problems_are_told_at_once_in_the_order_of_lines(problems):
    assert problems("""server:
  prot: 8080
  max_body: big
routes:
  a: nowhere
log: {level: loud}
nonsense: 1
""") == [
        "c.yaml:2: server.prot: unknown key prot; did you mean port?",
        "c.yaml:3: server.max_body: expected a size such as 32MiB, up to 4GiB, got 'big'",
        "c.yaml:5: routes.a: no route is called 'nowhere'; a target such as openai/gpt-4o names its provider",
        "c.yaml:6: log.level: expected a level (debug, error, info, warning), got 'loud'",
        f"c.yaml:7: nonsense: unknown key nonsense; known are {SECTIONS}",
    ]


def test_everything_about_the_server_can_be_said(read):
    config = read(
        """
server:
  {host: 0.0.0.0, port: 80, workers: auto, open: true, max_body: 1MiB, drain: 0, keepalive: 5s, idle: 1m,
   head_timeout: 1s, body_timeout: 2s, metrics_key: m,
   cors: {origins: ["https://a.test", "*"], headers: [x-a], max_age: 1h}}
log: {format: text, level: debug, content: true}
state: {directory: /var/lib/x}
admin: {key: a}
""",
        cores=3,
    )

    server = config.server

    assert ("0.0.0.0", 80, 3, True, 2**20, 0.0, 5.0, 60.0, 1.0, 2.0) == (
        server.host,
        server.port,
        server.workers,
        server.open,
        server.max_body,
        server.drain,
        server.keepalive,
        server.idle,
        server.head_timeout,
        server.body_timeout,
    )
    assert (("https://a.test", "*"), ("x-a",), 3600.0) == (
        server.cors.origins,
        server.cors.headers,
        server.cors.max_age,
    )
    assert ("text", "debug", True, "/var/lib/x") == (
        config.log.format,
        config.log.level,
        config.log.content,
        config.state.directory,
    )
    assert (Secret("m"), Secret("a")) == (server.metrics_key, config.admin_key)


def test_the_command_line_stands_above_the_file(read):
    server = read("server: {port: 1, workers: 2}", host="::1", port=9, workers=4).server

    assert ("::1", 9, 4) == (server.host, server.port, server.workers)


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("10.0.0.1", False),
        ("example.test", False),
    ],
)
def test_only_this_machine_reaches_loopback(host, loopback):
    assert loopback == is_loopback(host)


@pytest.mark.parametrize("text", ["server: {host: 0.0.0.0, open: true}", "server: {host: '::'}\nkeys: {a: {key: k}}"])
def test_a_public_address_needs_keys_or_an_open_word(read, text):
    assert Config().server.host != read(text).server.host


def test_a_public_address_without_either_is_refused(problems):
    message = (
        "0.0.0.0 can be reached from other machines: add `keys:`, or say `open: true` to serve anyone, "
        "or, from the moment on that `proxy.py keys create` has made the first key, only those who hold one"
    )

    assert [f"c.yaml:2: server.host: {message}"] == problems("server:\n  host: 0.0.0.0")
    assert [f"c.yaml: server.host: {message}"] == problems("", host="0.0.0.0")


def test_where_calls_are_taken_already_counts_whatever_is_written_now(read, problems):
    closed, keys = "server: {host: 127.0.0.1}\n", "keys: {a: {key: k}}"

    (problem,) = problems(closed, bound="0.0.0.0")

    assert "server.host: 0.0.0.0, which is listened on until a restart, can be reached from other machines" in problem
    assert "127.0.0.1" == read(closed + keys, bound="0.0.0.0").server.host
    assert "127.0.0.1" == read(closed, bound="::1").server.host
    assert 1 == len(problems("server: {host: 0.0.0.0}", bound="127.0.0.1"))


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("", Fetching()),
        ("media: {}", Fetching(allow_private=False, max=20 * 2**20, timeout=10.0)),
        (
            "media: {allow_private: true, max: 1MiB, timeout: 500ms}",
            Fetching(allow_private=True, max=2**20, timeout=0.5),
        ),
    ],
)
def test_what_may_be_fetched_for_providers_can_be_said(read, written, expected):
    assert expected == read(written).media


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("{allow_private: maybe}", "media.allow_private: expected true or false, got 'maybe'"),
        ("{max: 1TiB}", "media.max: expected a size such as 32MiB, up to 256MiB, got '1TiB'"),
        ("{timeout: 0}", "media.timeout: expected a duration such as 30s or 500ms, above 0 to 5m, got 0"),
        ("{hosts: x}", "media.hosts: unknown key hosts; known are allow_private, max, timeout"),
    ],
)
def test_what_cannot_be_said_of_fetching(problems, written, problem):
    assert [f"c.yaml:1: {problem}"] == problems(f"media: {written}")


def test_a_model_may_be_better_at_one_task_than_at_another(read):
    config = read("""
providers: {demo: {}}
models:
  demo/a: {quality: {chat: 0.7, coding: 0.9}}
""")

    assert {"chat": 0.7, "code_generation": 0.9} == config.models["demo/a"].quality


def test_models_say_what_they_cost_in_nano_dollars(read):
    config = read("""
providers: {demo: {}}
models:
  demo/a: {price: {input: 0.15, output: 2, cache_read: 0.000000001}, context: 1000, max_output: 10,
           capabilities: [tools, code], quality: 0.7}
  demo/b: {}
""")

    assert {
        "demo/a": ModelFacts(
            price={"input": 150_000_000, "output": 2_000_000_000, "cache_read": 1},
            context=1000,
            max_output=10,
            capabilities=("tools", "code"),
            quality=dict.fromkeys(TASKS, 0.7),
        ),
        "demo/b": ModelFacts(),
    } == config.models


def test_a_price_may_have_more_buckets_steps_and_tiers(read):
    price = (
        read("""
providers: {demo: {}}
models:
  demo/a:
    price:
      {input: 1, output: 2, cache_read: 0.1, cache_write: 1.25, cache_write_long: 2, audio_input: 5, audio_output: 7,
       image_output: 9, search: 10, flex: 0.5, priority: {input: 3, output: 4, long: {above: 10, input: 5, output: 6}},
       batch: 0.125, long: [{above: 100, input: 2, output: 3}, {above: 200, input: 4, output: 5, cache_read: 0}]}
""")
        .models["demo/a"]
        .price
    )

    assert price == {
        "input": 10**9,
        "output": 2 * 10**9,
        "cache_read": 10**8,
        "cache_write": 1_250_000_000,
        "cache_write_long": 2 * 10**9,
        "audio_input": 5 * 10**9,
        "audio_output": 7 * 10**9,
        "image_output": 9 * 10**9,
        "search": 10**10,
        "long": (
            {"above": 100, "input": 2 * 10**9, "output": 3 * 10**9},
            {"above": 200, "input": 4 * 10**9, "output": 5 * 10**9, "cache_read": 0},
        ),
        "flex": 500,
        "priority": {
            "input": 3 * 10**9,
            "output": 4 * 10**9,
            "long": ({"above": 10, "input": 5 * 10**9, "output": 6 * 10**9},),
        },
        "batch": 125,
    }


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("flex: half", "flex: expected a factor such as 0.5, or prices, got 'half'"),
        ("flex: 0.0005", "flex: expected a factor such as 0.5, or prices, got 0.0005"),
        ("flex: 101", "flex: expected a factor such as 0.5, or prices, got 101"),
        ("flex: [1]", "flex: expected a factor such as 0.5, or prices, got a list"),
        ("flex: {input: 1}", "flex.output: is missing (dollars per million tokens)"),
        ("flex: {input: 1, output: 1, flex: 1}", "flex.flex: unknown key flex"),
        ("long: {input: 1, output: 1}", "long.above: is missing (tokens of a prompt)"),
        ("long: [{above: 1, output: 1}]", "long[0].input: is missing (dollars per million tokens)"),
        ("long: {above: 0, input: 1, output: 1}", "long.above: expected a whole number from 1 to 1000000000, got 0"),
        ("long: 5", "long: expected a mapping, got a number or a truth value"),
        ("serch: 1", "serch: unknown key serch; did you mean search?"),
    ],
)
def test_what_cannot_be_said_of_a_price(problems, written, problem):
    found = problems(f"providers: {{demo: {{}}}}\nmodels: {{demo/a: {{price: {{input: 1, output: 1, {written}}}}}}}")

    assert found[0].startswith(f"c.yaml:2: models.demo/a.price.{problem}")


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("demo: {}", "demo: expected the name of a model such as openai/gpt-4o"),
        ("dmo/a: {}", "dmo/a: no provider is called dmo; did you mean demo?"),
        ("demo/a: {price: {input: 1}}", "demo/a.price.output: is missing (dollars per million tokens)"),
        (
            "demo/a: {price: {input: 1, output: free}}",
            "demo/a.price.output: expected dollars such as 2.50, with at most nine decimals, got 'free'",
        ),
        ("demo/a: {quality: 2}", "demo/a.quality: expected a number from 0 to 1, got 2"),
        ("demo/a: {quality: {chat: 2}}", "demo/a.quality.chat: expected a number from 0 to 1, got 2"),
        (
            "demo/a: {quality: {juggling: 1}}",
            f"demo/a.quality.juggling: no task is called juggling; known are {', '.join(TASKS)}",
        ),
        ("demo/a: {quality: .5}", "demo/a.quality: expected a number from 0 to 1, got .5"),
    ],
)
def test_what_cannot_be_said_of_a_model(problems, written, problem):
    assert [f"c.yaml:2: models.{problem}"] == problems(f"providers: {{demo: {{}}}}\nmodels: {{{written}}}")


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("server: {workers: many}", "server.workers: expected a whole number from 1 to 256, got 'many'"),
        ("server: {workers: [auto]}", "server.workers: expected a whole number from 1 to 256, got a list"),
        ('server: {port: "${PORT}"}', "server.port: expected a whole number from 0 to 65535, got the value of PORT"),
        ("server: {port: true}", "server.port: expected a whole number from 0 to 65535, got true"),
        ("server: {port: {}}", "server.port: expected a whole number from 0 to 65535, got a mapping"),
        ("server: {idle: 0}", "server.idle: expected a duration such as 30s or 500ms, above 0 to 1d, got 0"),
        (
            "server: {cors: {origins: example.com}}",
            "server.cors.origins: expected an origin such as https://example.com, or *, got 'example.com'",
        ),
        ("server: true", "server: expected a mapping, got a number or a truth value"),
        ('state: {directory: ""}', "state.directory: expected text on one line, got ''"),
        ("log: {level: [~]}", "log.level: expected the name of a level, got a list"),
        ("defaults: {timeouts: [a]}", "defaults.timeouts: expected a mapping, got a list"),
    ],
)
def test_a_setting_of_the_wrong_kind_is_refused(problems, written, problem):
    assert [f"c.yaml:1: {problem}"] == problems(written, {"PORT": "x"})


def test_an_operators_key_is_not_a_clients_key(problems):
    assert problems("admin: {key: k}\nkeys: {alice: {key: k}}") == [
        "c.yaml:1: admin.key: is also the key of alice, who would be an operator"
    ]


def test_the_hash_is_of_what_was_said_and_not_of_how(read):
    text = 'providers: {openai: {organization: "${K}"}}'
    other = "# hello\nproviders:\n  openai:\n    organization: one"

    assert read(text, {"K": "one"}).hash == read(other).hash != read(text, {"K": "two"}).hash
    assert 12 == len(read(other).hash)


SECRETS = {
    "a provider's key": "providers: {openai: {api_key: %s}}",
    "one of several": "providers: {openai: {api_key: [one, %s]}}",
    "a header": "providers: {openai: {headers: {x-a: %s}}}",
    "a virtual key": "providers: {portkey: {virtual_key: %s}}",
    "the operator's key": "admin: {key: %s}",
    "that of metrics": "server: {metrics_key: %s}",
    "a client's key": "keys: {a: {key: %s}}",
    "the hash of one": "keys: {a: {sha256: %s}}",
    "the store's address": "state: {url: 'redis://:%s@a'}",
    "the ledger's address": "ledger: {url: 'postgresql://me:%s@a/b'}",
    "a webhook": "alerts: {webhook: 'https://a.test/%s'}",
    "what it is signed with": "alerts: {secret: %s}",
    "a collector's address": "telemetry: {otel: {endpoint: 'https://a.test/%s'}}",
    "a collector's key": "telemetry: {otel: {endpoint: 'https://a.test', headers: {x-a: %s}}}",
    "what has a name of the environment": 'keys: {"${NAME}": {key: %s}}',
}


@pytest.mark.parametrize("text", SECRETS.values(), ids=SECRETS.keys())
def test_the_hash_that_everyone_sees_says_nothing_of_a_secret(read, text):
    one, two = (read(text % (digit * 64), {"NAME": "alice"}) for digit in "12")

    assert one.hash == two.hash
    assert one.fingerprint != two.fingerprint
    assert one.fingerprint.hex() not in repr(one)


def test_the_hash_tells_whether_there_is_a_secret(read):
    text = 'providers: {openai: {api_key: "${K}"}}'

    assert read(text, {"K": ""}).hash != read(text, {"K": "one"}).hash


def test_two_texts_that_say_different_things_differ(read):
    texts = [
        "providers: {demo: }",
        'providers: {demo: {headers: {a: ""}}}',
        "providers: {demo: {headers: {a: }}}",
        "providers: {demo: {headers: {}}}",
        "server: {cors: {origins: []}}",
    ]

    assert len(texts) == len({read(text).hash for text in texts})


def test_hundreds_of_mistakes_are_told_without_hundreds_of_suggestions(problems):
    text = "providers: {demo: {}}\nroutes:\n" + "".join(f"  r{at}: dmo/a\n" for at in range(150))

    found = problems(text)

    assert (150, 101) == (len(found), sum("did you mean" in problem for problem in found))


def test_the_exception_reads_as_its_problems(read):
    with pytest.raises(ConfigErrors, match=r"c\.yaml:1: x: unknown key x"):
        read("x: 1")
