"""The calls that a build is fitted to: all have to be answered rightly, or nothing is learnt from them."""

from pathlib import Path

import pytest

from compiling import exercise as module
from compiling.exercise import CONNECTIONS, KEYS, KINDS, Unfit, exercise
from compiling.found import NEVER

HOME = Path(__file__).resolve().parents[2]
FEW = {name: kind._replace(calls=1) for name, kind in KINDS.items()}
ANSWERING = """
import re, sys
from http.server import BaseHTTPRequestHandler, HTTPServer

class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response({status})
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"no")

port = int(re.search("port: ([0-9]+)", open(sys.argv[2]).read())[1])
HTTPServer(("127.0.0.1", port), Handler).serve_forever()
"""


@pytest.fixture
def few(monkeypatch):
    monkeypatch.setattr(module, "KINDS", FEW)


def test_the_gateway_answers_all_kinds_of_calls(few):
    assert exercise(HOME, NEVER) == CONNECTIONS * len(KEYS) * len(KINDS)


@pytest.mark.parametrize(
    ("program", "why"),
    [
        ("print('nothing to see'); raise SystemExit(3)", "(?s)the gateway ended with 3.*nothing to see"),
        (ANSWERING.format(status=500), "a call was answered with b'http/1.1 500 .*no'"),
        ("", "the gateway ended with 0"),
    ],
)
def test_what_does_not_serve_is_unfit_and_its_words_are_told(tmp_path, few, program, why):
    (tmp_path / "proxy.py").write_text(program)

    with pytest.raises(Unfit, match=why):
        exercise(tmp_path, NEVER)


def test_a_whole_answer_in_place_of_a_stream_is_unfit(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "KINDS", {"at-once": FEW["at-once"]})
    (tmp_path / "proxy.py").write_text(ANSWERING.format(status=200))

    with pytest.raises(Unfit, match=r"a call was answered with b'http/1.1 200 .*no'"):
        exercise(tmp_path, NEVER)
