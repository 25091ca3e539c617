"""Keys that are made at run time."""

from typing import Final

from admin.shapes.words import TEXT, named
from admin.told.operation import JSON, Operation, Told, asked, truth, whole, within

TAG: Final = "Keys"
KEYS: Final = "/api/v1/keys"
NAMED: Final = within("name", "the key's name")
OPERATIONS: Final[Told] = {
    ("GET", KEYS): Operation(
        summary="Keys, by name",
        tag=TAG,
        answers=named("Keys"),
        parameters=(
            asked("after", "those whose names follow this one"),
            whole("limit", "how many", 100, least=1, most=1000),
        ),
        may=(503,),
    ),
    ("POST", KEYS): Operation(
        summary="Make a key",
        tag=TAG,
        answers=named("NewKey"),
        body=named("KeyWish"),
        example={"name": "dora", "models": ["smart"], "budget": {"usd": 50, "per": "month"}},
        body_needed=True,
        may=(409, 503),
        more="Its secret is in the answer, once; not if `sha256` said whose it is.",
    ),
    ("POST", f"{KEYS}/import"): Operation(
        summary="Take over many keys by their sha256: all or none",
        tag=TAG,
        answers=named("Import"),
        example=[{"name": "emil", "sha256": f"{1:064x}", "budget": "50/month"}],
        body_kinds={JSON: named("KeyRows"), "text/csv": TEXT},
        body_needed=True,
        parameters=(truth("dry_run", "true: only say what would become of them"),),
        may=(503,),
    ),
    ("GET", f"{KEYS}/{{name}}"): Operation(
        summary="One key", tag=TAG, answers=named("Key"), parameters=(NAMED,), may=(404, 503)
    ),
    ("PATCH", f"{KEYS}/{{name}}"): Operation(
        summary="Change some of its fields",
        tag=TAG,
        answers=named("Key"),
        body=named("KeyPatch"),
        example={"max_cost": 2.5, "models": None},
        parameters=(NAMED,),
        may=(404, 409, 503),
    ),
    ("DELETE", f"{KEYS}/{{name}}"): Operation(
        summary="Revoke it", tag=TAG, answers=named("Revoked"), parameters=(NAMED,), may=(404, 503)
    ),
    ("POST", f"{KEYS}/{{name}}/rotate"): Operation(
        summary="Give it a new secret",
        tag=TAG,
        answers=named("NewKey"),
        body=named("Grace"),
        example={"grace": "1h"},
        parameters=(NAMED,),
        may=(404, 409, 503),
    ),
}
