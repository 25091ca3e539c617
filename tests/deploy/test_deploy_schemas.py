"""What is in deploy/, held against the schemas of those who read it; a word that they don't know is a mistake."""

import json
import re
import subprocess
import sys
from copy import deepcopy
from pathlib import Path

import jsonschema_rs
import kubernetes_validate
import pytest
import yaml
from check_jsonschema.builtin_schemas import get_builtin_schema
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard
from kubernetes_validate.utils import all_versions

DEPLOY = Path(__file__).resolve().parent.parent.parent / "deploy"
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
SPECIFICATION = jsonschema_rs.validator_for(get_builtin_schema("vendor.compose-spec"))
MANIFESTS = {
    one["kind"]: one for file in (DEPLOY / "kubernetes").glob("*.yaml") for one in yaml.safe_load_all(file.read_text())
}
KUSTOMIZATION = MANIFESTS.pop("Kustomization")
SUPPORTED = list(dict.fromkeys(all_versions()))[-4:]  # as many as are supported at a time
BOARD = json.loads((DEPLOY / "grafana/dashboards/switchyard.json").read_text())
UNIT = (DEPLOY / "systemd/switchyard.service").read_text()
EXPOSED = 20  # tenths of ten, of what systemd counts as exposed; a service that confines itself in nothing has 96


def words(text):
    return set(text.split())


# For these there is no schema: what their documentation names.
PROVISIONED = {
    "datasources": words(
        "name type access orgId uid url user database basicAuth basicAuthUser withCredentials isDefault "
        "jsonData secureJsonData version editable"
    ),
    "providers": words("name orgId folder folderUid type disableDeletion updateIntervalSeconds allowUiUpdates options"),
    "options": words("path foldersFromFilesStructure"),
}
OF_KUSTOMIZE = words("apiVersion kind namespace namePrefix nameSuffix labels resources images patches replicas")
OF_IMAGES = words("name newName newTag digest tagSuffix")
# Prometheus's own annotations have these, and the schema leaves them to it.
OF_PROMETHEUS = {".annotations.list[0].titleFormat"}


def changed(tree, way, value):
    """*tree* with *value* at the end of *way*."""
    other = deepcopy(tree)
    node = other
    for step in way[:-1]:
        node = node[step]
    node[way[-1]] = value
    return other


def refused(manifest, version):
    """Why a server of Kubernetes of that *version* would refuse it, strictly asked; nothing if it takes it."""
    try:
        kubernetes_validate.validate(manifest, version, strict=True)
    except kubernetes_validate.ValidationError as error:
        return error.message
    return ""


# Compose


def test_compose_is_what_the_specification_says():
    assert [] == [error.message for error in SPECIFICATION.iter_errors(COMPOSE)]


@pytest.mark.parametrize(
    ("way", "value", "said"),
    [
        (("services", "redis", "healthchek"), {}, "healthchek"),
        (("services", "gateway-1", "ports"), 8080, "8080"),
        (("services", "redis", "healthcheck", "interval"), 5, "5"),
        (("services", "gateway-1", "depends_on", "redis", "condition"), "is_up", "is_up"),
        (("volume",), {}, "volume"),
    ],
)
def test_the_specification_of_compose_finds_what_is_wrong(way, value, said):
    errors = [error.message for error in SPECIFICATION.iter_errors(changed(COMPOSE, way, value))]

    assert any(said in error for error in errors)


# Kubernetes


@pytest.mark.parametrize("version", [SUPPORTED[0], SUPPORTED[-1]])
@pytest.mark.parametrize("kind", sorted(MANIFESTS))
def test_kubernetes_knows_every_field_of_a_manifest(kind, version):
    assert "" == refused(MANIFESTS[kind], version)


@pytest.mark.parametrize(
    ("kind", "way", "value", "said"),
    [
        ("Deployment", ("spec", "replica"), 2, "replica"),
        ("Deployment", ("spec", "template", "spec", "containers", 0, "livenesProbe"), {}, "livenesProbe"),
        ("Deployment", ("spec", "template", "spec", "terminationGracePeriodSeconds"), "50s", "50s"),
        ("Service", ("spec", "ports", 0, "port"), "http", "http"),
        ("HorizontalPodAutoscaler", ("spec", "maxReplicas"), None, "None"),
        ("PodDisruptionBudget", ("spec", "minAvailable"), [1], "[1]"),
        ("NetworkPolicy", ("spec", "ingres"), [], "ingres"),
    ],
)
def test_kubernetes_schemas_find_what_is_wrong(kind, way, value, said):
    assert said in refused(changed(MANIFESTS[kind], way, value), SUPPORTED[-1])


def test_the_kustomization_has_fields_that_there_are():
    assert set(KUSTOMIZATION) <= OF_KUSTOMIZE
    assert all(set(image) <= OF_IMAGES for image in KUSTOMIZATION["images"])


# Grafana


def unknown(board):
    """The places of *board* that Grafana's own types have no field for."""
    register_default_plugins()
    kept = json.loads(JSONEncoder().encode(Dashboard.from_json(deepcopy(board))))
    return set(lost(board, kept))


def lost(given, kept, place=""):
    if isinstance(given, dict) and isinstance(kept, dict):
        for name, inner in given.items():
            yield from lost(inner, kept[name], f"{place}.{name}") if name in kept else [f"{place}.{name}"]
    elif isinstance(given, list) and isinstance(kept, list) and len(given) == len(kept):
        for number, (inner, other) in enumerate(zip(given, kept, strict=True)):
            yield from lost(inner, other, f"{place}[{number}]")
    elif given != kept:
        yield place


def test_grafana_knows_every_field_of_the_dashboard():
    assert OF_PROMETHEUS == unknown(BOARD)


@pytest.mark.parametrize(
    ("way", "place"),
    [
        (("refesh",), ".refesh"),
        (("panels", 1, "gridPos", "width"), ".panels[1].gridPos.width"),
        (("panels", 1, "fieldConfig", "defaults", "units"), ".panels[1].fieldConfig.defaults.units"),
        (("panels", 1, "options", "legends"), ".panels[1].options.legends"),
        (("panels", 1, "targets", 0, "expression"), ".panels[1].targets[0].expression"),
        (("templating", "list", 0, "lable"), ".templating.list[0].lable"),
    ],
)
def test_grafanas_types_find_what_is_wrong(way, place):
    assert {*OF_PROMETHEUS, place} == unknown(changed(BOARD, way, "x"))


@pytest.mark.parametrize(
    ("file", "name"), [("datasources/prometheus.yaml", "datasources"), ("dashboards/switchyard.yaml", "providers")]
)
def test_what_grafana_is_provisioned_with_has_fields_that_there_are(file, name):
    told = yaml.safe_load((DEPLOY / "grafana/provisioning" / file).read_text())

    assert {"apiVersion", name} == set(told)
    assert 1 == told["apiVersion"]
    for each in told[name]:
        assert set(each) <= PROVISIONED[name]
        assert set(each.get("options", ())) <= PROVISIONED["options"]


# systemd


@pytest.fixture
def verified(tmp_path):
    """What systemd says of a unit, whose program is another since ours isn't installed."""

    def verify(text):
        file = tmp_path / "switchyard.service"
        file.write_text(text.replace("/opt/switchyard/.venv/bin/python", sys.executable))
        command = ["systemd-analyze", "verify", "--recursive-errors=no", str(file)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
        return done.returncode, done.stderr

    return verify


def test_systemd_takes_the_unit(verified):
    assert (0, "") == verified(UNIT)


@pytest.mark.parametrize(
    ("written", "instead", "said"),
    [
        ("ProtectClock=yes", "ProtectClocks=yes", "Unknown key"),
        ("KillMode=mixed", "KillMode=both", "kill mode"),
        ("TimeoutStopSec=40", "TimeoutStopSec=forty", "time value"),
        ("[Install]", "[Instal]", "Unknown section"),
        ("ExecReload=/bin/kill", "ExecReload=/bin/kil", "not executable"),
    ],
)
def test_systemd_finds_what_is_wrong(verified, written, instead, said):
    _, told = verified(UNIT.replace(written, instead))

    assert re.search(said, told, re.IGNORECASE)


def test_systemd_counts_the_unit_as_confined(tmp_path):
    command = ["systemd-analyze", "security", "--offline=yes", f"--threshold={EXPOSED}", "--no-pager"]
    open_unit = tmp_path / "open.service"
    open_unit.write_text(f"[Service]\nExecStart={sys.executable}\n")

    ours, other = (
        subprocess.run([*command, str(file)], capture_output=True, text=True, timeout=30, check=False).returncode
        for file in (DEPLOY / "systemd/switchyard.service", open_unit)
    )

    assert (0, 1) == (ours, other)
