"""LiteLLM's proxy configuration in our YAML."""

from collections.abc import Mapping
from typing import Final

from config.problems import below
from config.schema import DialectFacts
from config.section import Entry
from config.yaml_lines import Fields, Node, Scalar
from moving.chains import Chains, fallbacks
from moving.deployments import Prices, Reading, credentials, idle
from moving.doors import Doors
from moving.findings import Findings
from moving.given import Given, parsed, variables
from moving.knobs import Knobs
from moving.page import Tree, page

HEAD: Final = (
    "Made of LiteLLM's configuration by `python proxy.py import-litellm`, whose report says what became of the rest.",
    "`python proxy.py check FILE` reads it. Keys, teams and budgets are in LiteLLM's database: save its /key/list",
    "(?return_full_object=true) as a file, and `python proxy.py keys import FILE` lets clients keep their keys.",
)
_ELSEWHERE: Final[Mapping[str, str]] = {
    "include": "one file after the other: run this for each of them",
    "guardrails": "there are no guardrails here",
    "policies": "there are no guardrails here",
    "policy_attachments": "there are no guardrails here",
    "prompts": "prompts are the clients' here",
    "callback_settings": "see the README on metrics, logging and the ledger",
    "default_vertex_config": "Vertex AI isn't reached",
    **dict.fromkeys(("mcp_servers", "mcp_tools", "search_tools", "sandbox_tools"), "tools are the clients' here"),
    **dict.fromkeys(("vector_store_registry", "agents", "assistant_settings"), "only models are reached here"),
    **dict.fromkeys(("files_settings", "finetune_settings"), "there are no files and no batches here"),
}


def unpriced(dialect: str, model: str) -> None:
    """No price of anything."""


def imported(
    text: str, file: str, dialects: Mapping[str, DialectFacts], *, prices: Prices = unpriced
) -> tuple[str, Findings]:
    """Our YAML, and what became of each setting of *text*. Raise ConfigErrors where it can't be read.

    *prices* is asked what a deployment costs that names the model behind it.
    """
    findings = Findings()
    tree = parsed(text, file)
    root = Given(tree, findings)
    doors = Doors(dialects, findings, taken=set(variables(tree.node)))
    _environment(root, doors)
    known = credentials(root.list("credential_list"), findings)
    reading = Reading(doors, findings, known, prices)
    found = [one for entry in root.list("model_list") if (one := reading.deployment(entry)) is not None]
    knobs = Knobs(findings, doors, found)
    places = [root.inner(name) for name in ("router_settings", "litellm_settings", "general_settings")]
    router, litellm, general = places
    chains = Chains(found, fallbacks(places, findings), findings, knobs.strategy(router))
    routes = chains.tree()
    routes |= _aliases(router, chains, findings)
    knobs.router(router)
    knobs.litellm(litellm)
    knobs.general(general)
    root.close(_ELSEWHERE, "is not known here")
    sections = _sections(knobs, doors, routes)
    idle(found, findings)
    return page(sections, HEAD), findings


def _environment(root: Given, doors: Doors) -> None:
    for name, entry in root.inner("environment_variables").every():
        doors.findings.need(name, f"what stands at {below('environment_variables', name)}, line {entry.line}")
        doors.findings.change(entry, "set it where the gateway runs: a file can't set variables here")


def _aliases(router: Given, chains: Chains, findings: Findings) -> dict[str, Tree]:
    made: dict[str, Tree] = {}
    for name, entry in router.inner("model_group_alias").every():
        of = _meant(entry, findings)
        if of and (route := chains.alias(name, of, entry)):
            made[route[0]] = route[1]
    return made


def _meant(entry: Entry, findings: Findings) -> str | None:
    """A name, or `{model, hidden}`."""
    plainly = Given(Entry(_mapping_of(entry), entry.path, entry.line), findings)
    model = plainly.text("model")
    if (hidden := plainly.truth("hidden")) and hidden[1]:
        findings.change(hidden[0], "every route is shown to those who may use it")
    plainly.close({}, "is not known here")
    return model[1] if model else None


def _mapping_of(entry: Entry) -> Node:
    node = entry.node
    return Fields({"model": node}, {"model": entry.line}, entry.line) if isinstance(node, Scalar) else node


def _sections(knobs: Knobs, doors: Doors, routes: Mapping[str, Tree]) -> dict[str, Tree]:
    """In the order of config.yaml; what says nothing is left out."""
    sections: dict[str, Tree] = {
        **knobs.sections(),
        "providers": doors.tree(),
        "defaults": knobs.defaults,
        "routes": routes,
        "tags": knobs.tags,
        "models": knobs.models(),
    }
    return {name: tree for name, tree in sections.items() if tree or name in {"providers", "routes"}}
