"""What the operator says about models and their flags, and whether targets may drop what they can't take."""

import pytest

FLAGS = """
providers: {openai: {api_key: k}}
models:
  openai/m:
    flags: FLAGS
"""


def flags(read, written):
    return read(FLAGS.replace("FLAGS", written)).models["openai/m"].flags


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("{}", {}),
        ("", {}),
        ("{sampling_params: false, adaptive_thinking: yes}", {"sampling_params": False, "adaptive_thinking": True}),
        ("{default_effort: none}", {"default_effort": "none"}),
        ("{hides_thinking: yes, thinks_by_default: no}", {"hides_thinking": True, "thinks_by_default": False}),
        ("{thinking_control: thinkingBudget}", {"thinking_control": "thinkingBudget"}),
        ("{endpoints: responses}", {"endpoints": ("responses",)}),
        ("{endpoints: [chat/completions, responses]}", {"endpoints": ("chat/completions", "responses")}),
        ("{effort_max: ~}", {}),
    ],
)
def test_flags_are_what_the_operator_says_and_no_more(read, written, expected):
    assert expected == flags(read, written)


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("{sampling_param: false}", "flags.sampling_param: unknown key sampling_param; did you mean sampling_params?"),
        ("{sampling_params: maybe}", "flags.sampling_params: expected true or false, got 'maybe'"),
        ("{thinking_control: budget}", "flags.thinking_control: expected a way to control thinking"),
        ("{endpoints: embeddings}", "flags.endpoints: expected a kind of endpoint (chat/completions, responses)"),
        ("[sampling_params]", "flags: expected a mapping, got a list"),
    ],
)
def test_a_wrong_flag_is_said_where_it_stands(problems, written, problem):
    found = problems(FLAGS.replace("FLAGS", written))

    assert len(found) == 1
    assert problem.partition(": ")[2] in found[0]
    assert problem.partition(": ")[0] in found[0]


def test_every_flag_that_the_catalog_uses_can_be_set(read):
    from catalog.published import published

    used = {
        name: value
        for rows in published().values()
        for row in rows.values()
        for name, value in row.get("flags", {}).items()
    }
    written = ", ".join(
        f"{name}: {str(value).lower() if isinstance(value, bool) else value}" for name, value in used.items()
    )

    assert used == flags(read, f"{{{written}}}")


PARAMS = """
providers: {openai: {api_key: k}}
defaults: DEFAULTS
routes:
  plain: openai/a
  strict: {params: strict, chain: openai/a}
  drop: {params: drop, chain: openai/a}
  nested: {chain: [strict, openai/b]}
"""


@pytest.mark.parametrize(
    ("defaults", "expected"),
    [
        ("{}", {"": False, "plain": False, "strict": True, "drop": False, "nested": False}),
        ("{params: drop}", {"": False, "plain": False, "strict": True, "drop": False, "nested": False}),
        ("{params: strict}", {"": True, "plain": True, "strict": True, "drop": False, "nested": True}),
    ],
)
def test_whether_targets_may_drop_is_inherited_and_overridden(read, defaults, expected):
    config = read(PARAMS.replace("DEFAULTS", defaults))

    assert expected == {"": config.defaults.strict, **{name: route.strict for name, route in config.routes.items()}}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("defaults: {params: strickt}", "defaults.params: expected a policy (drop, strict), got 'strickt'"),
        ("routes: {a: {params: true, chain: openai/a}}", "routes.a.params: expected a policy (drop, strict), got true"),
        (
            "routes: {a: {params: [drop], chain: openai/a}}",
            "routes.a.params: expected the name of a policy, got a list",
        ),
    ],
)
def test_another_policy_is_none(problems, text, problem):
    found = problems(f"providers: {{openai: {{api_key: k}}}}\n{text}")

    assert len(found) == 1
    assert problem in found[0]
