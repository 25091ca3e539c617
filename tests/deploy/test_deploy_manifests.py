"""Compose, Kubernetes and systemd: what they name is what the product has, and they give it the time that it needs."""

import re
import shlex
from pathlib import Path

import pytest
import yaml

import proxy
from config.load import load
from config.units import duration
from gateway.commands import offline
from gateway.generation import DIALECTS
from routing.strategies import STRATEGIES
from tests.moving.conftest import command

HOME = Path(__file__).resolve().parent.parent.parent
DEPLOY = HOME / "deploy"
CONFIG = (DEPLOY / "config.yaml").read_text()
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
UNIT = (DEPLOY / "systemd/switchyard.service").read_text()
KUBERNETES = {
    one["kind"]: one for file in (DEPLOY / "kubernetes").glob("*.yaml") for one in yaml.safe_load_all(file.read_text())
}
POD = KUBERNETES["Deployment"]["spec"]["template"]["spec"]
GATEWAY = POD["containers"][0]
SECRET = KUBERNETES["Secret"]["stringData"]
GATEWAYS = [COMPOSE["services"][name] for name in ("gateway-1", "gateway-2")]
VARIABLES = set(re.findall(r"\$\{([A-Z0-9_]+)", CONFIG))
NEEDED = set(re.findall(r"\$\{([A-Z0-9_]+)\}", CONFIG))
DRAIN = load(
    CONFIG, dict(SECRET), file="config.yaml", dialects=DIALECTS, strategies=STRATEGIES
).server.drain  # fmt: skip


def pages():
    """The paths that the product serves by GET."""
    source = (HOME / "gateway/pages.py").read_text()
    return set(re.findall(r'\("GET", "(/[^"]*)"\)', source))


def test_the_configuration_passes_the_check_with_the_example_s_secrets(monkeypatch):
    for name, text in SECRET.items():
        monkeypatch.setenv(name, text)

    done = command("check", str(DEPLOY / "config.yaml"))

    assert (0, "") == (done.code, done.err)
    assert "state: redis://redis:6379" in done.out


def test_kubernetes_has_the_same_configuration():
    assert CONFIG == KUBERNETES["ConfigMap"]["data"]["config.yaml"]


@pytest.mark.parametrize("given", [*(one["environment"] for one in GATEWAYS), SECRET], ids=["one", "two", "secret"])
def test_the_variables_are_those_that_the_configuration_reads(given):
    assert NEEDED <= set(given) <= VARIABLES


def test_every_variable_of_the_systemd_unit_is_one_of_ours():
    (line,) = re.findall(r"(?m)^Environment=(.*)$", UNIT)

    ours = {each.partition("=")[0] for each in line.split()} - {"PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE"}
    assert ours <= set(re.findall(r"\$\{([A-Z0-9_]+)", (HOME / "config.yaml").read_text())) & VARIABLES


def test_the_example_of_variables_has_all_that_compose_asks_for():
    example = re.findall(r"(?m)^([A-Z_]+)=", (DEPLOY / "env.example").read_text())
    asked = set(re.findall(r"\$\{([A-Z_]+)", (DEPLOY / "compose.yaml").read_text()))

    assert asked - {"SWITCHYARD_LOCK"} == set(example)


# Compose


def test_compose_builds_the_image_of_the_repository():
    for gateway in GATEWAYS:
        context = (DEPLOY / gateway["build"]["context"]).resolve()
        assert HOME == context
        assert (context / "Dockerfile").exists()


def test_the_image_can_be_built_with_either_lock():
    dockerfile = (HOME / "Dockerfile").read_text()
    ignored = (HOME / ".dockerignore").read_text().splitlines()

    assert ["requirements.txt"] == re.findall(r"(?m)^ARG LOCK=(\S+)$", dockerfile)
    assert all(
        f"!{name}" in ignored and (HOME / name).exists()
        for name in ("requirements.txt", "requirements-otel.txt", "requirements-compiled.txt")
    )


def test_compose_waits_for_the_drain_and_gives_no_more_than_is_needed():
    for gateway in GATEWAYS:
        assert duration(gateway["stop_grace_period"]) > DRAIN
        assert (True, ["ALL"]) == (gateway["read_only"], gateway["cap_drop"])
        assert ["no-new-privileges:true"] == gateway["security_opt"]


def test_compose_opens_ports_for_this_machine_only():
    ports = [port for service in COMPOSE["services"].values() for port in service.get("ports", ())]

    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)
    assert len(ports) == len({port.split(":")[1] for port in ports})


def test_each_gateway_has_a_journal_of_its_own():
    journals = [volume for one in GATEWAYS for volume in one["volumes"] if volume.endswith("/data")]

    assert ["journal-1:/switchyard/data", "journal-2:/switchyard/data"] == journals


def test_compose_names_only_what_it_has():
    services, volumes = COMPOSE["services"], COMPOSE["volumes"]
    for service in services.values():
        assert set(service.get("depends_on", ())) <= set(services)
        for volume in service.get("volumes", ()):
            source = volume.split(":")[0]
            assert source in volumes or (DEPLOY / source).exists()
        for secret in service.get("secrets", ()):
            assert secret in COMPOSE["secrets"]


def test_the_tables_are_made_before_anybody_serves():
    migrate = COMPOSE["services"]["migrate"]

    assert migrate["command"][0] in offline.NAMES
    assert all("service_completed_successfully" == one["depends_on"]["migrate"]["condition"] for one in GATEWAYS)
    assert POD["initContainers"][0]["args"] == migrate["command"]


def test_prometheus_finds_both_gateways_and_their_key():
    told = yaml.safe_load((DEPLOY / "prometheus/prometheus.yaml").read_text())
    (job,) = told["scrape_configs"]
    targets = job["static_configs"][0]["targets"]

    assert {f"{name}:8080" for name in ("gateway-1", "gateway-2")} == set(targets)
    assert job["metrics_path"] in pages()
    assert "/run/secrets/metrics_key" == job["authorization"]["credentials_file"]
    assert ["metrics_key"] == COMPOSE["services"]["prometheus"]["secrets"]
    assert all((DEPLOY / "prometheus" / file).exists() for file in told["rule_files"])


# Kubernetes


@pytest.mark.parametrize("probe", ["startupProbe", "livenessProbe", "readinessProbe"])
def test_a_probe_asks_a_page_that_there_is(probe):
    asked = GATEWAY[probe]["httpGet"]

    assert asked["path"] in pages()
    assert asked["port"] in {port["name"] for port in GATEWAY["ports"]}
    assert ("/health/ready" if probe == "readinessProbe" else "/health/live") == asked["path"]


def test_kubernetes_speaks_of_the_port_that_is_listened_on():
    port = GATEWAY["ports"][0]["containerPort"]
    annotations = KUBERNETES["Deployment"]["spec"]["template"]["metadata"]["annotations"]
    (allowed,) = KUBERNETES["NetworkPolicy"]["spec"]["ingress"]

    assert f"${{PORT:-{port}}}" in CONFIG
    assert str(port) == annotations["prometheus.io/port"]
    assert annotations["prometheus.io/path"] in pages()
    assert [port] == [one["port"] for one in allowed["ports"]]
    assert KUBERNETES["Service"]["spec"]["ports"][0]["targetPort"] == GATEWAY["ports"][0]["name"]


def test_kubernetes_waits_for_the_drain():
    (before,) = re.findall(r"time\.sleep\((\d+)\)", " ".join(GATEWAY["lifecycle"]["preStop"]["exec"]["command"]))

    assert POD["terminationGracePeriodSeconds"] >= DRAIN + int(before) + 5


def test_pods_have_no_more_rights_than_they_need():
    assert POD["securityContext"]["runAsNonRoot"]
    assert "RuntimeDefault" == POD["securityContext"]["seccompProfile"]["type"]
    assert not POD["automountServiceAccountToken"]
    for container in (*POD["containers"], *POD["initContainers"]):
        rights = container["securityContext"]
        assert (False, True) == (rights["allowPrivilegeEscalation"], rights["readOnlyRootFilesystem"])
        assert ["ALL"] == rights["capabilities"]["drop"]
    assert f"--uid {POD['securityContext']['runAsUser']}" in (HOME / "Dockerfile").read_text()


def test_everything_of_kubernetes_speaks_of_the_same_pods():
    label = KUBERNETES["Deployment"]["spec"]["template"]["metadata"]["labels"]
    selectors = [
        KUBERNETES["Deployment"]["spec"]["selector"]["matchLabels"],
        KUBERNETES["Service"]["spec"]["selector"],
        KUBERNETES["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"],
        KUBERNETES["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"],
    ]
    names = {one["metadata"]["name"] for kind, one in KUBERNETES.items() if kind != "Kustomization"}

    assert all(label == selector for selector in selectors)
    assert {"switchyard"} == names
    assert "switchyard" == KUBERNETES["HorizontalPodAutoscaler"]["spec"]["scaleTargetRef"]["name"]


def test_volumes_that_are_mounted_are_there():
    there = {volume["name"] for volume in POD["volumes"]}
    mounted = {
        one["name"] for part in ("containers", "initContainers") for pod in POD[part] for one in pod["volumeMounts"]
    }

    assert there == mounted


def test_the_kustomization_takes_all_but_the_example_of_a_secret():
    files = {file.name for file in (DEPLOY / "kubernetes").glob("*.yaml")}

    assert files - {"kustomization.yaml", "secret.example.yaml"} == set(KUBERNETES["Kustomization"]["resources"])


def test_two_gateways_stay_whatever_is_moved():
    scaler = KUBERNETES["HorizontalPodAutoscaler"]["spec"]

    assert scaler["minReplicas"] > KUBERNETES["PodDisruptionBudget"]["spec"]["minAvailable"]
    assert "switchyard_in_flight" == scaler["metrics"][0]["pods"]["metric"]["name"]


# systemd


def settings_of(unit: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r"(?m)^([A-Za-z]+)=(.*)$", unit):
        found.setdefault(name, []).append(value)
    return found


def test_systemd_starts_what_the_command_line_knows():
    told = settings_of(UNIT)
    words = [shlex.split(told[name][0]) for name in ("ExecStartPre", "ExecStart")]

    assert ["check", "serve"] == [each[2] for each in words]
    assert {"check", "serve"} <= set(proxy.COMMANDS)
    assert all("/opt/switchyard/.venv/bin/python" == each[0] and "proxy.py" == each[1] for each in words)
    assert told["WorkingDirectory"] == ["/opt/switchyard"]


def test_systemd_waits_for_the_drain_and_hands_changes_on():
    told = settings_of(UNIT)

    assert int(told["TimeoutStopSec"][0]) > DRAIN
    assert ["mixed"] == told["KillMode"]  # workers are the supervisor's to end
    assert ["/bin/kill -HUP $MAINPID"] == told["ExecReload"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("NoNewPrivileges", "yes"),
        ("ProtectSystem", "strict"),
        ("ProtectHome", "yes"),
        ("PrivateTmp", "yes"),
        ("PrivateDevices", "yes"),
        ("CapabilityBoundingSet", ""),
        ("RestrictSUIDSGID", "yes"),
        ("UMask", "0077"),
        ("User", "switchyard"),
    ],
)
def test_systemd_confines_it(name, value):
    assert [value] == settings_of(UNIT)[name]


def test_its_state_is_where_systemd_lets_it_write():
    told = settings_of(UNIT)

    assert f"SWITCHYARD_STATE=/var/lib/{told['StateDirectory'][0]}" in told["Environment"][0].split()
