"""The door of the operators' page: what it hands out, to whom it opens, and where its cookie is good."""

import gzip

import pytest

from admin.sessions import COOKIE, TOKEN
from gateway.desk.dashboard import FOLDER, POLICY

KEY = "the-key-of-the-operator"
ADMIN = {"authorization": f"Bearer {KEY}"}
CONFIG = f"admin: {{key: {KEY}}}\nproviders: {{demo: {{}}}}\nroutes: {{demo: demo/echo}}\n"
FILES = sorted(str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*") if path.suffix)


async def enter(gateway, key=KEY, **headers):
    return await gateway.request(
        "POST", "/dashboard/login", {"key": key}, **{"content-type": "application/json", **headers}
    )


async def session(gateway):
    """The header lines of somebody who is in."""
    answer = await enter(gateway)
    return {"cookie": answer.headers["set-cookie"].split(";")[0], TOKEN: answer.body["token"]}


@pytest.mark.parametrize("name", ["", *FILES])
async def test_every_file_comes_with_a_policy_that_allows_no_other_host(start, name):
    async with start(CONFIG) as gateway:
        answer = await gateway.get(f"/dashboard/{name}")

    assert (200, (FOLDER / (name or "index.html")).read_bytes()) == (answer.status, answer.raw)
    assert POLICY == answer.headers["content-security-policy"]
    assert ("nosniff", "no-referrer") == (answer.headers["x-content-type-options"], answer.headers["referrer-policy"])
    assert "unsafe" not in POLICY


async def test_the_page_is_below_its_folder_whatever_stands_before(start):
    async with (
        start(CONFIG) as gateway,
        gateway.session.get(gateway.url + "/dashboard", allow_redirects=False) as answer,
    ):
        assert (308, "dashboard/") == (answer.status, answer.headers["location"])


async def test_what_the_browser_has_is_not_sent_again(start):
    async with start(CONFIG) as gateway:
        first = await gateway.get("/dashboard/app.js")
        again = await gateway.get("/dashboard/app.js", **{"if-none-match": first.headers["etag"]})

    assert (304, b"") == (again.status, again.raw)


async def test_text_is_sent_compressed_to_those_who_can_read_it(start):
    async with start(CONFIG) as gateway:
        plain = await gateway.raw(b"GET /dashboard/app.js HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        small = await gateway.raw(
            b"GET /dashboard/app.js HTTP/1.1\r\nhost: x\r\naccept-encoding: gzip\r\nconnection: close\r\n\r\n"
        )

    assert gzip.decompress(small.partition(b"\r\n\r\n")[2]) == plain.partition(b"\r\n\r\n")[2]
    assert len(small) < len(plain)


@pytest.mark.parametrize(
    "path",
    [
        "/dashboard/../proxy.py",
        "/dashboard/%2e%2e/proxy.py",
        "/dashboard/uplot",
        "/dashboards",
        "/dashboard//app.js",
        "/dashboard/app.js/",
    ],
)
async def test_nothing_else_is_handed_out(start, path):
    async with start(CONFIG) as gateway:
        got = await gateway.raw(f"GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n".encode())

    assert got.startswith(b"HTTP/1.1 404")


async def test_a_file_that_was_changed_is_read_again(start, tmp_path):
    async with start(CONFIG) as gateway:
        dashboard = gateway.house._pages._doors["/dashboard"].__self__
        copy = tmp_path / "look.css"
        dashboard._paths["look.css"] = copy
        copy.write_text("one")
        before = await gateway.get("/dashboard/look.css")
        copy.write_text("another")
        after = await gateway.get("/dashboard/look.css")

    assert (b"one", b"another") == (before.raw, after.raw)


async def test_the_cookie_is_for_the_browser_alone(start):
    async with start(CONFIG) as gateway:
        plain = (await enter(gateway)).headers["set-cookie"]
        secure = (await enter(gateway, **{"x-forwarded-proto": "https"})).headers["set-cookie"]

    assert plain.endswith("; HttpOnly; SameSite=Strict")
    assert secure.endswith("; HttpOnly; SameSite=Strict; Secure")


async def test_a_wrong_key_opens_nothing_and_six_of_them_make_wait(start):
    async with start(CONFIG) as gateway:
        answers = [await enter(gateway, "wrong") for _ in range(6)]

    assert [401] * 5 + [429] == [answer.status for answer in answers]
    assert not any("set-cookie" in answer.headers for answer in answers)


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"key=x", {"content-type": "application/x-www-form-urlencoded"}, 403),
        (b"{}", {"content-type": "application/json"}, 400),
        (b"[]", {"content-type": "application/json"}, 400),
        (b"{", {"content-type": "application/json"}, 400),
        (b'{"key": 5}', {"content-type": "application/json"}, 400),
        (b'{"key": "x"}', {"content-type": "application/json", "sec-fetch-site": "cross-site"}, 403),
        (b" " * 5000, {"content-type": "application/json"}, 413),
    ],
)
async def test_what_is_no_login_of_our_page_is_refused(start, body, headers, status):
    async with start(CONFIG) as gateway:
        assert status == (await gateway.request("POST", "/dashboard/login", body, **headers)).status


@pytest.mark.parametrize(("method", "path"), [("POST", "/dashboard/app.js"), ("DELETE", "/dashboard/")])
async def test_files_are_only_read(start, method, path):
    async with start(CONFIG) as gateway:
        assert 405 == (await gateway.request(method, path)).status


async def test_the_cookie_is_the_operator_below_api_v1_and_nobody_elsewhere(start):
    config = CONFIG + "keys: {alice: {key: the-key-of-alice}}\nserver: {metrics_key: for-metrics}\n"
    async with start(config) as gateway:
        mine = await session(gateway)
        inside = await gateway.get("/api/v1/keys", **mine)
        outside = [await gateway.get(path, **mine) for path in ("/v1/models", "/metrics")]
        reload = await gateway.request("POST", "/admin/reload", **mine)
        call = await gateway.chat("demo", headers=mine)

    assert 200 == inside.status
    assert [401, 401, 401, 401] == [answer.status for answer in (*outside, reload, call)]


async def test_a_change_needs_the_token_beside_the_cookie(start):
    async with start(CONFIG) as gateway:
        mine = await session(gateway)
        without = {"cookie": mine["cookie"]}
        refused = await gateway.request("POST", "/api/v1/keys", {"name": "eve"}, **without)
        made = await gateway.request("POST", "/api/v1/keys", {"name": "carol"}, **mine)
        names = [key["name"] for key in (await gateway.get("/api/v1/keys", **without)).body["data"]]

    assert (403, "csrf_token_invalid") == (refused.status, refused.body["error"]["code"])
    assert (200, ["carol"]) == (made.status, names)


async def test_logging_out_ends_the_session(start):
    async with start(CONFIG) as gateway:
        mine = await session(gateway)
        told = (await gateway.get("/dashboard/session", **mine)).body
        forged = await gateway.request("POST", "/dashboard/logout", cookie=mine["cookie"])
        out = await gateway.request("POST", "/dashboard/logout", **mine)
        after = await gateway.get("/api/v1/keys", **mine)
        nobody = (await gateway.get("/dashboard/session", **mine)).body

    assert mine[TOKEN] == told["token"]
    assert (403, 204, 401) == (forged.status, out.status, after.status)
    assert f"{COOKIE}=; Path=/; Max-Age=0" in out.headers["set-cookie"]
    assert nobody["token"] is None


async def test_a_new_admin_key_ends_all_sessions(start):
    async with start(CONFIG) as gateway:
        mine = await session(gateway)
        gateway.config.write_text(CONFIG.replace(KEY, "another-key-of-the-operator"))
        await gateway.request("POST", "/admin/reload", **ADMIN)

        assert 401 == (await gateway.get("/api/v1/keys", **mine)).status


@pytest.mark.parametrize(
    ("method", "path", "status", "allowed"),
    [
        ("GET", "/dashboard/login", 405, "POST"),
        ("GET", "/dashboard/logout", 405, "POST"),
        ("POST", "/dashboard/session", 405, "GET"),
        ("POST", "/dashboard", 405, "GET"),
        ("OPTIONS", "/dashboard/app.js", 405, "GET"),
        ("GET", "/dashboard/nothing.js", 404, None),
        ("PUT", "/dashboard/nothing.js", 404, None),
        ("POST", "/graphql/page.js", 405, "GET"),
        ("PUT", "/graphql", 405, "GET, POST"),
        ("PUT", "/graphql/nothing", 404, None),
    ],
)
async def test_a_wrong_method_is_told_the_right_ones(start, method, path, status, allowed):
    async with start(CONFIG) as gateway:
        answer = await gateway.request(method, path, **ADMIN)

    assert (status, allowed) == (answer.status, answer.headers.get("allow"))
