"""Where shared state and the ledger live, and who is told."""

import pytest

from config.schema import Books, State
from config.signals import Alerts
from config.state import whereabouts
from core.secret import Secret

DAY = 86400.0
REDIS = (
    "expected an address such as redis://host:6379/0, rediss://..., redis+sentinel://host:26379,host:26379/name "
    "or redis+cluster://host:6379,host:6379 (its value is not shown)"
)
POSTGRES = "expected an address such as postgresql://user:password@host:5432/database (its value is not shown)"
WEB = "expected an address such as https://example.com/hook (its value is not shown)"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("", State()),
        ("state: {directory: /var/lib/x}", State(directory="/var/lib/x")),
        ('state: {url: "${REDIS_URL:-}", when_down: closed, fsync: never}', State(when_down="closed")),
        ("state: {fsync: always}", State(fsync=True)),
    ],
)
def test_the_state_is_where_one_says(read, written, expected):
    assert expected == read(written).state


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://cache", "redis://cache"),
        ("redis://127.0.0.1:6379/0", "redis://127.0.0.1:6379/0"),
        ("redis://[::1]:6379", "redis://[::1]:6379"),
        ("redis://:planted@cache:6379/1?prefix=sy&password=planted", "redis://cache:6379/1"),
        ("rediss://me:planted%40%2F@cache.example.com", "rediss://cache.example.com"),
        ("redis+sentinel://:planted@a:26379,b:26379/main/0", "redis+sentinel://a:26379,b:26379/main/0"),
        ("rediss+sentinel://a/main", "rediss+sentinel://a/main"),
        ("redis+cluster://a:6379,[::1]:7000", "redis+cluster://a:6379,[::1]:7000"),
        ("rediss+cluster://a/0", "rediss+cluster://a/0"),
    ],
)
def test_redis_is_named_by_an_address_whose_password_is_never_shown(read, url, shown):
    state = read(f"state: {{url: '{url}'}}\nledger: off").state

    assert (Secret(url), shown) == (state.url, whereabouts(state.url))
    assert "planted" not in repr(state)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgres://db/switchyard", "postgres://db/switchyard"),
        ("postgresql://me:planted@a:5432,b:5433/x?sslmode=require", "postgresql://a:5432,b:5433/x"),
        ("postgresql:///x?host=/run/postgresql&password=planted", "postgresql:///x"),
    ],
)
def test_the_ledger_s_password_is_never_shown(read, url, shown):
    ledger = read(f"ledger: {{url: '{url}'}}").ledger

    assert (Secret(url), shown) == (ledger.url, whereabouts(ledger.url))
    assert "planted" not in repr(ledger)


def test_what_is_no_address_is_not_shown_at_all():
    assert "***" == whereabouts(Secret("planted"))


@pytest.mark.parametrize(
    "url",
    [
        *("planted", "http://planted", "redis://", "redis:///0", "redis:planted", "redis://a:99999", "redis://a:0"),
        *(
            "redis://a,b",
            "redis://:plan@ted@a",
            "redis://:plan/ted@a",
            "redis://:planted@",
            "redis://a/ b",
            "redis://ä",
        ),
        *("redis+sentinel://a:1,b:2", "redis+sentinel://a:1/", "redis+sentinel:///main", "redis+cluster://a:1,:2"),
        *("redis://a/planted", "redis://a/0/1", "redis+cluster://a/1", "redis+sentinel://a/main/x", "rediscover://a"),
        *("redis+sentinels://a/main", "redis://a#planted", "unix:///planted.sock", "redis://[::1", "redis://a:b"),
    ],
)
def test_what_is_no_address_of_redis_is_refused_and_not_shown(problems, url):
    assert [f"c.yaml:1: state.url: {REDIS}"] == problems(f'state: {{url: "{url}"}}')


@pytest.mark.parametrize(
    "url",
    [
        *("planted", "sqlite:///planted.db", "mysql://planted@a/b", "postgresql://", "postgresql:///planted"),
        *("postgresql+asyncpg://me:planted@a/b", "postgresql://me:plan@ted@a/b", "postgresql://a:99999/b", "redis://a"),
    ],
)
def test_what_is_no_address_of_postgresql_is_refused_and_not_shown(problems, url):
    assert [f"c.yaml:1: ledger.url: {POSTGRES}"] == problems(f'ledger: {{url: "{url}"}}')


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("", Books()),
        ("ledger: {}", Books()),
        ("ledger: on", Books()),
        ("ledger: off", Books(on=False)),
        ('ledger: "${LEDGER:-off}"', Books(on=False)),
        ('ledger: {url: "${DATABASE_URL:-}", keep: 30d}', Books(keep=30 * DAY)),
        ("ledger: {keep: 1d}", Books(keep=DAY)),
    ],
)
def test_the_ledger_is_kept_as_long_as_one_says(read, written, expected):
    assert expected == read(written).ledger


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("ledger: 90d", "ledger: expected off, or a mapping, got text"),
        ("ledger: postgresql://me:planted@a/b", "ledger: expected off, or a mapping, got text"),
        ("ledger: [off]", "ledger: expected off, or a mapping, got a list"),
        ("ledger: {keep: 0}", "ledger.keep: would keep no row; say `ledger: off` to have no ledger"),
        ("ledger: {keep: 0d}", "ledger.keep: would keep no row; say `ledger: off` to have no ledger"),
        ("ledger: {keep: 23h}", "ledger.keep: has to be a day at least"),
        (
            "ledger: {keep: [90d]}",
            "ledger.keep: expected a duration such as 30s or 500ms, above 0 to 3650d, got a list",
        ),
        (
            "ledger: {keep: 3651d}",
            "ledger.keep: expected a duration such as 30s or 500ms, above 0 to 3650d, got '3651d'",
        ),
        ("ledger: {keeps: 1d}", "ledger.keeps: unknown key keeps; did you mean keep?"),
        ("state: {fsync: true}", "state.fsync: expected never or always, got true"),
        ("state: {when_down: fail}", "state.when_down: expected a policy (allotment, closed, open), got 'fail'"),
        ("state: {urls: x}", "state.urls: unknown key urls; did you mean url?"),
        ("state: {url: [redis://a]}", f"state.url: {REDIS}"),
        ("alerts: {webhook: hook}", f"alerts.webhook: {WEB}"),
        ("alerts: {at: 120%}", "alerts.at: expected a share such as 80% or 0.8, got '120%'"),
        ("alerts: {at: [0]}", "alerts.at[0]: expected a share such as 80% or 0.8, got 0"),
        ("alerts: {at: [80%, 0.8]}", "alerts.at[1]: says the same as one before it"),
        (
            "alerts: {secret: 'a b'}",
            "alerts.secret: holds a space or a character that HTTP can't carry (its value is not shown)",
        ),
        (
            "alerts: {url: x}",
            "alerts.url: unknown key url; known are at, breaker, error_rate, format, on, secret, settle, webhook",
        ),
    ],
)
def test_what_cannot_be_said(problems, written, problem):
    assert [f"c.yaml:1: {problem}"] == problems(written)


@pytest.mark.parametrize(
    ("written", "warned"),
    [
        (
            "state: {url: redis://a}",
            ["c.yaml:1: ledger: has no url, so that reports tell of this machine's calls only"],
        ),
        (
            "state: {url: redis://a}\nledger: {keep: 5d}",
            ["c.yaml:3: ledger: has no url, so that reports tell of this machine's calls only"],
        ),
        ("state: {url: redis://a}\nledger: off", []),
        ("state: {url: redis://a}\nledger: {url: postgresql://a}", []),
        ("ledger: {url: postgresql://a}", []),
    ],
)
def test_state_that_is_shared_wants_a_ledger_that_is_shared(read, written, warned):
    assert warned == list(read(f"providers: {{demo: {{}}}}\n{written}").warnings)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("", Alerts()),
        ('{webhook: "${ALERT_WEBHOOK:-}", secret: "${ALERT_SECRET:-}"}', Alerts()),
        (
            "{webhook: 'https://a.test/b?c=@d', secret: s}",
            Alerts(webhook=Secret("https://a.test/b?c=@d"), secret=Secret("s")),
        ),
        ("{webhook: http://127.0.0.1:80}", Alerts(webhook=Secret("http://127.0.0.1:80"))),
        ("{at: [95%, 80 %]}", Alerts(at=(0.8, 0.95))),
        ("{at: 0.5}", Alerts(at=(0.5,))),
        ("{at: 100%}", Alerts(at=(1.0,))),
        ("{at: []}", Alerts(at=())),
    ],
)
def test_somebody_is_told_when_money_runs_out(read, written, expected):
    assert expected == read(f"alerts: {written}").alerts


@pytest.mark.parametrize(
    "url", ["https://", "https://me:planted@a", "https://a b", "https://a#b", "ftp://a", "https://a,b", "https://a:0"]
)
def test_what_is_no_address_of_a_hook_is_refused_and_not_shown(problems, url):
    assert [f"c.yaml:1: alerts.webhook: {WEB}"] == problems(f'alerts: {{webhook: "{url}"}}')
