"""What can't be read, what is left, and how the commands end."""

import json
from itertools import pairwise

import pytest

from gateway.commands.moving import LARGEST
from gateway.generation import DIALECTS
from moving import litellm, portkey
from tests.moving.conftest import command

# A few lines that unfold into millions of values.
LAUGHS = "a: &a [x]\n" + "".join(
    f"{name}: &{name} [{','.join(['*' + one] * 9)}]\n" for one, name in pairwise("abcdefgh")
)
COMMANDS = ["import-litellm", "import-portkey"]


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: [1\n", "theirs:2: is not valid YAML"),
        ("- a\n", "theirs:1: expected a mapping, got a list"),
        ("just words\n", "theirs:1: expected a mapping, got text"),
        ('{"a": 1, "a": 2}\n', "theirs:1: a: stands here and on line 1"),
        ("a: !!python/object:os.system {}\n", "theirs:1: a: tags (words that begin with !)"),
        (LAUGHS, "theirs:6:"),
        ("[" * 5000, "theirs:"),
    ],
)  # fmt: skip
def test_what_is_no_configuration_is_refused_with_its_line(tmp_path, monkeypatch, name, text, told):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "theirs").write_text(text)

    done = command(name, "theirs")

    assert (2, "") == (done.code, done.out)
    assert done.err.startswith(told)
    assert "Traceback" not in done.err


@pytest.mark.parametrize("name", COMMANDS)
def test_a_file_that_is_not_there_is_named(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)

    done = command(name, "nowhere.yaml")

    assert (1, "nowhere.yaml: No such file or directory\n") == (done.code, done.err)


def test_a_file_that_is_no_text_or_too_long_is_refused(tmp_path):
    (tmp_path / "bytes").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "long").write_bytes(b"#" * (LARGEST + 1))

    done = [command("import-litellm", str(tmp_path / name)) for name in ("bytes", "long")]

    assert [1, 1] == [each.code for each in done]
    assert "can't decode" in done[0].err
    assert "is larger than" in done[1].err


def test_a_file_is_written_for_its_owner_and_never_over_another(tmp_path):
    theirs, out = tmp_path / "theirs.yaml", tmp_path / "ours.yaml"
    theirs.write_text("model_list: [{model_name: a, litellm_params: {model: openai/a}}]")

    first = command("import-litellm", str(theirs), "--out", str(out))
    made = out.read_text()
    second = command("import-litellm", str(theirs), "--out", str(out))
    out.write_text("x" * 10_000)
    third = command("import-litellm", str(theirs), "--out", str(out), "--force")

    assert [0, 1, 0] == [first.code, second.code, third.code]
    assert (f"{out}: File exists\n", "") == (second.err, first.out)
    assert made == out.read_text()
    assert "routes:\n  a: openai/a\n" in made
    assert 0o600 == out.stat().st_mode & 0o777


def test_json_may_be_indented_by_tabs():
    text, _ = litellm.imported(
        '{\n\t"model_list": [\n\t\t{"model_name": "a",\n\t\t "litellm_params": {"model": "openai/a"}}]}', "t", DIALECTS
    )

    assert "a: openai/a" in text


UNHEARD = """\
unheard: 1
router_settings: {unheard: 1}
litellm_settings: {unheard: 1, cache_params: {
  unheard: 1}}
general_settings: {unheard: 1}
model_list:
- unheard: 1
  model_name: a
  litellm_params: {model: openai/a, unheard: 1}
  model_info: {unheard: 1}
"""


@pytest.mark.parametrize(
    ("where", "line"),
    [
        ("unheard", 1),
        ("router_settings.unheard", 2),
        ("litellm_settings.unheard", 3),
        ("litellm_settings.cache_params.unheard", 4),
        ("general_settings.unheard", 5),
        ("model_list[0].unheard", 7),
        ("model_list[0].litellm_params.unheard", 9),
        ("model_list[0].model_info.unheard", 10),
    ],
)
def test_a_key_that_nobody_knows_is_reported_with_its_place(where, line):
    _, findings = litellm.imported(UNHEARD, "t", DIALECTS)

    assert (where, line) in {(one.path, one.line) for one in findings.left}


def test_a_stage_in_which_nothing_weighs_anything_comes_last():
    params = [{"model": "openai/a", "weight": 1}, {"model": "openai/b", "weight": 0, "order": 1}]
    tree = {"model_list": [{"model_name": "m", "litellm_params": one} for one in params]}

    text, _ = litellm.imported(json.dumps(tree), "t", DIALECTS)

    assert "m: [openai/a, openai/b]" in text


def test_odd_settings_are_left_out_and_told():
    tree = {
        "model_list": [
            {"model_name": "m", "litellm_params": {"model": "bedrock/a", "aws_region_name": "Not A Region"}}
        ],
        "router_settings": {"provider_budget_config": {"bedrock": {"time_period": "1d"}}},
    }

    text, findings = litellm.imported(json.dumps(tree), "t", DIALECTS)

    assert 'region: "${AWS_REGION_NAME:-us-east-1}"' in text
    assert ["is no region of AWS"] == [one.text for one in findings.left]
    assert "budget" not in text.partition("providers:")[2]


def test_targets_of_portkey_end_somewhere():
    tree = {"provider": "openai"}
    for _ in range(18):
        tree = {"targets": [tree]}

    text, findings = portkey.imported(json.dumps(tree), "t", DIALECTS)

    assert "routes: {}" in text
    assert ["targets are nested more than 16 deep"] == [one.text for one in findings.left]


def test_there_may_be_too_many_targets():
    targets = [{"provider": "openai", "override_params": {"model": f"m{number}"}} for number in range(260)]
    tree = {"strategy": {"mode": "loadbalance"}, "targets": targets}

    text, _ = portkey.imported(json.dumps(tree), "t", DIALECTS)

    assert "openai/m249" in text
    assert "openai/m250" not in text


def test_a_great_many_models_are_no_trouble():
    models = [{"model": f"openai/x{number}", "api_key": f"sk-{number}"} for number in range(2000)]
    links = [{f"m{number}": [f"m{(number + step) % 200}" for step in range(1, 8)]} for number in range(200)]
    tree = {
        "model_list": [{"model_name": f"m{at % 200}", "litellm_params": one} for at, one in enumerate(models)],
        "router_settings": {"fallbacks": links},
    }

    text, _ = litellm.imported(json.dumps(tree), "t", DIALECTS)

    assert 2000 == text.count("api_key:")
