"""Lists of keys from elsewhere, in our words."""

import json

import pytest

from admin.key_rows import Row, rows_of
from core.errors import Refusal

HASH = "ab" * 32


def only(text: str) -> Row:
    (row,) = rows_of(text)
    return row


def foreign(**facts: object) -> Row:
    return only(json.dumps([{"token": HASH, "key_alias": "alice", **facts}]))


@pytest.mark.parametrize("form", ["[{}]", '{{"keys": [{}], "total_count": 1}}', '{{"object": "list", "data": [{}]}}'])
def test_json_in_each_of_its_forms(form):
    row = only(form.format('{"name": "alice", "sha256": "' + HASH + '", "team": "sales", "tags": null}'))

    assert (1, "alice", HASH, {"team": "sales"}, [], "") == (
        row.line,
        row.name,
        row.sha256,
        row.fields,
        row.notes,
        row.wrong,
    )


def test_what_our_own_list_adds_is_left_out():
    told = {"object": "key", "hash": "x", "state": "active", "created_at": "x", "changed_at": "x", "problems": ["x"]}

    assert {"max_cost": 1} == only(json.dumps([{"name": "a", "max_cost": 1, **told}])).fields


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("[", "invalid_json"),
        ('{"x": 1}', "invalid_value"),
        ('{"keys": 5}', "invalid_value"),
        ('a,b\n"x', "invalid_csv"),
    ],
)
def test_what_is_no_list_is_refused(text, code):
    with pytest.raises(Refusal) as caught:
        rows_of(text)

    assert (400, code) == (caught.value.status, caught.value.code)


@pytest.mark.parametrize(("text", "says"), [('["88dc28"]', "return_full_object=true"), ("[5]", "expected an object")])
def test_a_line_that_is_no_key_is_wrong_by_itself(text, says):
    assert says in only(text).wrong


def test_csv_by_its_head_line():
    text = (
        "name,sha256,team,tags,models,budget,limits.requests,limits.concurrent,expires\r\n"
        f"alice,{HASH},sales,prod; beta ,,50/month,60/min,4,2027-06-30\r\n"
        f'"bob, the second",{HASH},,,m;n,,,,\r\n'
    )

    alice, bob = rows_of(text)

    assert (2, "alice", HASH) == (alice.line, alice.name, alice.sha256)
    assert {
        "team": "sales",
        "tags": ["prod", "beta"],
        "budget": "50/month",
        "limits": {"requests": "60/min", "concurrent": "4"},
        "expires": "2027-06-30",
    } == alice.fields
    assert (3, "bob, the second", {"models": ["m", "n"]}) == (bob.line, bob.name, bob.fields)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("name\nalice,more", "more values than there are columns"),
        ("limits,limits.requests\nx,60/min", "limits.requests stands beside limits"),
    ],
)
def test_a_line_of_csv_that_cant_be_read_is_wrong_by_itself(text, says):
    assert says in only(text).wrong


def test_an_empty_text_holds_no_keys():
    assert [] == rows_of("")


def test_a_key_of_litellm_in_our_words():
    row = foreign(
        key_name="sk-...abcd",
        spend=0.0,
        max_budget=50.0,
        budget_duration="30d",
        models=["gpt-4o", "m"],
        rpm_limit=60,
        tpm_limit=100000,
        max_parallel_requests=4,
        expires="2027-06-30T12:00:00+00:00",
        blocked=False,
        team_id="research",
        metadata={},
        permissions={},
        user_id=None,
        created_at="2026-01-01T00:00:00Z",
    )

    assert ("alice", HASH, [], "") == (row.name, row.sha256, row.notes, row.wrong)
    assert {
        "team": "research",
        "models": ["gpt-4o", "m"],
        "budget": {"usd": "50", "per": "month"},
        "limits": {"requests": "60/min", "tokens": "100000/min", "concurrent": 4},
        "expires": "2027-06-30T12:00:00+00:00",
    } == row.fields


@pytest.mark.parametrize(
    ("facts", "fields"),
    [
        ({}, {}),
        ({"blocked": True}, {"disabled": True}),
        ({"blocked": None}, {}),
        ({"team_id": "0f-1e", "team_alias": "sales"}, {"team": "sales"}),
        ({"models": ["all-proxy-models"]}, {}),
        ({"models": ["all-proxy-models", "m"]}, {}),
        ({"models": ["no-default-models"]}, {"models": ["no-default-models"]}),
        ({"max_budget": 0.0}, {"budget": {"usd": "0", "per": "total"}}),
        ({"max_budget": 0.0000000019}, {"budget": {"usd": "0.000000001", "per": "total"}}),
        ({"max_budget": 100}, {"budget": {"usd": "100", "per": "total"}}),
        ({"max_budget": 1, "budget_duration": "1d"}, {"budget": {"usd": "1", "per": "day"}}),
        ({"max_budget": 1, "budget_duration": "24h"}, {"budget": {"usd": "1", "per": "day"}}),
        ({"max_budget": 1, "budget_duration": "7d"}, {"budget": {"usd": "1", "per": "week"}}),
        ({"max_budget": 1, "budget_duration": "1mo"}, {"budget": {"usd": "1", "per": "month"}}),
        ({"max_budget": 1, "budget_duration": "90s"}, {"budget": {"usd": "1", "per": "90s"}}),
        ({"budget_duration": "30d"}, {}),
        ({"rpm_limit": 0}, {"limits": {"requests": "0/min"}}),
        (
            {"model_max_budget": {"gpt-4": {"budget_limit": "5", "time_period": "1d"}, "m": 2.5, "x": None}},
            {
                "per_model": {
                    "gpt-4": {"budget": {"usd": "5", "per": "day"}},
                    "m": {"budget": {"usd": "2.5", "per": "total"}},
                }
            },
        ),
        (
            {"model_max_budget": {"gpt-4": {"max_budget": 5, "budget_duration": "30d"}}},
            {"per_model": {"gpt-4": {"budget": {"usd": "5", "per": "month"}}}},
        ),
    ],
)
def test_what_maps_is_mapped(facts, fields):
    row = foreign(**facts)

    assert (fields, [], "") == (row.fields, row.notes, row.wrong)


@pytest.mark.parametrize(
    ("facts", "note"),
    [
        ({"spend": 12.5}, "spend: 12.5 spent so far is not carried over, its budget begins anew"),
        ({"models": ["all-team-models"]}, "models: may use what its team may use"),
        ({"metadata": {"tags": ["x"]}}, "metadata: stays behind"),
        ({"soft_budget": 5}, "soft_budget: stays behind"),
        ({"user_id": "u"}, "user_id: stays behind"),
        ({"object_permission": {"mcp": []}}, "object_permission: stays behind"),
        ({"a_field_of_tomorrow": 1}, "a_field_of_tomorrow: stays behind"),
    ],
)
def test_what_doesnt_map_is_said(facts, note):
    assert [note] == foreign(**facts).notes


@pytest.mark.parametrize(
    ("names", "name"),
    [
        ({"key_alias": "alice", "key_name": "sk-...abcd"}, "alice"),
        ({"key_alias": None, "key_name": "sk-...abcd"}, "sk-...abcd"),
        ({"key_alias": "", "key_name": None}, "key-abababab"),
    ],
)
def test_a_key_without_an_alias_gets_a_name_all_the_same(names, name):
    assert name == foreign(**names).name


@pytest.mark.parametrize(
    ("facts", "says"),
    [
        ({"token": "sk-1234"}, "a key itself"),
        ({"max_budget": "much"}, "can't be read"),
        ({"rpm_limit": "x"}, "can't be read"),
        ({"rpm_limit": []}, "can't be read"),
        ({"models": 5}, "can't be read"),
        ({"model_max_budget": [1]}, "can't be read"),
        ({"model_max_budget": {"m": {}}}, "can't be read"),
        ({"max_budget": 1e300}, "can't be read"),
    ],
)
def test_what_cant_be_read_is_wrong(facts, says):
    assert says in foreign(**facts).wrong
