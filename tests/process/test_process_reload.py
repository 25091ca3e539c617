"""A new configuration while calls are under way: taken whole or refused whole, and loudly."""

import asyncio
import signal

import pytest

from tests.process.running import ADMIN, Running, holds, until
from tests.whole.provider import Provider

NEW = "  new: demo/echo\n"
BAD = "  new: nowhere/x\n"
OPERATOR = {"authorization": f"Bearer {ADMIN}"}
SOON = 5.0

STREAMED = 'switchyard_calls_total{endpoint="chat",route="m",status="200",stream="true"}'


async def serves_new(gateway: Running) -> bool:
    return (await gateway.chat("new")).status == 200


async def refused(gateway: Running) -> bool:
    return not (await gateway.get("/health", **OPERATOR)).body["reload_ok"]


async def looked_again(gateway: Running) -> bool:
    """Whether the file has been read since the start, and says what it said then."""
    return not (await gateway.get("/health", **OPERATOR)).body["last_reload"]["changed"]


async def test_a_changed_file_is_taken_up_by_itself(start, written):
    async with start(written()) as gateway:
        before = (await gateway.chat("new")).status
        gateway.config.write_text(written(more=NEW))

        await until(lambda: serves_new(gateway), SOON)

    assert 404 == before


async def test_a_file_that_is_renamed_into_place_is_taken_up(start, written):
    async with start(written()) as gateway:
        gateway.write(written(more=NEW))

        await until(lambda: serves_new(gateway), SOON)


async def test_a_link_that_is_swapped_is_taken_up(start, written, tmp_path):
    """As Kubernetes does it: config.yaml -> ..data/config.yaml, and ..data -> another folder from now on."""
    for name, more in (("one", ""), ("two", NEW)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "config.yaml").write_text(written(more=more))
    (tmp_path / "..data").symlink_to("one")
    (tmp_path / "config.yaml").symlink_to("..data/config.yaml")
    async with start(tmp_path / "config.yaml") as gateway:
        before = (await gateway.chat("new")).status
        (tmp_path / "..tmp").symlink_to("two")

        (tmp_path / "..tmp").rename(tmp_path / "..data")
        await until(lambda: serves_new(gateway), SOON)

    assert 404 == before


async def test_a_file_that_is_being_written_is_left_alone(start, written):
    """The first half of it would be a good configuration too, with fewer routes."""
    async with start(written(more=NEW)) as gateway:
        whole = written(more=NEW)
        seen = []

        with gateway.config.open("w") as file:
            for line in whole.splitlines(keepends=True):
                file.write(line)
                file.flush()
                seen.append((await gateway.chat("new")).status)
                await asyncio.sleep(0.1)
        await until(lambda: looked_again(gateway))
        seen.append((await gateway.chat("new")).status)

    assert {200} == set(seen)


async def test_a_signal_reloads(start, written):
    async with start(written()) as gateway:
        gateway.write(written(more=NEW))

        gateway.send(signal.SIGHUP)
        await until(lambda: serves_new(gateway), SOON)


async def test_the_operator_reloads_and_nobody_else(start, written):
    async with start(written()) as gateway:
        gateway.write(written(more=NEW))

        nobody = await gateway.request("POST", "/admin/reload")
        wrong = await gateway.request("POST", "/admin/reload", authorization="Bearer wrong")
        right = await gateway.request("POST", "/admin/reload", **OPERATOR)
        answer = await gateway.chat("new")

    assert (401, 401, 200) == (nobody.status, wrong.status, right.status)
    assert (True, []) == (right.body["ok"], right.body["problems"])
    assert (200, right.body["generation"]) == (answer.status, answer.headers["x-switchyard-config"])


async def test_without_a_configured_admin_key_one_is_made_and_counts(start, written):
    async with start(written().replace(f"admin: {{key: {ADMIN}}}", "admin: {}")) as gateway:
        wrong = await gateway.request("POST", "/admin/reload", **OPERATOR)
        key = (gateway.folder / "state" / "admin.key").read_text().strip()
        right = await gateway.request("POST", "/admin/reload", authorization=f"Bearer {key}")

    assert (401, "invalid_api_key") == (wrong.status, wrong.body["error"]["code"])
    assert 200 == right.status


async def test_without_any_admin_key_nobody_operates(start, written):
    text = written().replace(f"admin: {{key: {ADMIN}}}", "admin: {}")
    async with start(text.replace("directory: state", "directory: /proc/nowhere")) as gateway:
        answer = await gateway.request("POST", "/admin/reload", **OPERATOR)

    assert (403, "admin_key_not_set") == (answer.status, answer.body["error"]["code"])
    assert "admin key: none (/proc/nowhere" in gateway.out


async def test_a_bad_file_changes_nothing_and_is_complained_of_everywhere(start, written):
    async with start(written()) as gateway:
        before = await gateway.chat("demo")
        gateway.write(written(more=BAD))

        answer = await gateway.request("POST", "/admin/reload", **OPERATOR)
        after = await gateway.chat("demo")
        health = await gateway.get("/health", **OPERATOR)
        metric = await gateway.metric("switchyard_config_last_reload_ok")
        failed = await gateway.metric('switchyard_config_reloads_total{result="failed"}')
        logged = await until(lambda: [line for line in gateway.log if line["message"] == "configuration refused"])

    assert 422 == answer.status
    assert ["routes.new: "] == [problem.split(": ", 1)[1][:12] for problem in answer.body["problems"]]
    assert (200, before.headers["x-switchyard-config"]) == (after.status, after.headers["x-switchyard-config"])
    assert (False, answer.body["problems"]) == (health.body["reload_ok"], health.body["last_reload"]["problems"])
    assert answer.body["problems"][0] == logged[0]["problem"]
    assert 0 == metric
    assert failed >= 1


async def test_a_bad_file_is_forgiven_once_it_is_mended(start, written):
    async with start(written()) as gateway:
        gateway.write(written(more=BAD))
        await until(lambda: refused(gateway), SOON)

        gateway.write(written(more=NEW))
        await until(lambda: serves_new(gateway), SOON)
        metric = await gateway.metric("switchyard_config_last_reload_ok")

    assert 1 == metric


async def test_a_file_that_is_gone_changes_nothing(start, written):
    async with start(written()) as gateway:
        gateway.config.unlink()

        answer = await gateway.request("POST", "/admin/reload", **OPERATOR)
        after = await gateway.chat("demo")

    assert (422, 200) == (answer.status, after.status)


async def test_an_empty_file_is_taken_for_the_mishap_that_it_is(start, written):
    async with start(written()) as gateway:
        gateway.write("")

        answer = await gateway.request("POST", "/admin/reload", **OPERATOR)
        after = await gateway.chat("demo")

    assert (422, 200) == (answer.status, after.status)
    assert "no call could be answered any more" in answer.body["problems"][0]


async def test_a_stream_goes_on_under_the_configuration_it_began_with(start, written):
    gate = asyncio.Event()
    async with Provider(holds(gate)) as provider, start(written(url=provider.url)) as gateway:
        stream = await gateway.stream()
        # The new one knows neither the route nor the provider.
        gateway.write(f"admin: {{key: {ADMIN}}}\nproviders: {{demo: {{}}}}\nroutes: {{new: demo/echo}}\n")

        gateway.send(signal.SIGHUP)
        await until(lambda: serves_new(gateway), SOON)
        after = await gateway.chat("new")
        lost = await gateway.chat("m")
        gate.set()
        answer = await stream.rest()
        counted = await gateway.metric(STREAMED)

    assert (200, 404) == (after.status, lost.status)
    assert 1 == counted
    assert ("one two", "[DONE]") == (answer.text, answer.events[-1])
    assert answer.headers["x-switchyard-config"] != after.headers["x-switchyard-config"]


async def test_what_only_a_restart_can_change_is_said(start, written):
    more = NEW + "log: {level: debug, content: true}\nledger: {keep: 7d, url: 'postgresql://a@127.0.0.1:9/b'}\n"
    text = written(workers=2, drain="5s", more=more).replace(
        "directory: state", "directory: state, when_down: closed, fsync: always"
    )
    async with start(written()) as gateway:
        gateway.write(text)

        answer = await gateway.request("POST", "/admin/reload", **OPERATOR)
        logged = await until(lambda: [line["setting"] for line in gateway.log if "setting" in line])

    expected = ["server.workers", "server.drain", "log", "state.fsync", "ledger.url"]
    assert (200, expected) == (answer.status, answer.body["waiting_for_restart"])
    assert expected == logged[:5]


async def test_workers_of_the_command_line_wait_for_nothing(start, written):
    async with start(written(), "--workers", "1") as gateway:
        gateway.write(written(workers=2))

        answer = await gateway.request("POST", "/admin/reload", **OPERATOR)

    assert (True, []) == (answer.body["changed"], answer.body["waiting_for_restart"])


@pytest.mark.parametrize("more", [(), ("--host", "0.0.0.0")])
async def test_a_door_that_is_open_to_others_is_not_left_without_keys(start, written, more):
    host, port = "host: 127.0.0.1, ", "{port: 0"
    keys = "keys: {alice: {key: 0123456789abcdef}}\n"
    public = written(more=keys) if more else written(more=keys).replace(port, "{host: 0.0.0.0, port: 0")
    async with start(public, *more) as gateway:
        gateway.write(written().replace(port, "{" + host + port[1:]))

        answer = await gateway.request("POST", "/admin/reload", **OPERATOR)
        call = await gateway.chat("demo")

    assert (422, 401) == (answer.status, call.status)
    assert "0.0.0.0" in answer.body["problems"][0]


async def test_an_admin_key_ends_with_its_configuration(start, written):
    admin = f"admin: {{key: {ADMIN}}}"
    async with start(written()) as gateway:
        gateway.write(written(more=NEW).replace(admin, "admin: {}"))
        first = await gateway.request("POST", "/admin/reload", **OPERATOR)
        again = await gateway.request("POST", "/admin/reload", **OPERATOR)
        key = (gateway.folder / "state" / "admin.key").read_text().strip()
        made = await gateway.request("POST", "/admin/reload", authorization=f"Bearer {key}")
        gateway.write(written(more=NEW).replace(ADMIN, f"another-{ADMIN}"))
        await gateway.request("POST", "/admin/reload", authorization=f"Bearer {key}")
        ended = await gateway.request("POST", "/admin/reload", authorization=f"Bearer {key}")

    assert [200, 401, 200, 401] == [each.status for each in (first, again, made, ended)]


async def test_a_file_that_was_away_for_a_moment_is_good_again(start, written):
    async with start(written()) as gateway:
        away = gateway.config.with_suffix(".away")
        gateway.config.rename(away)
        gateway.send(signal.SIGHUP)
        await until(lambda: refused(gateway))
        away.rename(gateway.config)

        await until(lambda: forgiven(gateway), SOON)


async def forgiven(gateway: Running) -> bool:
    return not await refused(gateway)


@pytest.mark.parametrize("change", [NEW, BAD])
async def test_no_secret_is_told(start, written, change):
    async with start(written()) as gateway:
        gateway.write(written(more=change).replace("sk-secret-of", "sk-another-secret-of"))

        answer = await gateway.request("POST", "/admin/reload", **OPERATOR)
        health = await gateway.get("/health", **OPERATOR)
        gateway.send(signal.SIGTERM)
        await gateway.ended()

    told = answer.raw.decode() + health.raw.decode() + gateway.out + gateway.err
    assert "sk-" not in told
    assert ADMIN not in told
