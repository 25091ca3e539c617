"""A configuration, and the process that serves it."""

import pytest

from tests.process.running import ADMIN, running

CONFIG = """
server: {{port: 0, workers: {workers}, drain: {drain}}}
state: {{directory: state}}
admin: {{key: {admin}}}
providers:
  a: {{dialect: openai, api_key: sk-secret-of-provider-a, base_url: "{url}"}}
  demo: {{dialect: demo}}
defaults: {{timeouts: {{connect: 5s, first_content: 20s, idle: 20s, attempt: 20s, total: 60s}}}}
routes:
  m: a/one
  demo: demo/echo
"""


@pytest.fixture
def written():
    """The text of a configuration, valid by default."""

    def write(*, url: str = "http://127.0.0.1:9/v1", workers: int = 1, drain: str = "20s", more: str = "") -> str:
        return CONFIG.format(url=url, workers=workers, drain=drain, admin=ADMIN) + more

    return write


@pytest.fixture
def start(tmp_path):
    """For `async with ... as gateway`, in the folder `run` of tmp_path."""

    def begin(config, *arguments: str, folder: str = "run", **options):
        return running(tmp_path / folder, config, *arguments, **options)

    return begin
