"""Whatever is wrong with a request, the answer is one shape and names it."""

import orjson
import pytest

ADMIN = "the-key-of-the-operator"
CONFIG = """
admin: {key: the-key-of-the-operator}
providers: {demo: {dialect: demo}}
routes:
  m: demo/echo
  tried: {chain: [demo/echo], canary: {target: demo/fast, stages: [50%]}}
keys: {alice: {key: the-key-of-alice, budget: 10/month}}
"""
KEYS = "/api/v1/keys"
HUGE = "9" * 400
CHAT = b'{"model": "m", "messages": [{"role": "user", "content": "hi"}]}'


async def answer(gateway, method, path, body=b"", kind="application/json", key=ADMIN):
    """As it came over the wire: clients' libraries would mend what is wrong with a path."""
    path = path.encode("latin-1") if isinstance(path, str) else path
    head = b"%b %b HTTP/1.1\r\nhost: x\r\nauthorization: Bearer %b\r\nconnection: close\r\n" % (
        method.encode(),
        path,
        key.encode(),
    )
    if kind:
        head += b"content-type: %b\r\n" % kind.encode()
    raw = await gateway.raw(head + b"content-length: %d\r\n\r\n" % len(body) + body)
    lines, _, said = raw.partition(b"\r\n\r\n")
    return int(lines.split()[1]), orjson.loads(said) if said else None


WRONG = [
    # the path
    ("GET", f"{KEYS}/%zz", b"", 400, "invalid_encoding", "path"),
    ("GET", f"{KEYS}/100%", b"", 400, "invalid_encoding", "path"),
    ("GET", f"{KEYS}/%ff%fe", b"", 400, "invalid_encoding", "path"),
    ("GET", f"{KEYS}/%ED%A0%80", b"", 400, "invalid_encoding", "path"),
    ("GET", f"{KEYS}/a%00b", b"", 400, "invalid_encoding", "path"),
    ("GET", f"{KEYS}/nobody", b"", 404, "key_not_found", "name"),
    ("GET", f"{KEYS}/{'x' * 4000}", b"", 404, "key_not_found", "name"),
    ("GET", f"{KEYS}/a%2Fb", b"", 404, "key_not_found", "name"),
    ("GET", f"{KEYS}/import", b"", 405, "method_not_allowed", None),
    ("GET", "/api/v1/calls/%E2%80%AE", b"", 404, "call_not_found", "id"),
    ("POST", "/api/v1/canaries/m", b'{"action": "stop"}', 404, "canary_not_found", "route"),
    ("GET", "/api/v1x", b"", 404, "unknown_url", None),
    ("GET", "/api/v1/", b"", 404, "unknown_url", None),
    ("POST", "/v1/models/m", b"{}", 405, "method_not_allowed", None),
    ("PUT", "/v1/chat/completions", CHAT, 405, "method_not_allowed", None),
    # the query
    ("GET", f"{KEYS}?limit=%zz", b"", 400, "invalid_encoding", "limit"),
    ("GET", f"{KEYS}?after=%00", b"", 400, "invalid_encoding", "after"),
    ("GET", f"{KEYS}?after=%C3%28", b"", 400, "invalid_encoding", "after"),
    ("GET", f"{KEYS}?%zz=1", b"", 400, "invalid_encoding", "query"),
    ("GET", f"{KEYS}?limit={HUGE}", b"", 400, "invalid_value", "limit"),
    ("GET", f"{KEYS}?limit=-1", b"", 400, "invalid_value", "limit"),
    ("GET", f"{KEYS}?limit=1e2", b"", 400, "invalid_value", "limit"),
    ("GET", f"{KEYS}?limit=%D9%A1", b"", 400, "invalid_value", "limit"),
    ("GET", f"{KEYS}?limit=1&limit=2", b"", 400, "invalid_value", "limit"),
    ("GET", f"{KEYS}?limt=1", b"", 400, "unknown_parameter", "limt"),
    ("GET", "/api/v1/usage?key=a%00", b"", 400, "invalid_encoding", "key"),
    ("GET", "/api/v1/usage?key=nobody", b"", 404, "key_not_found", "key"),
    ("GET", "/api/v1/costs?period=year", b"", 400, "invalid_value", "period"),
    ("GET", "/api/v1/costs?zone=../../etc/passwd", b"", 400, "invalid_value", "zone"),
    ("GET", "/api/v1/costs/daily?days=3661", b"", 400, "invalid_value", "days"),
    ("GET", "/api/v1/costs/daily?zone=", b"", 400, "invalid_value", "zone"),
    ("GET", "/api/v1/forecast?key=alice&zone=Mars/North", b"", 400, "invalid_value", "zone"),
    ("GET", "/api/v1/calls?since=99999-01-01", b"", 400, "invalid_value", "since"),
    ("GET", "/api/v1/calls?most=0", b"", 400, "invalid_value", "most"),
    ("GET", "/api/v1/feedback?since=yesterday", b"", 400, "invalid_value", "since"),
    ("POST", "/api/v1/explain?endpoint=speech", CHAT, 400, "unknown_endpoint", "endpoint"),
    ("POST", "/api/v1/estimate?key=nobody", CHAT, 404, "key_not_found", "key"),
    ("GET", f"{KEYS}?{'&'.join(f'a{number}=' for number in range(101))}", b"", 400, "invalid_value", "query"),
    # the body
    ("POST", KEYS, b"{", 400, "invalid_json", None),
    ("POST", KEYS, b'{"name": "\xff"}', 400, "invalid_json", None),
    ("POST", KEYS, b'{"name": "\\ud800"}', 400, "invalid_json", None),
    ("POST", KEYS, b'{"name": "a\\u0000"}', 400, "invalid_value", "name"),
    ("POST", KEYS, b'{"name": "import"}', 400, "invalid_value", "name"),
    ("POST", KEYS, b"[" * 100_000, 400, "invalid_json", None),
    ("POST", KEYS, b'{"name": "a", "budget": [null]}', 400, "invalid_value", "budget[0]"),
    ("POST", KEYS, b'{"name": "a", "budget": {"usd": null}}', 400, "invalid_value", "budget.usd"),
    ("POST", KEYS, b'{"name": "a", "max_cost": %b}' % HUGE.encode(), 400, "invalid_json", None),
    ("POST", KEYS, b'{"name": "a", "max_cost": 1e308}', 400, "invalid_value", "max_cost"),
    ("POST", KEYS, b'{"name": "a", "max_cost": -1}', 400, "invalid_value", "max_cost"),
    ("POST", KEYS, b'{"name": "a", "limits": {"concurrent": 1e300}}', 400, "invalid_value", "limits.concurrent"),
    ("POST", KEYS, b'{"name": "a", "expires": "9999999-01-01"}', 400, "invalid_value", "expires"),
    ("POST", KEYS, b'{"name": "a", "bugdet": "5/day"}', 400, "invalid_value", "bugdet"),
    ("PATCH", f"{KEYS}/carol", b"[]", 400, "invalid_json", None),
    ("PATCH", f"{KEYS}/carol", b'{"key": "x"}', 400, "invalid_value", "key"),
    ("POST", f"{KEYS}/carol/rotate", b'{"grade": "0s"}', 400, "unknown_parameter", "grade"),
    ("POST", f"{KEYS}/carol/rotate", b'{"grace": 1e400}', 400, "invalid_json", None),
    ("POST", f"{KEYS}/carol/rotate", b'{"grace": [1]}', 400, "invalid_value", "grace"),
    ("POST", KEYS, b'{"name": "carol"}', 409, "key_exists", "name"),
    ("POST", "/api/v1/canaries/tried", b'{"action": {}}', 400, "invalid_value", "action"),
    ("POST", "/api/v1/canaries/tried", b'{"action": "stop", "now": 1}', 400, "unknown_parameter", "now"),
    ("POST", "/api/v1/feedback", b'{"id": "a", "score": 2}', 400, "invalid_value", "score"),
    ("POST", "/api/v1/feedback", b'{"id": "a", "score": 1e400}', 400, "invalid_json", None),
    ("POST", "/api/v1/feedback", b'{"id": "a\\u0000", "score": 1}', 400, "invalid_value", "id"),
    ("POST", "/api/v1/feedback", b'{"id": "a", "score": 1, "label": {}}', 400, "invalid_value", "label"),
    ("POST", "/api/v1/feedback", b'{"id": "a", "score": 1, "label": "\\u0000"}', 400, "invalid_value", "label"),
    ("POST", "/api/v1/feedback", b'{"id": "a", "scoer": 1}', 400, "unknown_parameter", "scoer"),
    ("POST", "/api/v1/estimate", b'{"model": "m"}', 400, "missing_required_parameter", "messages"),
    ("POST", "/api/v1/estimate", b'{"model": "m", "messages": [{"role": 1}]}', 400, "invalid_type", "messages.0.role"),
    ("POST", "/api/v1/explain", CHAT[:-1] + b', "max_tokens": -1}', 400, "invalid_type", "max_tokens"),
    ("POST", "/api/v1/explain", CHAT[:-1] + b', "n": %b}' % HUGE.encode(), 400, "invalid_json", None),
    (
        "POST",
        "/api/v1/explain",
        b'{"model": "\\u0000", "messages": [{"role": "user", "content": ""}]}',
        404,
        "model_not_found",
        "model",
    ),
]


@pytest.fixture
async def gateway(start):
    async with start(CONFIG) as gateway:
        await answer(gateway, "POST", KEYS, b'{"name": "carol"}')
        yield gateway


@pytest.mark.parametrize(("method", "path", "body", "status", "code", "param"), WRONG)
async def test_what_is_wrong_is_named(gateway, method, path, body, status, code, param):
    got, said = await answer(gateway, method, path, body)

    error = said["error"]
    assert (status, code, param) == (got, error["code"], error["param"])
    assert {"message", "type", "param", "code"} <= error.keys()
    assert error["message"]


@pytest.mark.parametrize(
    "path", [f"{KEYS}/\xff", "/api/v1/usage?key=\xff\xfe", "/v1/models/\xff", "/\xff", "/api/v1/\xed\xa0\x80"]
)
async def test_bytes_that_are_no_text_are_refused(gateway, path):
    status, said = await answer(gateway, "GET", path)

    assert status in {400, 404}
    assert said["error"]["message"]


@pytest.mark.parametrize(
    ("path", "body", "kind", "status"),
    [
        (KEYS, b'{"name": "a"}', "application/json; charset=utf-8", 200),
        (KEYS, b'{"name": "a"}', "application/merge-patch+json", 200),
        (KEYS, b'{"name": "a"}', "application/x-www-form-urlencoded", 200),
        (KEYS, b'{"name": "a"}', "", 200),
        (KEYS, b'{"name": "a"}', "text/plain", 415),
        (KEYS, b'{"name": "a"}', "text/csv", 415),
        (KEYS, b'{"name": "a"}', "application/json; charset=utf-16", 415),
        (KEYS, b"<a/>", "application/xml", 415),
        (f"{KEYS}/import", b"name,sha256\n", "text/csv", 200),
        (f"{KEYS}/import", b"<a/>", "application/xml", 415),
        (f"{KEYS}/carol/rotate", b"", "text/plain", 200),
    ],
)
async def test_a_body_is_of_a_kind_that_is_read(gateway, path, body, kind, status):
    got, said = await answer(gateway, "POST", path, body, kind)

    assert status == got
    if status == 415:
        assert ("unsupported_media_type", "content-type") == (said["error"]["code"], said["error"]["param"])


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/v1/chat/completions", "POST"),
        ("/models", "GET"),
        ("/v1/models/m", "GET"),
        ("/health", "GET"),
        ("/admin/reload", "POST"),
        (KEYS, "GET, POST"),
        (f"{KEYS}/carol", "DELETE, GET, PATCH"),
        (f"{KEYS}/import", "POST"),
    ],
)
async def test_what_is_allowed_is_said(gateway, path, allowed):
    refused = await gateway.request("PUT", path)
    asked = await gateway.request("OPTIONS", path)

    assert (405, allowed) == (refused.status, refused.headers["allow"])
    assert allowed == asked.headers["allow"]
