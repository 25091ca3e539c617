"""The rest of a broken answer joins what the client has, wherever it was cut and however it comes in pieces."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.seam import LOOK, RUN, Seam, anchor, mended, shown

WORDS = ["a", "the", "fox", "don't", "über", "日本語", "👩‍🚀", "🙂", "```", "{x}", "**b**", "1.", "(a|b)*", "\\n", "é"]
BLANKS = [" ", " ", " ", "\n", "\n\n", "\n    ", "\t", "  "]
PERIODS = ["a ", "ab", "la la\n", "👍", "1, 2, ", "row\n| - |\n"]


def prose(seed: int) -> str:
    rng = Random(seed)
    return "".join([rng.choice(WORDS) + rng.choice(BLANKS) for _ in range(rng.randint(1, 80))])


def periodic(seed: int) -> str:
    rng = Random(seed)
    return rng.choice(PERIODS) * rng.randint(1, 200)


SEEDS = st.integers(0, 1 << 32)
PROSE = SEEDS.map(prose)
TEXTS = st.one_of(
    PROSE, SEEDS.map(periodic), SEEDS.map(lambda seed: prose(seed) + periodic(seed + 1) + prose(seed + 2))
)
HEADS = ("", "\n", "```\n", "…", "Sure, here is how it goes on:\n\n", "Certainly! ")


def cut(text: str, at: int) -> tuple[str, str]:
    """*text* as two parts, the first of *at* UTF-16 units: the cut may go through a character."""
    units = text.encode("utf-16-le")
    at = 2 * (at % (len(units) // 2 + 1))
    return mended(units[:at].decode("utf-16-le", "surrogatepass")), text


def told(seam: Seam, text: str, sizes: list[int]) -> str:
    """What comes out for *text* in pieces of *sizes*, again and again."""
    out, at, turn = "", 0, 0
    while at < len(text):
        size = sizes[turn % len(sizes)]
        out += seam.feed(text[at : at + size])
        at, turn = at + size, turn + 1
    return out + seam.close()


def joined(said: str, rest: str) -> str:
    return mended(said + rest)


SIZES = st.lists(st.integers(1, 30), min_size=1, max_size=5)


@settings(max_examples=600, deadline=None)
@given(TEXTS, st.integers(0, 10_000), SIZES)
def test_a_model_that_goes_on_to_the_letter_is_taken_at_its_word(text, at, sizes):
    said, whole = cut(text, at)
    seam = Seam(said, "exact")

    out = told(seam, whole[len(shown(said)) :], sizes)

    assert (joined(said, out), seam.found, seam.lost) == (whole, True, False)


@settings(max_examples=600, deadline=None)
@given(TEXTS, st.integers(0, 10_000), SIZES)
def test_a_model_that_never_saw_the_last_blanks_may_say_them_again(text, at, sizes):
    said, whole = cut(text, at)
    seam = Seam(said, "trimmed")

    out = told(seam, whole[len(shown(said).rstrip()) :], sizes)

    assert (joined(said, out), seam.found) == (whole, True)


@settings(max_examples=600, deadline=None)
@given(PROSE, st.integers(0, 10_000), SIZES, st.booleans())
def test_a_model_may_repeat_all_of_its_beginning_or_nothing(text, at, sizes, echoes):
    said, whole = cut("It begins here. " + text, at)
    rest = whole if echoes else whole[len(shown(said)) :]
    if not echoes and (rest.startswith(shown(said).rstrip()) or shown(said).startswith(rest)):
        return  # nobody could tell
    seam = Seam(said, "echoed")

    out = told(seam, rest, sizes)

    assert (joined(said, out), seam.found) == (whole, True)


@settings(max_examples=2000, deadline=None)
@given(TEXTS, st.integers(0, 10_000), SIZES, st.sampled_from(HEADS))
def test_after_its_anchor_the_text_goes_on_as_if_nothing_had_been(text, at, sizes, head):
    said, whole = cut(text, at)
    known = anchor(said)
    if not known or (head + known).find(known) != len(head):
        return
    end = len(shown(said).rstrip())
    seam = Seam(said, "")

    out = told(seam, head + known + whole[end:], sizes)

    if head.strip() in {"", "…"} or (head.strip() == "```" and said.count("```") % 2):
        assert (joined(said, out), seam.found) == (whole, True)
    elif seam.found:
        assert joined(said, out) == whole
    else:
        assert (out, seam.lost) == ("", True)


@pytest.mark.parametrize("head", ["Sure, here is how it goes on:\n\n", "Certainly! ", "“", "...", " \n "])
def test_talk_before_the_anchor_is_dropped(head):
    said = "The quick brown fox jumps over the lazy dog, and th"
    seam = Seam(said, "")

    out = told(seam, head + anchor(said) + "en it sleeps.", [3])

    assert said + out == "The quick brown fox jumps over the lazy dog, and then it sleeps."


def test_blanks_may_be_others_within_the_anchor():
    said = "one two\n\nthree four\tfive six "
    seam = Seam(said, "")

    assert told(seam, "one  two three\nfour five six seven", [4]) == "seven"


@pytest.mark.parametrize(
    ("text", "new"),
    [
        ("over the lazy dog, and then", " then"),
        ("\n...over the lazy dog, and then", " then"),
        ("```text\nover the lazy dog, and then", None),
        ("I would rather speak of cats.", None),
        ("and that is that", None),
    ],
)
def test_a_model_may_repeat_less_than_it_was_asked_to_but_not_nothing(text, new):
    said = "The quick brown fox jumps over the lazy dog, and"
    seam = Seam(said, "")

    out = told(seam, text, [5])

    assert (out, seam.lost, seam.found) == ((new or ""), new is None, new is not None)


def test_no_more_than_a_little_is_held_back_in_the_hope_of_a_seam():
    seam = Seam("The quick brown fox jumps over the lazy dog", "")

    for _ in range(LOOK):
        seam.feed("no, ")
    assert seam.lost
    assert seam.feed("The quick brown fox jumps over the lazy dog") == ""
    assert seam.close() == ""


def test_an_anchor_that_comes_late_is_something_else():
    said = "The quick brown fox jumps over the lazy dog"
    seam = Seam(said, "")

    told(seam, "x" * (LOOK + 1) + " " + said, [1000])

    assert seam.lost


def test_a_short_anchor_counts_only_where_the_text_begins():
    talk, at_once = Seam("I", ""), Seam("I", "")

    assert (told(talk, "Sure, as I said: I like it", [100]), talk.lost) == ("", True)
    assert told(at_once, "I like it", [1]) == " like it"


def test_a_text_in_a_box_of_its_own_is_not_used_where_no_box_is_open():
    said = "The quick brown fox jumps over the lazy dog"
    boxed, in_a_box = Seam(said, ""), Seam("```\n" + said, "")

    assert (told(boxed, f"```\n{said} and sleeps\n```", [7]), boxed.lost) == ("", True)
    assert told(in_a_box, f"```\n{said} and sleeps\n```", [7]) == " and sleeps\n```"


@pytest.mark.parametrize(
    ("said", "rest", "out"),
    [
        ("a \n", "\n  b", "  b"),
        ("a \n", "b", "b"),
        ("a ", " b", "b"),
        ("a ", "\n\nb", "\n\nb"),
        ("a\n\n", "\nb", "b"),
        ("a\n", "\n\nb", "\nb"),
        ("a ", "", ""),
        ("a ", "  ", " "),
    ],
)
def test_blanks_at_the_seam_are_neither_doubled_nor_lost(said, rest, out):
    assert told(Seam(said, "trimmed"), rest, [1]) == out


def test_nothing_but_blanks_needs_no_anchor():
    assert told(Seam("\n\n", ""), "Hello", [2]) == "Hello"


@pytest.mark.parametrize(
    ("rest", "out", "lost"),
    [("🙂!", "\ude42!", False), ("\ud83d\ude42!", "\ude42!", False), ("x", "", True), ("𝄞", "", True), ("", "", True)],
)
def test_half_a_character_is_completed_or_there_is_no_seam(rest, out, lost):
    seam = Seam("a\ud83d", "exact")

    assert told(seam, rest, [1]) == out
    assert seam.lost is lost


def test_halves_are_put_together_and_lonely_ones_replaced():
    assert mended("a\ud83d" + "\ude42b") == "a🙂b"
    assert mended("a\ude42b") == "a?b"
    assert mended("ä\ud83d") == "ä\ud83d"
    assert mended("plain") == "plain"


def test_an_anchor_is_long_enough_to_occur_once_and_begins_with_a_word():
    again = "The same words again and again, the same words again and again."

    assert anchor("It began so. " + again + " Then came: " + again).startswith("Then came") is False
    text = "It began so. " + again + " Then came: " + again
    found = anchor(text)
    assert text.count(found) == 1
    assert text.endswith(found)
    assert text[-len(found) - 1].isspace()
    assert len(anchor("x" * 10_000)) == 384
    assert anchor(" \n") == ""


@settings(max_examples=600, deadline=None)
@given(st.integers(20, 600), st.integers(RUN, 60), SIZES)
def test_what_is_repeated_is_dropped_however_much_of_the_anchor_it_is(at, overlap, sizes):
    whole = " ".join([f"w{number}" for number in range(200)])
    said = whole[:at]
    begin = max(0, len(said.rstrip()) - overlap)
    if whole[begin] == " ":
        begin += 1 if overlap > RUN else -1
    seam = Seam(said, "")

    out = told(seam, whole[begin:], sizes)

    assert (said + out, seam.found) == (whole, True)
