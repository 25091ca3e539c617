"""What a provider says of a failure, without what only it and the gateway may know."""

import base64
from urllib.parse import quote, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters import ADAPTERS
from adapters.discretion import Discretion
from core.faults import Failure, Fault
from core.secret import Secret
from core.target import Provider

KEY = "plainSECRETnodigits"
ODD = "sk-provSECRET/+2=x"
AWS = "AKIDEXAMPLE:wJalrXUtnFEMI/K7MDENGbPxRfiCY:tokenOFaSESSION"


def discretion(*keys, **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Discretion(Provider(name="lab", dialect="openai", keys=tuple(map(Secret, keys)), headers=named))


def encoded(text):
    return base64.b64encode(text.encode()).decode()


SAID = {
    "as it is": (f"the key {KEY} is wrong", "the key *** is wrong"),
    "a second one": (f"{ODD} is wrong", "*** is wrong"),
    "twice": (f"{KEY}, {KEY}", "***, ***"),
    "two in a row": (KEY + ODD, "***"),
    "in other letters": (KEY.upper(), "***"),
    "its beginning": (f"wrong: {KEY[:12]}...", "wrong: ***..."),
    "its end": (f"wrong: ...{KEY[-9:]}", "wrong: ...***"),
    "cut off": (f"wrong: {KEY[:-1]}", "wrong: ***"),
    "of an address": (f"?key={quote(ODD, safe='')}&a=b", "?key=***&a=b"),
    "in base64": (f"said {encoded(KEY)[:24]}", "said ***"),
    "the secret of AWS": ("wJalrXUtnFEMI/K7MDENGbPxRfiCY", "***"),
    "the token of AWS": ("tokenOFaSESSION", "***"),
    "a few characters": (f"it ends with {KEY[-4:]}", f"it ends with {KEY[-4:]}"),
    "nothing of it": ("the model is unknown", "the model is unknown"),
    "nothing": ("", ""),
}


@pytest.mark.parametrize(("said", "shown"), SAID.values(), ids=SAID.keys())
def test_keys_are_known_by_what_they_are(said, shown):
    kept = discretion(KEY, ODD, AWS).kept(Failure(Fault.BROKEN, said))

    assert shown == kept.message


@pytest.mark.parametrize("before", ["", ":", "u:", "me:", "user:"])
def test_a_key_in_base64_is_found_with_whatever_stands_before_it(before):
    masked = discretion(KEY).masked(f"said {encoded(before + KEY + ':x')}")

    assert not any(encoded(before + KEY)[at : at + 8] in masked for at in range(8, 20))


HEADERS = {
    "a secret": ("x-secret", "hdr-SECRET_value", True),
    "a user and a password": ("authorization", "Basic " + encoded("me:my-password"), True),
    "no base64 at all": ("authorization", "Basic abcde", True),
    "who asks": ("HTTP-Referer", "my-own-site", False),
    "a content type": ("x-accept", "application/vnd.lab+json; v=1", False),
    "a version": ("x-version", "2024-10-21-preview", False),
    "a short word": ("x-tier", "gold", False),
}


@pytest.mark.parametrize(("name", "value", "private"), HEADERS.values(), ids=HEADERS.keys())
def test_headers_of_the_operator_are_private_but_for_what_says_how_to_talk(name, value, private):
    masked = discretion(KEY, **{name: value}).masked(f"what is {value}?")

    assert ("what is ***?" if private else f"what is {value}?") == masked


def test_what_a_basic_header_means_is_private_as_well():
    assert "me and ***" == discretion(authorization="Basic " + encoded("me:my-password")).masked("me and my-password")


def test_a_setting_that_is_a_key_is_one():
    provider = Provider(name="lab", dialect="portkey", options={"virtual_key": "open-sesame", "provider": "@openai"})

    assert "*** at @openai" == Discretion(provider).masked("open-sesame at @openai")


@pytest.mark.parametrize(
    "token",
    [
        "s3cr3t-path-token",
        "9f1c2d3e-5b6a-4c7d-8e9f-0a1b2c3d4e5f",
        "hqzXwPlmTrBdLq",
        "qwertzuiopasdfghjkly",
        "a%2Fb9%3Dc",
    ],
)
def test_a_part_of_the_address_that_nobody_could_guess_is_private(token):
    lab = Discretion(Provider(name="lab", dialect="openai", base_url=f"https://lab.test/{token}/v1"))

    assert "no tenant ***, *** or ***" == lab.masked(f"no tenant {token}, {unquote(token)} or {token.upper()}")


@pytest.mark.parametrize(
    "path",
    [*("", "/", "/openai/deployments/gpt-4o-mini", "/models/mistralai/Mistral-7B-Instruct-v0.2/v1", "/v1beta2/my_lab")]
    + [urlsplit(adapter.base_url).path for adapter in ADAPTERS.values()],
)
def test_words_and_versions_in_an_address_are_ordinary_ones(path):
    lab = Discretion(Provider(name="lab", dialect="openai", base_url=f"https://lab.test{path}"))

    assert f"what is {path} for?" == lab.masked(f"what is {path} for?")


@pytest.mark.parametrize("name", ["code", "type", "param"])
def test_a_code_that_holds_a_secret_is_left_out(name):
    kept = discretion(KEY).kept(Failure(Fault.BROKEN, "no", status=400, **{name: f"a {KEY}"}))

    assert Failure(Fault.BROKEN, "no", status=400) == kept


def test_a_failure_without_a_secret_is_the_same_one():
    failure = Failure(Fault.BROKEN, "no", status=400, code="a", type="b", param="c")

    assert discretion(KEY).kept(failure) is failure


def test_what_is_too_short_for_a_secret_is_an_ordinary_word():
    assert "a model" == discretion("model").masked("a model")


@given(
    st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=6, max_size=40),
    st.text(max_size=30),
    st.text(max_size=30),
)
def test_no_key_is_ever_shown(key, before, after):
    masked = discretion(key).masked(f"{before}{key}{after}")

    assert key not in masked
    assert quote(key, safe="") not in masked or quote(key, safe="") in f"{before}***{after}"
