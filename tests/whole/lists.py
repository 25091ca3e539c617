"""Providers that list their models, and a gateway's own list."""

from tests.whole.provider import Play, ok, says

CONFIG = """
admin: {{key: secret-of-operator}}
providers:
  lab: {{dialect: openai, api_key: [sk-one, sk-two], base_url: "{url}", discover: 1s, organization: org-7}}
auto: off
routes:
  m: lab/a
  "my-*": lab/*
"""
OPERATOR = {"authorization": "Bearer secret-of-operator"}


def lists(*ids: str, **fields: object) -> Play:
    return says(200, {"object": "list", "data": [{"id": id, "object": "model", **fields} for id in ids]})


def shelf(*plays: Play, calls: Play | None = None) -> Play:
    """*plays* are used up by questions for the list, the last one stays; calls get the other."""
    left = list(plays)

    async def play(request, writer):
        if request.path.startswith("/v1/models"):
            await (left.pop(0) if len(left) > 1 else left[0])(request, writer)
        else:
            await (calls or ok())(request, writer)

    return play


async def names(gateway, **who: str) -> list[str]:
    page = await gateway.get("/v1/models", **who)
    assert 200 == page.status
    return [entry["id"] for entry in page.body["data"]]


async def listed(gateway, name: str) -> bool:
    return name in await names(gateway)


async def reload(gateway, text: str) -> None:
    gateway.config.write_text(text)
    result = await gateway.request("POST", "/admin/reload", **OPERATOR)
    assert 200 == result.status, result.body
