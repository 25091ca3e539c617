"""Signatures, byte by byte those of botocore, and what they cost those who need none."""

import subprocess
import sys
from datetime import UTC, datetime

import botocore.auth
import botocore.session
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest, AWSResponse
from botocore.credentials import Credentials

from adapters import ADAPTERS
from adapters.contract import Signature
from core.ask import Ask
from core.call import Call
from core.secret import Secret
from core.target import Provider, Target
from gateway.lane import Lane
from upstream.signing import Signer

NOW = 1_790_000_000.25
WHEN = datetime.fromtimestamp(NOW, UTC).replace(tzinfo=None)
ID, SECRET = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
HOST = "bedrock-runtime.eu-central-1.amazonaws.com"
PATHS = [
    "/model/anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse",
    "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3Ainference-profile%2Fus.amazon.nova-2-lite-v1%3A0/converse",
    "/model/a~b%20c%C3%A9/converse-stream",
    "/prefix/model/x/converse",
]
HEADERS = (("content-type", "application/json"), ("accept", "*/*"), ("x-amz-meta", "  a   b "), ("user-agent", "s"))


@pytest.fixture
def clock(monkeypatch):
    """Botocore asks the clock itself."""
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda: WHEN)


def signature(token=None):
    return Signature("bedrock", "eu-central-1", ID, Secret(SECRET), token and Secret(token))


def signed_by_botocore(url, host, body, token):
    """The headers that botocore adds for the same content."""
    headers = {"host": host, "content-type": "application/json", "x-amz-meta": "  a   b "}
    request = AWSRequest("POST", url, headers, body)
    SigV4Auth(Credentials(ID, SECRET, token), "bedrock", "eu-central-1").add_auth(request)
    return {name.lower(): value for name, value in request.headers.items()}


@pytest.mark.parametrize("token", [None, "IQoJb3JpZ2luX2VjE+/=="])
@pytest.mark.parametrize("body", [b"", b'{"messages":[]}', "Grüße €😀".encode()])
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("base", [f"https://{HOST}", "http://127.0.0.1:8443"])
@pytest.mark.usefixtures("clock")
def test_a_signature_is_that_of_botocore(base, path, body, token):
    host = base.partition("//")[2]

    signed = dict(Signer(signature(token), base, host).signed(path, HEADERS, body, NOW))

    theirs = signed_by_botocore(base + path, host, body, token)
    assert {**dict(HEADERS), **theirs} == {**signed, "host": host}


def test_every_moment_and_every_body_has_a_signature_of_its_own():
    signer = Signer(signature(), f"https://{HOST}", HOST)

    signed = {
        dict(signer.signed(PATHS[0], HEADERS, body, now))["authorization"]
        for body in (b"a", b"b")
        for now in (NOW, NOW + 1)
    }

    assert 4 == len(signed)


# The whole way: what a lane sends, beside what AWS's own client sends for the same call


class Line:
    """A network that keeps what was sent."""

    def send(self, head, body, sink, connect=None):
        self.sent = head, body
        return self


def lane(key, **options):
    provider = Provider(
        name="aws",
        dialect="bedrock",
        base_url=f"https://{HOST}",
        keys=(Secret(key),),
        options={"region": "eu-central-1", **options},
    )
    return Lane(provider, ADAPTERS["bedrock"].make(provider), Line())


def sent(key, model):
    """Path, headers and body of a call as they go out."""
    way = lane(key)
    call = Call("chat", "m", {"model": "m", "messages": [{"role": "user", "content": "hi"}]})
    way.send(way.adapter.encode(Ask(call, Target("aws", model))), 0, None)
    head, body = way.sender.sent
    line, *lines = head.decode("latin-1").strip().split("\r\n")
    return line.split(" ")[1], dict(one.split(": ", 1) for one in lines), body


class Nothing:
    """An answer as short as can be."""

    def stream(self):
        yield b"{}"


def sent_by_botocore(model, token=None):
    """The same of AWS's own client, which never gets to the network."""
    caught = []

    def catch(request, **_):
        caught.append(request)
        return AWSResponse(request.url, 200, {}, Nothing())

    session = botocore.session.Session()
    session.set_credentials(ID, SECRET, token)
    session.set_config_variable("region", "eu-central-1")
    client = session.create_client("bedrock-runtime")
    client.meta.events.register("before-send.bedrock-runtime.Converse", catch)
    client.converse(modelId=model, messages=[{"role": "user", "content": [{"text": "hi"}]}])
    client.close()
    return caught[0]


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize("token", [None, "IQoJb3JpZ2luX2VjE+/=="])
@pytest.mark.parametrize(
    "model",
    [
        "amazon.nova-pro-v1:0",
        "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.amazon.nova-2-lite-v1:0",
        "prompt_router-x.y~z",
    ],
)
def test_aws_sees_the_same_path_and_the_same_credential_as_from_its_own_client(monkeypatch, model, token):
    monkeypatch.setattr("gateway.lane.time.time", lambda: NOW)
    key = f"{ID}:{SECRET}:{token}" if token else f"{ID}:{SECRET}"

    path, headers, body = sent(key, model)
    theirs = sent_by_botocore(model, token)

    assert theirs.url == f"https://{HOST}{path}"
    assert b'{"messages":[{"role":"user","content":[{"text":"hi"}]}]}' == body
    # Theirs is signed over a body with blanks, so the scope is the same and the proof is not.
    scope, names, _ = headers["authorization"].split(", ")
    their_scope, their_names, _ = theirs.headers["Authorization"].decode().split(", ")
    assert (their_scope, their_names) == (scope, names)
    assert theirs.headers["X-Amz-Date"].decode() == headers["x-amz-date"]
    assert (token or "") == headers.get("x-amz-security-token", "")
    assert f"Signature={headers['authorization'].rpartition('=')[2]}" == _proof(path, body, token)


def _proof(path, body, token):
    request = AWSRequest("POST", f"https://{HOST}{path}", {"content-type": "application/json"}, body)
    SigV4Auth(Credentials(ID, SECRET, token), "bedrock", "eu-central-1").add_auth(request)
    return request.headers["Authorization"].split(", ")[2]


def test_an_api_key_is_a_header_and_signs_nothing():
    _, headers, _ = sent("ABSKQmVkcm9ja0FQSUtleS1hYmM6ZGVm=", "amazon.nova-pro-v1:0")

    assert "Bearer ABSKQmVkcm9ja0FQSUtleS1hYmM6ZGVm=" == headers["authorization"]
    assert "x-amz-date" not in headers


@pytest.mark.parametrize(
    ("key", "imported"),
    [("sk-openai", False), ("ABSKQmVkcm9ja0FQSUtleS1hYmM6ZGVm=", False), (f"{ID}:{SECRET}", True)],
)
def test_only_who_signs_waits_for_botocore(key, imported):
    dialect = "openai" if key.startswith("sk-") else "bedrock"
    script = f"""
import sys
import proxy, gateway.house
from adapters import ADAPTERS
from core.secret import Secret
from core.target import Provider
from gateway.lane import Lane
provider = Provider(name="a", dialect={dialect!r}, base_url="https://x.test", keys=(Secret({key!r}),))
Lane(provider, ADAPTERS[{dialect!r}].make(provider), None)
print("botocore" in sys.modules)
"""

    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert f"{imported}\n" == ran.stdout
