"""AWS's way to tell who is calling: each request is signed with a secret that never travels.

The arithmetic is botocore's. It takes a tenth of a second to import, so that only who has such a credential does.
"""

from datetime import UTC, datetime
from typing import Final

from adapters.contract import Signature
from core.wire import Headers

STAMP: Final = "%Y%m%dT%H%M%SZ"


class Signer:
    """Signs with one credential, for one address (`https://host`)."""

    __slots__ = ("_auth", "_base", "_host", "_request", "_token")

    def __init__(self, signature: Signature, base: str, host: str) -> None:
        from botocore.auth import SigV4Auth  # noqa: PLC0415  (see above)
        from botocore.awsrequest import AWSRequest  # noqa: PLC0415
        from botocore.credentials import Credentials  # noqa: PLC0415

        credentials = Credentials(signature.access_key, signature.secret_key.reveal())
        self._auth = SigV4Auth(credentials, signature.service, signature.region)
        self._request = AWSRequest
        self._token = None if signature.token is None else signature.token.reveal()
        self._base = base
        self._host = host

    def signed(self, path: str, headers: Headers, body: bytes, now: float) -> Headers:
        """*headers* with what proves who sends them at *now* (unix time). *path* is the whole of it, already encoded.

        What is said of the content is signed, and all that is AWS's; the rest may change on its way, as proxies like.
        """
        stamp = datetime.fromtimestamp(now, UTC).strftime(STAMP)
        added = {"x-amz-date": stamp} | ({"x-amz-security-token": self._token} if self._token is not None else {})
        fixed = {name: value for name, value in headers if name == "content-type" or name.startswith("x-amz-")}
        auth = self._auth
        request = self._request("POST", self._base + path, {"host": self._host, **fixed, **added}, body)
        # What SigV4Auth.add_auth does, which would ask the clock itself.
        request.context["timestamp"] = stamp
        proof = auth.signature(auth.string_to_sign(request, auth.canonical_request(request)), request)
        names = auth.signed_headers(auth.headers_to_sign(request))
        authorization = f"AWS4-HMAC-SHA256 Credential={auth.scope(request)}, SignedHeaders={names}, Signature={proof}"
        return (*headers, *added.items(), ("authorization", authorization))
