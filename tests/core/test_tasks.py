"""What calls are for."""

import pytest

from core.call import Call
from core.tasks import LONG, TASKS, guessed, task_named, task_of
from core.wishes import Wishes


@pytest.mark.parametrize(
    ("text", "task"),
    [
        *((task, task) for task in TASKS),
        ("coding", "code_generation"),
        ("Code-Generation", "code_generation"),
        (" code generation ", "code_generation"),
        ("summarisation", "analysis"),
        ("JSON", "extraction"),
        ("juggling", None),
        ("", None),
    ],
)
def test_a_task_has_many_spellings(text, task):
    assert task == task_named(text)


@pytest.mark.parametrize(
    ("needs", "fields", "size", "task"),
    [
        ((), {}, 0, "chat"),
        (("vision", "tools"), {}, 0, "vision"),
        (("tools", "json_schema"), {}, 0, "tool_use"),
        (("json_schema",), {"reasoning_effort": "high"}, 0, "extraction"),
        (("audio",), {}, 0, "chat"),
        ((), {"reasoning_effort": "high"}, 0, "reasoning"),
        ((), {}, LONG, "long_context"),
    ],
)
def test_the_task_of_a_call_is_guessed_by_what_it_carries(needs, fields, size, task):
    call = Call("chat", "m", fields, size=size, needs=frozenset(needs))

    assert task == guessed(call)


@pytest.mark.parametrize(("asked", "task"), [("", "vision"), ("coding", "code_generation"), ("juggling", "vision")])
def test_what_a_call_says_goes_before_what_it_looks_like(asked, task):
    call = Call("chat", "m", {}, needs=frozenset({"vision"}), wishes=Wishes(task=asked))

    assert task == task_of(call)
