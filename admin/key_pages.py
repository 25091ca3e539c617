"""The pages of keys that are made at run time."""

from admin.asked import Asked, Row
from admin.key_import import take_over
from admin.key_rows import rows_from, rows_of
from admin.keys import LARGEST_PAGE, USUAL_PAGE, Locksmith
from core.errors import Refusal

KEYS = "/api/v1/keys"


def key_pages(locksmith: Locksmith) -> tuple[Row, ...]:
    async def create(asked: Asked) -> object:
        return await locksmith.create(asked.fields())

    async def page(asked: Asked) -> object:
        return await locksmith.page(asked.query.get("after", ""), asked.whole("limit", USUAL_PAGE, 1, LARGEST_PAGE))

    async def show(asked: Asked) -> object:
        return await locksmith.show(asked.names[0])

    async def change(asked: Asked) -> object:
        return await locksmith.change(asked.names[0], asked.fields())

    async def revoke(asked: Asked) -> object:
        return await locksmith.revoke(asked.names[0])

    async def rotate(asked: Asked) -> object:
        return await locksmith.rotate(asked.names[0], asked.only("grace").get("grace"))

    async def bring(asked: Asked) -> object:
        rows = rows_of(_text(asked.raw)) if asked.kind == "text/csv" else rows_from(asked.json())
        return await take_over(locksmith, rows, try_only=asked.truth("dry_run"))

    return (
        Row("POST", KEYS, create),
        Row("GET", KEYS, page),
        Row("POST", f"{KEYS}/import", bring, kinds={"application/json", "text/csv"}),
        Row("GET", f"{KEYS}/{{}}", show),
        Row("PATCH", f"{KEYS}/{{}}", change),
        Row("DELETE", f"{KEYS}/{{}}", revoke),
        Row("POST", f"{KEYS}/{{}}/rotate", rotate),
    )


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Refusal(400, "The list is not UTF-8.", code="invalid_csv") from None
