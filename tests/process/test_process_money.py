"""Money from the command line: what is kept over restarts, what is refused at the start, what the commands say."""

import csv
import io
import itertools
import json
import re
import signal

import asyncpg
import pytest

from store.migrations import STEPS
from tests.process.running import run, until
from tests.store.ledger import postgres
from tests.store.redis_servers import Server, serving
from tests.whole.provider import Provider, ok

ALICE = "Bearer the-key-of-alice"
CONFIG = """
server: {{port: 0, workers: {workers}}}
state: {{directory: state{state}}}
ledger: {ledger}
providers: {{p: {{dialect: openai, api_key: k, base_url: "{url}"}}}}
routes: {{m: p/real-model}}
models: {{p/real-model: {{price: {{input: 1000, output: 1000}}, context: 100000, max_output: 1000}}}}
keys:
  alice: {{key: the-key-of-alice, budget: {budget}}}
"""
EXPORT = "date,model,input_tokens,output_tokens,cost\n{day},real-model,9,12,{cost}\n"


def written(url="http://127.0.0.1:9/v1", *, workers=1, budget="3/month", state="", ledger="{}", more=""):
    return CONFIG.format(url=url, workers=workers, budget=budget, state=state, ledger=ledger) + more


async def ask(gateway, key=ALICE, **fields):
    body = {"model": "m", "messages": [{"role": "user", "content": "hi"}], "max_tokens": 10, **fields}
    return await gateway.request("POST", "/v1/chat/completions", body, authorization=key)


async def spent(gateway):
    usage = await gateway.get("/api/v1/usage", authorization=ALICE)
    return usage.body["budgets"][0]["spent_usd"]


def failed(done, code, *words):
    assert code == done.returncode
    assert "Traceback" not in done.stderr
    assert [word for word in words if word not in done.stderr] == []


async def test_the_admin_key_is_made_once_for_its_owner_alone_and_its_place_is_said(start):
    async with start(written(workers=2)) as gateway:
        file = gateway.folder / "state" / "admin.key"
        key = file.read_text().strip()
        listed = await gateway.get("/api/v1/keys", authorization=f"Bearer {key}")
        out = gateway.out
    async with start(written(workers=2)) as gateway:
        again = gateway.out
        text = gateway.out + gateway.err

    assert (0o600, 200) == (file.stat().st_mode & 0o777, listed.status)
    assert "admin key: made, in state/admin.key" in out.splitlines()
    assert "admin key: in state/admin.key" in again.splitlines()
    assert key not in text + out


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
async def test_what_was_spent_outlives_the_process(start, end):
    async with Provider(ok()) as provider:
        async with start(written(provider.url)) as gateway:
            assert 200 == (await ask(gateway)).status
            gateway.send(end)
            await gateway.ended()
        async with start(written(provider.url)) as gateway:
            await until(lambda: spent(gateway))

            assert 0.021 == await spent(gateway)


async def test_a_reload_changes_limits_and_keeps_what_was_spent(start):
    async with Provider(ok()) as provider, start(written(provider.url, budget="0.05/month")) as gateway:
        refused = await ask(gateway)
        admin = f"Bearer {(gateway.folder / 'state/admin.key').read_text().strip()}"
        gateway.write(written(provider.url, budget="5/month"))
        reloaded = await gateway.request("POST", "/admin/reload", authorization=admin)
        answered = await ask(gateway)
        gateway.write(written(provider.url, budget="0.02/month"))
        await gateway.request("POST", "/admin/reload", authorization=admin)
        again = await ask(gateway)

        assert [429, 200, 429] == [each.status for each in (refused, answered, again)]
        assert (200, []) == (reloaded.status, reloaded.body["waiting_for_restart"])
        assert 0.021 == again.body["error"]["quota"]["spent_usd"]


async def test_keys_from_the_command_line_are_known_to_a_gateway_that_runs(start):
    async with Provider(ok()) as provider, start(written(provider.url, workers=2)) as gateway:
        folder = gateway.folder
        made = json.loads(run("keys", "create", "carol", "--budget", "5/month", "--json", folder=folder).stdout)
        carol = f"Bearer {made['key']}"
        answered = await ask(gateway, carol)
        listed = run("keys", "list", folder=folder)
        taken = run("keys", "create", "carol", folder=folder)
        ours = run("keys", "create", "alice", folder=folder)
        revoked = run("keys", "revoke", "carol", folder=folder)

        async def gone():
            return {(await ask(gateway, carol)).status for _ in range(6)} == {401}

        await until(gone, 3)

    assert 200 == answered.status
    assert ["carol"] == [line.split()[0] for line in listed.stdout.splitlines()[1:]]
    assert made["key"] not in listed.stdout
    assert 0 == revoked.returncode
    failed(taken, 1, "carol")
    failed(ours, 1, "'alice' stands in the configuration")


async def test_a_name_in_the_file_and_in_the_store_stops_the_start(start, tmp_path):
    async with start(written()) as gateway:
        folder = gateway.folder
    run("keys", "create", "carol", folder=folder)
    (folder / "config.yaml").write_text(written(more="  carol: {key: another}\n"))

    failed(run(folder=folder), 2, "config.yaml: keys.carol: a key of this name was made at run time; revoke that one")


async def test_spend_and_reconcile_tell_what_was_spent(start):
    async with Provider(ok()) as provider, start(written(provider.url)) as gateway:
        folder = gateway.folder
        await ask(gateway)
        await ask(gateway, "Bearer nobody's")
        await until(lambda: "alice" in run("spend", folder=folder).stdout)
        table = run("spend", "--by", "key,day", folder=folder).stdout.splitlines()
        rows = list(csv.DictReader(io.StringIO(run("spend", "--format", "csv", folder=folder).stdout)))
        told = json.loads(run("spend", "--by", "model", "--format", "json", folder=folder).stdout)

    day = re.search(r"\d{4}-\d\d-\d\d", table[2])[0]
    assert ["alice", day, "1", "0", "9", "12", "0.021000"] == table[2].split()
    assert ("alice", "0.021") == (rows[0]["key"], rows[0]["cost_usd"])
    assert [0.021] == [row["cost_usd"] for row in told["rows"] if row["model"] == "real-model"]

    export = folder / "export.csv"
    export.write_text(EXPORT.format(day=day, cost="0.021"))
    agreed = run("reconcile", "export.csv", "--provider", "p", folder=folder)
    export.write_text(EXPORT.format(day=day, cost="0.5"))
    apart = run("reconcile", "export.csv", folder=folder)

    assert (0, True) == (agreed.returncode, "all within the tolerance" in agreed.stdout)
    assert (1, True) == (apart.returncode, "over" in apart.stdout)


@pytest.mark.parametrize(
    ("arguments", "ledger", "code", "word"),
    [
        (("spend", "--by", "colour"), "{}", 2, "'colour' is none of"),
        (("spend", "--config", "nowhere.yaml"), "{}", 2, "nowhere.yaml"),
        (("spend",), "off", 1, "No ledger is kept"),
        (("spend",), "{url: 'postgresql://a:secret@127.0.0.1:9/b'}", 1, "ledger"),
        (("migrate",), "off", 1, "No ledger is kept"),
        (("keys", "show", "nobody"), "{}", 1, "nobody"),
        (("keys",), "{}", 2, "COMMAND"),
    ],
)
def test_a_command_that_can_not_be_done_says_why(tmp_path, arguments, ledger, code, word):
    (tmp_path / "config.yaml").write_text(written(ledger=ledger))

    done = run(*arguments, folder=tmp_path)

    assert (code, False) == (done.returncode, "Traceback" in done.stderr)
    assert word in done.stdout + done.stderr
    assert "secret" not in done.stdout + done.stderr


@pytest.mark.parametrize("command", ["keys", "spend", "reconcile", "migrate"])
def test_the_help_names_each_command_which_has_its_own(tmp_path, command):
    top = run("--help", folder=tmp_path)
    own = run(command, "--help", folder=tmp_path)

    assert (0, 0) == (top.returncode, own.returncode)
    assert re.search(rf"(?m)^  {command} ", top.stdout)
    assert f"usage: proxy.py {command}" in own.stdout
    assert "--config" in own.stdout


def test_what_will_be_refused_for_want_of_a_price_is_said_before(tmp_path):
    text = written().replace("m: p/real-model", "m: [p/real-model, p/unheard-of]")
    (tmp_path / "config.yaml").write_text(text)

    done = run("check", folder=tmp_path)

    expected = "routes.m: no price is known for p/unheard-of, so that it refuses the calls of alice, whose spending is"
    assert 0 == done.returncode
    assert [line for line in done.stdout.splitlines() if line.startswith("warning: ")] == [
        f"warning: config.yaml: {expected} limited; say it under `models:`"
    ]


def test_a_shadow_that_nobody_can_price_is_told_of(tmp_path):
    shadow = "{chain: p/real-model, shadow: {target: p/unheard-of, share: 5%, budget: 1/day}}"
    (tmp_path / "config.yaml").write_text(written().replace("m: p/real-model", f"m: {shadow}"))

    done = run("check", folder=tmp_path)

    (warning,) = [line for line in done.stdout.splitlines() if line.startswith("warning: ")]
    assert "routes.m.shadow: no price is known for p/unheard-of, so that nothing is copied while it has a" in warning


@pytest.fixture(scope="module")
def database_server():
    with postgres.running() as server:
        yield server


NUMBERS = itertools.count(1)


@pytest.fixture
async def database(database_server):
    name = f"money{next(NUMBERS)}"
    connection = await asyncpg.connect(database_server.url)
    await connection.execute(f"CREATE DATABASE {name}")
    await connection.close()
    return f"{database_server.url.rpartition('/')[0]}/{name}"


async def test_postgresql_wants_to_be_migrated_first(start, database, tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    async with Provider(ok()) as provider:
        text = written(provider.url, ledger=f"{{url: '{database}'}}")
        (folder / "config.yaml").write_text(text)
        early = run(folder=folder)
        asked = run("spend", folder=folder)
        first = run("migrate", folder=folder)
        second = run("migrate", folder=folder)
        async with start(text) as gateway:
            await ask(gateway)
            await until(lambda: "alice" in run("spend", folder=folder).stdout)

    failed(early, 1, "older than this program; run: python proxy.py migrate")
    failed(asked, 1, "run: python proxy.py migrate")
    assert (0, "".join(f"applied: {step.name}\n" for step in STEPS)) == (first.returncode, first.stdout)
    assert (0, "nothing to do\n") == (second.returncode, second.stdout)


async def test_a_database_that_can_not_be_reached_stops_no_start(start):
    ledger = "{url: 'postgresql://a:secret@127.0.0.1:9/b'}"
    async with Provider(ok()) as provider, start(written(provider.url, ledger=ledger)) as gateway:
        answer = await ask(gateway)
        admin = f"Bearer {(gateway.folder / 'state/admin.key').read_text().strip()}"

        async def noticed():
            money = (await gateway.get("/health", authorization=admin)).body["money"]
            return not money["ledger"]["up"] and money["ledger"]["rows_waiting"] == 1

        await until(noticed)
        said = [line["message"] for line in gateway.log]

    assert 200 == answer.status
    assert "the ledger can't be reached; rows wait in the journal" in said
    assert "secret" not in gateway.err


async def test_redis_is_shared_by_two_gateways_and_its_loss_is_told(start, tmp_path):
    server = Server(tmp_path)
    with serving(server):
        state = f', url: "redis://127.0.0.1:{server.port}"'
        async with Provider(ok()) as provider:
            text = written(provider.url, state=state, budget="5/month")
            async with start(text) as one, start(text, folder="other") as other:

                async def granted():  # a Redis that is new grants nothing for two seconds
                    return (await ask(one)).status == 200

                await until(granted)
                await until(lambda: spent(other))
                seen = await spent(other)
                server.kill()
                admin = f"Bearer {(one.folder / 'state/admin.key').read_text().strip()}"

                async def noticed():
                    page = (await one.get("/health", authorization=admin)).body
                    return page["money"]["store"] == {"kind": "redis", "up": False}

                await until(noticed)

    assert 0.021 == seen
