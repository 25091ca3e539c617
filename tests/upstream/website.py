"""A website of paths with answers, for what is fetched."""

import base64

import pytest

from upstream.fetch import Limits, Unfetchable

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + b"x" * 100
PDF = b"%PDF-1.7 rest"
WITHIN = Limits(allow_private=True, most=10_000, within=3.0)
PUBLIC = WITHIN._replace(allow_private=False)


def says(body=PNG, kind="image/png", *, status=200, headers="", length=True):
    size = f"content-length: {len(body)}\r\n" if length else ""
    kind = f"content-type: {kind}\r\n" if kind else ""
    head = f"HTTP/1.1 {status} Whatever\r\n{kind}{size}{headers}\r\n"
    return head.encode() + body


def leads(to, status=302):
    return says(b"", "", status=status, headers=f"location: {to}\r\n")


def hangs(piece=b""):
    """Sends *piece* and nothing more, until the client leaves."""

    async def answer(reader, writer):
        writer.write(piece)
        await reader.read()

    return answer


class Site:
    """Answers by path. *answers* may be bytes, or what gets the reader and the writer."""

    def __init__(self):
        self.answers = {}
        self.asked = []
        self.heads = []
        self.open = 0

    async def __call__(self, peer, reader, writer):
        del peer
        self.open += 1
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            path = head.split(" ")[1]
            self.heads.append(head.lower())
            self.asked.append(path)
            answer = self.answers[path]
            if isinstance(answer, bytes):
                writer.write(answer)
                await writer.drain()
            else:
                await answer(reader, writer)
        finally:
            self.open -= 1


async def why(fetcher, url, limits=WITHIN):
    with pytest.raises(Unfetchable) as failure:
        await fetcher.fetch([url], limits)
    assert failure.value.url == url
    return failure.value.why


def coded(data):
    return base64.b64encode(data).decode()
