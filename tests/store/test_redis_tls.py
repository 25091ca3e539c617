"""Redis behind TLS."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.secret import Secret
from store.contract import StoreDown
from store.redis_store import RedisStore
from tests.store.redis_servers import Server, free_port, serving
from tests.store.test_outage import Log
from tests.store.test_redis_outage import at
from tests.store.words import Owner


@pytest.fixture
def safe(tmp_path: Path) -> Iterator[tuple[int, Path]]:
    """A server's port for TLS, and the certificate that it shows."""
    cert, secret, port = tmp_path / "cert.pem", tmp_path / "key.pem", free_port()
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
            *("-days", "2", "-subj", "/CN=test", "-addext", "subjectAltName=IP:127.0.0.1"),
            *("-keyout", secret, "-out", cert),
        ],
        check=True,
        capture_output=True,
    )
    server = Server(
        tmp_path, f"tls-port {port}", f"tls-cert-file {cert}", f"tls-key-file {secret}", "tls-auth-clients no"
    )
    with serving(server):
        yield port, cert


async def test_a_store_behind_tls_answers(safe: tuple[int, Path]) -> None:
    port, cert = safe

    async with at(f"rediss://127.0.0.1:{port}?ssl_ca_certs={cert}", Log(), deadline=1.0) as store:
        assert 10 == (await Owner(store).lease(10)).granted


async def test_a_store_that_nobody_vouches_for_is_down(safe: tuple[int, Path]) -> None:
    port, _ = safe
    store = RedisStore(Secret(f"rediss://127.0.0.1:{port}"), Log())

    with pytest.raises(StoreDown, match="can't be reached"):
        await store.open()
    await store.close()
