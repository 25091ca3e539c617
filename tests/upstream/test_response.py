"""Header fields as a dictionary."""

from hypothesis import given
from hypothesis import strategies as st

from upstream.response import named, size


@given(st.lists(st.tuples(st.sampled_from([b"A", b"a", b"B", b"c\xe9"]), st.binary(max_size=3))))
def test_no_field_is_lost(raw):
    fields = named(raw)

    expected = {}
    for name, value in raw:
        expected.setdefault(name.lower().decode("latin-1"), []).append(value.decode("latin-1"))
    assert {name: ", ".join(values) for name, values in expected.items()} == fields


def test_any_number_of_names_is_read():
    raw = [(b"Name-%d" % number, b"") for number in range(5_000)]

    fields = named(raw)

    assert [f"name-{number}" for number in range(5_000)] == list(fields)
    assert named(raw) == fields


def test_the_size_is_what_the_wire_carried():
    assert len(b"A: b\r\nCc: \r\n") == size([(b"A", b"b"), (b"Cc", b"")])
