"""What we say to a client that can't have what it asked for.

Refusal is the only exception that becomes an answer; everything else that reaches the edge is a bug.
"""

from collections.abc import Mapping
from typing import Any, Final

INVALID = "invalid_request_error"

TYPES: Mapping[int, str] = {
    401: "authentication_error",
    403: "permission_error",
    429: "rate_limit_error",
    503: "service_unavailable_error",
    504: "timeout_error",
}


def type_of(status: int) -> str:
    """OpenAI's `type` for a status."""
    return TYPES.get(status) or ("server_error" if status >= 500 else INVALID)


class Refusal(Exception):  # noqa: N818  (it is an answer, not an error of ours)
    """An answer in OpenAI's error shape. *headers* go out with it; *extra* is merged into the error object.

    *quoted*: the message is a provider's, who may repeat in it what the client wrote.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str | None = None,
        param: str | None = None,
        type: str | None = None,
        headers: Mapping[str, str] | None = None,
        extra: Mapping[str, Any] | None = None,
        quoted: bool = False,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code
        self.param = param
        self.type = type or type_of(status)
        self.headers = headers or {}
        self.extra = extra or {}
        self.quoted = quoted

    def noted(self, *, content: bool) -> str:
        """What a log may say of it; *content*: also what clients write."""
        if content or not self.quoted:
            return self.message
        names = ", ".join(f"{name} {each}" for name, each in (("code", self.code), ("param", self.param)) if each)
        return f"the provider's words, {len(self.message)} characters, were for the client{names and f' ({names})'}"

    def body(self) -> dict[str, Any]:
        error = {"message": self.message, "type": self.type, "param": self.param, "code": self.code}
        return {"error": {**error, **self.extra}}


BUG: Final = Refusal(500, "The gateway made a mistake. It has been logged.", code="internal_error")


def invalid(message: str, *, param: str | None = None, code: str | None = "invalid_value") -> Refusal:
    """The client wrote something wrong; *param* names it as OpenAI does (`messages.0.role`)."""
    return Refusal(400, message, code=code, param=param)
