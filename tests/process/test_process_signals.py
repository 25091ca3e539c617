"""The command that tries the way out of alerts, and what is said where OpenTelemetry isn't installed."""

import asyncio
import subprocess
import sys

from tests.process.running import HOME, PATIENCE, run
from tests.whole.provider import Provider, says

OTEL = "telemetry: {otel: {endpoint: http://127.0.0.1:4318}}\nproviders: {d: {dialect: demo}}\n"
WITHOUT = "import sys; sys.modules['opentelemetry'] = None; import proxy; sys.exit(proxy.main(sys.argv[1:]))"


async def tried(tmp_path, *answers, text='alerts: {{webhook: "{url}", format: slack}}'):
    """What `alert-test` came to, and what arrived."""
    async with Provider(*answers or [says(200, {})]) as hook:
        (tmp_path / "c.yaml").write_text(text.format(url=hook.url))
        done = await asyncio.to_thread(run, "alert-test", "--config", "c.yaml", folder=tmp_path)
        return done, [request.body for request in hook.requests]


async def test_a_test_arrives(tmp_path):
    done, (arrived,) = await tried(tmp_path)

    assert (0, "The webhook took the test.\n", "") == (done.returncode, done.stdout, done.stderr)
    assert "This is a test" in arrived["text"]


async def test_a_test_that_is_refused_is_sent_once(tmp_path):
    done, arrived = await tried(tmp_path, says(403, {}))

    assert (1, "The webhook did not take the test: it answered 403.\n") == (done.returncode, done.stderr)
    assert 1 == len(arrived)


async def test_there_may_be_nobody_to_tell(tmp_path):
    done, _ = await tried(tmp_path, text="providers: {{d: {{dialect: demo}}}}")

    assert (1, "There is nobody to tell: `alerts.webhook` is empty.\n") == (done.returncode, done.stderr)


def test_a_collector_that_nobody_here_can_talk_to_is_an_error_that_says_what_to_install(tmp_path):
    (tmp_path / "c.yaml").write_text(OTEL)
    command = [sys.executable, "-c", WITHOUT, "check", str(tmp_path / "c.yaml")]

    done = subprocess.run(command, cwd=HOME, capture_output=True, text=True, timeout=PATIENCE, check=False)

    assert 2 == done.returncode
    assert "telemetry.otel: needs packages that aren't installed: say `make otel`, or `pip install -r" in done.stderr


def test_without_a_collector_nothing_of_it_is_loaded(tmp_path):
    (tmp_path / "c.yaml").write_text("telemetry: {trace: true}\nproviders: {d: {dialect: demo}}\n")
    command = [sys.executable, "-c", WITHOUT, "check", str(tmp_path / "c.yaml")]

    done = subprocess.run(command, cwd=HOME, capture_output=True, text=True, timeout=PATIENCE, check=False)

    assert 0 == done.returncode
