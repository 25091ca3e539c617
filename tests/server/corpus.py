"""Requests as they come over the wire: plain, odd and ambiguous, whole and in pieces."""

from dataclasses import dataclass, field

import orjson

PATH = "/v1/chat/completions"


@dataclass(frozen=True)
class Case:
    """*parts* are written one after another, with a pause between them; then the client waits, or leaves."""

    parts: tuple[bytes, ...]
    leaves: bool = False
    plain: bool = field(default=False, compare=False)  # the first part goes the short way


def chat(text: str = "hi", **fields: object) -> bytes:
    return orjson.dumps({"model": "m", "messages": [{"role": "user", "content": text}], **fields})


def post(*lines: str, body: bytes | None = None, path: str = PATH, length: str | None = "Content-Length") -> bytes:
    body = chat() if body is None else body
    head = [f"POST {path} HTTP/1.1", *lines]
    if length is not None:
        head.append(f"{length}: {len(body)}")
    return "\r\n".join(head).encode("latin-1") + b"\r\n\r\n" + body


def chunked(*pieces: bytes) -> bytes:
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in (*pieces, b""))


def once(*parts: bytes) -> Case:
    return Case(parts)


def plain(*parts: bytes) -> Case:
    return Case(parts, plain=True)


HOST, ALICE, BOB = "Host: x", "Authorization: Bearer key-of-alice", "Authorization: Bearer key-of-bob"
GOOD = post(HOST, ALICE)
HEAD, BODY = GOOD[: GOOD.index(b"{")], GOOD[GOOD.index(b"{") :]

PLAIN = {
    "a call": plain(GOOD),
    "a stream": plain(post(HOST, ALICE, body=chat(stream=True))),
    "embeddings": plain(post(HOST, ALICE, body=b'{"model":"m","input":"x"}', path="/v1/embeddings")),
    "without v1": plain(post(HOST, ALICE, path="/chat/completions")),
    "lower-case names": plain(post("host: x", "authorization: Bearer key-of-alice", length="content-length")),
    "upper-case names": plain(post("HOST: x", "AUTHORIZATION: BEARER key-of-alice", length="CONTENT-LENGTH")),
    "spaces around a value": plain(post(HOST, "Authorization:   Bearer key-of-alice  ")),
    "colons in values": plain(post(HOST, ALICE, "X-A: b: c: d", "X-B: ::")),
    "an empty value": plain(post(HOST, ALICE, "X-A: ")),
    "a value of a space": plain(post(HOST, ALICE, "X-A:  ")),
    "keep-alive": plain(post(HOST, ALICE, "Connection: keep-alive")),
    "Keep-Alive": plain(post(HOST, ALICE, "Connection: Keep-Alive")),
    "an id": plain(post(HOST, ALICE, "X-Request-Id: mine-1")),
    "an id that can't be used": plain(post(HOST, ALICE, "X-Request-Id: a b")),
    "an origin": plain(post(HOST, ALICE, "Origin: https://app.example.com")),
    "another origin": plain(post(HOST, ALICE, "Origin: https://evil.example.com")),
    "a priority": plain(post(HOST, ALICE, "X-Switchyard-Priority: low")),
    "a priority that doesn't exist": plain(post(HOST, ALICE, "X-Switchyard-Priority: urgent")),
    "no key": plain(post(HOST)),
    "a wrong key": plain(post(HOST, "Authorization: Bearer wrong")),
    "another scheme": plain(post(HOST, "Authorization: Basic a2V5")),
    "a name that looks like ours": plain(post(HOST, "X-Authorization: Bearer key-of-alice")),
    "a model that isn't there": plain(post(HOST, ALICE, body=chat(model="nope"))),
    "half a json": plain(post(HOST, ALICE, body=b'{"model":')),
    "a zero before the length": plain(GOOD.replace(b"Content-Length: ", b"Content-Length: 0")),
    "a body as large as it may be": plain(post(HOST, ALICE, body=chat("x" * 3900))),
    "a body that is too large": plain(post(HOST, ALICE, body=chat("x" * 5000))),
    "a body that is too large and never comes": plain(GOOD.split(b"Content")[0] + b"Content-Length: 5000\r\n\r\n"),
    "two calls, one after another": plain(GOOD, post(HOST, ALICE, body=chat("other"))),
    "two calls at once": plain(GOOD + post(HOST, ALICE, body=chat("other"))),
    "a stream and a call at once": plain(post(HOST, ALICE, body=chat(stream=True)) + GOOD),
    "five calls at once": plain(b"".join(post(HOST, ALICE, body=chat(f"n{n}")) for n in range(5))),
    "a call and half of another": plain(GOOD + GOOD[:60], GOOD[60:]),
    "a call and half of another's body": plain(GOOD + GOOD[:-20], GOOD[-20:]),
    "a body in three pieces": plain(HEAD, BODY[:10], BODY[10:40], BODY[40:]),
    "a body and the next head in one piece": plain(GOOD[:-20], GOOD[-20:] + GOOD),
    "another key on the same connection": plain(GOOD, post(HOST, BOB), post(HOST, ALICE, body=chat("third"))),
    "no key after a key": plain(GOOD, post(HOST), GOOD),
    "a key before no key": plain(post(HOST), GOOD),
    "a longer head after a known one": plain(GOOD, post(HOST, ALICE, "X-A: b")),
    "a key after the length": plain(
        post(HOST, ALICE),
        post(HOST, length=None).replace(b"\r\n\r\n", b"\r\nContent-Length: 59\r\n" + BOB.encode() + b"\r\n\r\n"),
    ),
    "another key after the length": plain(
        *(
            post(HOST, length=None).replace(
                b"\r\n\r\n", b"\r\nContent-Length: %d\r\n%b\r\n\r\n" % (len(BODY), key.encode())
            )
            for key in (ALICE, BOB, "Authorization: Bearer wrong")
        )
    ),
    "other lengths under the same head": plain(
        *(post(HOST, ALICE, body=chat("x" * size)) for size in (1, 10, 100, 1000))
    ),
    "a call, then a page": plain(GOOD, b"GET /v1/models HTTP/1.1\r\nHost: x\r\n" + ALICE.encode() + b"\r\n\r\n"),
    "a call and a page at once": plain(GOOD + b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n"),
    "a call, then nonsense": plain(GOOD, b"nonsense\r\n\r\n"),
    "a call, then one that closes": plain(GOOD, post(HOST, ALICE, "Connection: close")),
    "a slow body": plain(GOOD[:-20]),
    "a slow body without a key": plain(post(HOST)[:-20]),
    "a slow body with a wrong key": plain(post(HOST, "Authorization: Bearer wrong")[:-20]),
    "a refused body that comes after all": plain(post(HOST)[:-20], GOOD[-20:], GOOD),
    "who leaves in the middle of the body": Case((GOOD[:-20],), leaves=True, plain=True),
    "who leaves before the answer": Case((GOOD,), leaves=True, plain=True),
}

OTHER = {
    "an empty body": once(post(HOST, ALICE, body=b"")),
    "no length": once(post(HOST, ALICE, body=b"", length=None)),
    "no host": once(post(ALICE)),
    "two hosts": once(post(HOST, HOST, ALICE)),
    "no space after the colon": once(post("Host:x", "Authorization:Bearer key-of-alice")),
    "no space after one colon of two": once(post(HOST, "Authorization:Bearer key-of-alice", "X-A: b: c")),
    "a tab after the colon": once(post(HOST, "Authorization:\tBearer key-of-alice")),
    "a space before the colon": once(post(HOST, "Authorization : Bearer key-of-alice")),
    "a space in a name": once(post(HOST, ALICE, "X A: b")),
    "a line without a colon": once(post(HOST, ALICE, "X-A", "X-B: c: d")),
    "an empty name": once(post(HOST, ALICE, ": b")),
    "brackets in a name": once(post(HOST, ALICE, "X(A): b")),
    "a folded line": once(post(HOST, ALICE, "X-A: b\r\n c")),
    "a folded key": once(post(HOST, "Authorization: Bearer\r\n key-of-alice")),
    "a zero byte": once(post(HOST, ALICE, "X-A: b\x00c")),
    "latin-1": once(post(HOST, ALICE, "X-A: \xe9")),
    "a bare line feed": once(post(HOST, ALICE, "X-A: b\nX-B: c")),
    "a bare carriage return": once(post(HOST, ALICE, "X-A: b\rX-B: c")),
    "two keys": once(post(HOST, ALICE, BOB)),
    "the same key twice": once(post(HOST, ALICE, ALICE)),
    "two ids": once(post(HOST, ALICE, "X-Request-Id: a", "X-Request-Id: b")),
    "two content types": once(post(HOST, ALICE, "Content-Type: a/b", "Content-Type: c/d")),
    "two user agents": once(post(HOST, ALICE, "User-Agent: a", "User-Agent: b")),
    "two lengths": once(post(HOST, ALICE, f"Content-Length: {len(BODY) + 1}")),
    "the same length twice": once(post(HOST, ALICE, f"Content-Length: {len(BODY)}")),
    "a length with a sign": once(GOOD.replace(b"Content-Length: ", b"Content-Length: +")),
    "a negative length": once(post(HOST, ALICE, "Content-Length: -1", length=None)),
    "a length with an underscore": once(post(HOST, ALICE, "Content-Length: 5_9", length=None)),
    "a length of many digits": once(post(HOST, ALICE, "Content-Length: 99999999999999999999", length=None)),
    "chunks": once(
        post(HOST, ALICE, "Transfer-Encoding: chunked", body=b"", length=None) + chunked(BODY[:9], BODY[9:])
    ),
    "chunks and a length": once(post(HOST, ALICE, "Transfer-Encoding: chunked", body=chunked(BODY))),
    "chunks, then a plain call": once(
        post(HOST, ALICE, "Transfer-Encoding: chunked", body=b"", length=None) + chunked(BODY), GOOD
    ),
    "a bad chunk": once(post(HOST, ALICE, "Transfer-Encoding: chunked", body=b"zz\r\n", length=None)),
    "an unknown coding": once(post(HOST, ALICE, "Transfer-Encoding: zip", length=None)),
    "a compressed body": once(post(HOST, ALICE, "Content-Encoding: gzip")),
    "identity": once(post(HOST, ALICE, "Content-Encoding: identity")),
    "an expectation": once(post(HOST, ALICE, "Expect: 100-continue", body=b"", length=None)[:-2] + HEAD[-22:], BODY),
    "another expectation": once(post(HOST, ALICE, "Expect: tea")),
    "an upgrade": once(post(HOST, ALICE, "Connection: upgrade", "Upgrade: websocket")),
    "close": once(post(HOST, ALICE, "Connection: close")),
    "Close": once(post(HOST, ALICE, "connection: Close"), GOOD),
    "close behind a space": once(post(HOST, ALICE, "Connection:  close")),
    "close in a list": once(post(HOST, ALICE, "Connection: keep-alive, close")),
    "an old proxy's close": once(post(HOST, ALICE, "Proxy-Connection: close")),
    "an old version": once(GOOD.replace(b"HTTP/1.1", b"HTTP/1.0", 1)),
    "a version that isn't there": once(GOOD.replace(b"HTTP/1.1", b"HTTP/3.7", 1)),
    "a lower-case method": once(GOOD.replace(b"POST", b"post", 1)),
    "two spaces in the first line": once(GOOD.replace(b" HTTP", b"  HTTP", 1)),
    "a query": once(post(HOST, ALICE, path=f"{PATH}?a=b")),
    "a whole url": once(post(HOST, ALICE, path=f"http://x{PATH}")),
    "a line end before the request": once(b"\r\n" + GOOD),
    "a line end after the body": once(GOOD + b"\r\n", GOOD),
    "many lines": once(post(HOST, ALICE, *(f"X-{n}: y" for n in range(90)))),
    "too many lines": once(post(HOST, ALICE, *(f"X-{n}: y" for n in range(200)))),
    "a long line": once(post(HOST, ALICE, f"X-A: {'b' * 9000}")),
    "a line that is too long": once(post(HOST, ALICE, f"X-A: {'b' * 70000}")),
    "a body larger than the short way takes": once(post(HOST, ALICE, body=chat("x" * 300_000))),
    "a head in three pieces": once(GOOD[:5], GOOD[5:40], GOOD[40:]),
    "half a head": once(GOOD[:40]),
    "nothing": once(),
    "a page, then a call": once(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n", GOOD),
    "a page and a call at once": once(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n" + GOOD),
    "a page and half a head, then what looks like a call": once(
        b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\nGET /health/live HTTP/1.1\r\nX-A: ", GOOD
    ),
    "half a head, then what looks like a call": once(b"GET /health/live HTTP/1.1\r\nX-A: ", GOOD),
    "chunks and half a head, then what looks like a call": once(
        post(HOST, ALICE, "Transfer-Encoding: chunked", body=b"", length=None)
        + chunked(BODY)
        + b"GET / HTTP/1.1\r\nX-A: ",
        GOOD,
    ),
    "a body that looks like a call": once(
        post(HOST, ALICE, "Transfer-Encoding: chunked", body=b"", length=None) + b"%x\r\n" % len(GOOD), GOOD
    ),
    "a path that isn't there": once(post(HOST, ALICE, path="/v1/nothing")),
}
CORPUS = PLAIN | OTHER
# Cut at every byte, with the rest some time later.
CUT = {"a call": GOOD, "two calls": GOOD + post(HOST, BOB, body=chat("other")), "no key": post(HOST)}
