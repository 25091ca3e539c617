"""What the document says, held against what is really answered, for requests that nobody would think of."""

from collections import defaultdict

import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    allow_header_conformance,
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from admin.told.everything import OPERATIONS
from tests.described.conftest import ADMIN, ALICE
from tests.described.pointed import pointed

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    unsupported_method,
    allow_header_conformance,
]
SEED = 7
DOCUMENT = pointed()


def schema(*, coverage):
    made = schemathesis.openapi.from_dict(DOCUMENT)
    made.config.seed = SEED
    made.config.generation.deterministic = True
    made.config.phases.coverage.enabled = coverage
    return made


def few(examples):
    return settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.explicit, Phase.generate],
    )


SEEN: defaultdict[str, set[int]] = defaultdict(set)
ALL, SOME = schema(coverage=True), schema(coverage=False)


@ALL.exclude(path="/api/v1/events").parametrize()  # which never ends
@few(2)
def test_the_operator_is_answered_as_described(case, served):
    checks = [*CHECKS, negative_data_rejection] if case.path.startswith("/api/v1") else CHECKS
    answer = case.call_and_validate(base_url=served, headers={"authorization": f"Bearer {ADMIN}"}, checks=checks)

    SEEN[case.operation.label].add(answer.status_code)


@SOME.parametrize()
@few(2)
def test_a_client_is_answered_as_described(case, served):
    answer = case.call_and_validate(base_url=served, headers={"authorization": f"Bearer {ALICE}"}, checks=CHECKS)

    security = case.operation.definition.raw["security"]
    if security and all("key" not in each for each in security):
        assert answer.status_code in {400, 401, 404}
    else:
        SEEN[case.operation.label].add(answer.status_code)


@SOME.parametrize()
@few(2)
def test_nobody_is_answered_as_described(case, served):
    answer = case.call_and_validate(base_url=served, checks=CHECKS)

    if case.operation.definition.raw["security"]:
        assert answer.status_code in {400, 401, 404}


def test_every_operation_was_seen_to_succeed():
    never = {"POST /api/v1/alerts/test"}  # there is nobody to tell
    good = {f"{method} {path}": operation.status for (method, path), operation in OPERATIONS.items()}

    assert {} == {
        label: statuses for label, statuses in SEEN.items() if good[label] not in statuses and label not in never
    }
