"""Providers that are quicker than the dial that leads to them."""

import socket
import threading
import time

import pytest

from upstream.connection import at_once

HELLO = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"


@pytest.fixture
def hasty():
    """The URL of a provider that has answered before it was asked, and then answers each request."""

    def answers(client):
        with client:
            client.sendall(HELLO)
            client.recv(65536)
            while client.recv(65536):
                client.sendall(HELLO)

    def serves():
        while True:
            try:
                client, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=answers, args=(client,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=serves, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)


async def test_a_connection_whose_first_answer_came_before_its_dial_had_ended_serves_again(hasty, origin_of, ask):
    def slowly(transport, data):
        at_once(transport, data)
        time.sleep(0.02)  # the answer is there when the loop goes on

    origin = origin_of(hasty, put=slowly)
    exchange, first = ask(origin)
    ends = first.on_end
    first.on_end = lambda: (ends(), exchange.abort())  # as who wants nothing more, once it has all
    await first.outcome()

    for _ in range(3):
        _, ear = ask(origin)
        assert (await ear.outcome(), ear.body) == ("end", b"hello")
