"""Discovery and probes in processes of their own: when they begin, and that nothing holds up the end."""

import signal

import pytest

from tests.process.running import Running, running, until
from tests.whole.lists import lists, shelf
from tests.whole.provider import Provider, hangs

CONFIG = """
server: {{port: 0, workers: {workers}, drain: 1s}}
providers:
  lab: {{dialect: vllm, base_url: "{url}", discover: 1h, probe: 1h}}
routes:
  m: lab/a
"""


async def everybody_knows(gateway: Running) -> bool:
    """Each question may come to any worker."""
    pages = [await gateway.get("/v1/models") for _ in range(8)]
    return all({"m", "auto", "lab/a"} == {entry["id"] for entry in page.body["data"]} for page in pages)


@pytest.mark.parametrize("workers", [1, 2])
async def test_every_worker_lists_models_and_one_of_them_probes(tmp_path, workers):
    async with Provider(shelf(lists("a"))) as provider:
        config = CONFIG.format(url=provider.url, workers=workers)
        async with running(tmp_path / "run", config) as gateway:
            await until(lambda: len(provider.requests) == workers + 1)
            await until(lambda: everybody_knows(gateway))
            await until(lambda: gateway.metric('switchyard_provider_up{provider="lab"}'))
            times = len(provider.requests)

    assert workers + 1 == times


@pytest.mark.parametrize("workers", [1, 2])
async def test_a_list_that_hangs_doesnt_hold_up_the_end(tmp_path, workers):
    async with Provider(hangs()) as provider:
        config = CONFIG.format(url=provider.url, workers=workers)
        async with running(tmp_path / "run", config) as gateway:
            await until(lambda: len(provider.requests) == workers + 1)

            gateway.send(signal.SIGTERM)
            code = await gateway.ended(8)

            assert 0 == code
            assert [] == [line for line in gateway.log if line["level"] in {"error", "warning"}]
