"""Whatever the text is, it is a configuration or a list of problems, and never anything else."""

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from config.problems import ConfigErrors
from config.report import problems_text, summary

SHIPPED = (Path(__file__).parents[2] / "config.yaml").read_text()
LINES = [line for line in SHIPPED.splitlines() if line.strip() and not line.strip().startswith("#")]
WORDS = sorted({word for line in LINES for word in line.replace("{", " ").replace("}", " ").split()})

PIECES = st.sampled_from(
    [
        *WORDS,
        *"{}[]:,*&!|>-'\"#$\n",
        "\n  ",
        "\n    ",
        ": ",
        "- ",
        "${",
        ":-",
        "<<: ",
        "demo/*",
        "9" * 30,
        "1e999",
        ".inf",
    ]
)
YAMLISH = st.lists(PIECES, max_size=40).map("".join)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(WORDS),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS) | st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=8,
)


@st.composite
def mutated(draw):
    lines = SHIPPED.splitlines()
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(lines) - 1))
        key, colon, _ = lines[at].partition(":")
        lines[at] = draw(
            st.sampled_from(["", lines[at] * 2, draw(YAMLISH), f"{key}{colon} {draw(VALUES)!r}", lines[at][::-1]])
        )
    return "\n".join(lines)


@settings(max_examples=250, deadline=None)
@given(
    text=st.text() | YAMLISH | mutated() | VALUES.map(repr),
    env=st.dictionaries(st.sampled_from(["PORT", "HOST"]), st.text(max_size=5)),
)
def test_any_text_is_a_configuration_or_problems(read, text, env):
    try:
        config = read(text, env)
    except ConfigErrors as errors:
        lines = problems_text(errors)
        assert all(line.startswith(("c.yaml:", "...")) for line in lines.split("\n"))
        lines.encode()
    else:
        summary(config, file="c.yaml", pages={}).encode()
