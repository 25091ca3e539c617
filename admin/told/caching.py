"""Answers that are kept."""

from typing import Final

from admin.shapes.words import named
from admin.told.operation import Operation, Told, asked, truth

TAG: Final = "Cache"
OPERATIONS: Final[Told] = {
    ("GET", "/api/v1/cache"): Operation(
        summary="How much kept answers are used",
        tag=TAG,
        answers=named("Cache"),
        parameters=(truth("samples", "true: with questions that were held to be alike"),),
        may=(503,),
    ),
    ("DELETE", "/api/v1/cache"): Operation(
        summary="Forget answers: those that fit every name that is said, or all",
        tag=TAG,
        answers=named("Forgotten"),
        parameters=(
            asked("key", "those of this key"),
            asked("route", "of this route"),
            asked("model", "of this model, by the name that was asked for or the target that answered"),
            asked("tag", "with this tag"),
            truth("all", "true: all, without any name"),
        ),
        may=(408, 413, 415, 503),
    ),
}
