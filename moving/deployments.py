"""LiteLLM's `model_list`: each of its items becomes a target of a route, or a reason why not."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from config.section import Entry
from config.yaml_lines import Fields, Scalar
from moving.doors import Door, Doors, is_near
from moving.findings import Findings, shortened
from moving.given import Given, ours, plain, words
from moving.page import Tree
from moving.places import LITELLM, Place, owner

# What a model costs at a dialect, as `models.NAME.price` says it; None where nobody knows.
Prices = Callable[[str, str], Mapping[str, Tree] | None]

SECRETS: Final = ("key", "token", "secret", "auth", "password")
_OTHER_KINDS: Final = frozenset(
    {
        *("image_generation", "image_edit", "audio_transcription", "audio_speech", "rerank", "batch", "moderation"),
        *("realtime", "video_generation", "ocr", "search", "responses"),
    }
)
_NUMBERS: Final = ("weight", "rpm", "tpm", "order", "max_parallel_requests")
_IDLE: Final[Mapping[str, str]] = {
    **dict.fromkeys(
        ("rpm", "tpm"), "nothing is weighed by it, and nothing limited; `models.NAME.limits` would limit it"
    ),
    "weight": "nothing is weighed by it",
    "max_parallel_requests": "says nothing; `concurrency` is a number from 1 to 999999",
}
_TIMES: Final = ("timeout", "stream_timeout", "num_retries")
_NO_DEFAULTS: Final = "targets have no parameters of their own here: let the clients send it"
_WHY: Final[Mapping[str, str]] = {
    **dict.fromkeys(
        ("aws_role_name", "aws_profile_name", "aws_session_name", "aws_web_identity_token", "aws_sts_endpoint"),
        "Bedrock is opened by an API key or an access key here, never by a role or a profile",
    ),
    **dict.fromkeys(
        (
            "tenant_id",
            "client_id",
            "client_secret",
            "azure_ad_token",
            "azure_scope",
            "azure_username",
            "azure_password",
        ),
        "Azure is opened by an API key here, not by Entra ID",
    ),
    **dict.fromkeys(
        ("tags", "tag_regex"), "calls choose no targets by tags here; give the key that may use them a `models:` list"
    ),
    **dict.fromkeys(("mock_response", "mock_timeout", "mock_tool_calls"), "see the provider `demo`"),
    "additional_drop_params": "what a target can't take is known by its dialect and by `models.NAME.flags`",
    "allowed_openai_params": "what a target can't take is known by its dialect and by `models.NAME.flags`",
    "input_cost_per_second": "prices are by tokens here",
    "output_cost_per_second": "prices are by tokens here",
    "litellm_credential_name": "there is no such credential in credential_list",
    "max_retries": "retries are counted in one place, `retry`, and never multiplied",
    "region_name": "only Bedrock is asked by region here",
    "retry_policy": "retries depend on the fault, by the table in the README",
    "use_in_pass_through": "there are no pass-through endpoints here",
}
_UNPRICED: Final = "nobody knows its price: say `models.NAME.price`, or keys with a budget are refused there"
_OF_MODEL: Final[Mapping[str, str]] = {
    "id": "targets are called PROVIDER/MODEL here",
    "access_groups": "say in `models:` of a key or a team which names it may ask for",
    "team_id": "say in `models:` of a team which names it may ask for",
    "base_model": "the price beside it counts",
    "health_check_timeout": "see `probe` of a provider",
    "health_check_model": "see `probe` of a provider",
    **dict.fromkeys(
        ("supports_vision", "supports_function_calling", "supports_response_schema", "supports_pdf_input"),
        "the catalog knows what models can do; say `models.NAME.capabilities` where it doesn't",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """One target of the route *group*. *numbers* and *times* are what it says of itself; both texts are ours."""

    group: str
    target: str
    prefix: str
    at: Entry
    numbers: Mapping[str, Decimal] = field(default_factory=dict)
    times: Mapping[str, Decimal] = field(default_factory=dict)
    places: Mapping[str, Entry] = field(default_factory=dict)  # where it says so
    budget: tuple[Entry, Decimal, str] | None = None
    facts: Mapping[str, Tree] = field(default_factory=dict)

    def said(self, *names: str) -> Entry:
        """Where the first of *names* stands that it says; else where it is itself."""
        return next((self.places[name] for name in names if name in self.places), self.at)

    @property
    def provider(self) -> str:
        return self.target.partition("/")[0]


class Reading:
    """Reads the items of a list, one after the other."""

    def __init__(
        self, doors: Doors, findings: Findings, credentials: Mapping[str, Mapping[str, Entry]], prices: Prices
    ) -> None:
        self._prices = prices
        self._doors = doors
        self._findings = findings
        self._credentials = credentials

    def deployment(self, entry: Entry) -> Deployment | None:
        item = Given(entry, self._findings)
        group = item.text("model_name")
        said = Given(self._with_credential(item.take("litellm_params")), self._findings, path=f"{entry.path}")
        about = item.inner("model_info")
        # Some of LiteLLM's own examples have them beside litellm_params, where nothing reads them.
        item.close({}, "LiteLLM itself doesn't read it here; it belongs into litellm_params")
        model = said.text("model")
        if group is None or model is None:
            self._findings.leave(entry, "names no model_name with a litellm_params.model, and is left out")
            return None
        found = self._target(group[1], model, said, about)
        if found is not None:
            said.close(_WHY, _NO_DEFAULTS)
            about.close(_OF_MODEL, "nothing here asks for it")
            self._findings.keep(entry, f"{shortened(model[1])} is {found.target}, of the route {shortened(group[1])}")
        return found

    def _with_credential(self, entry: Entry | None) -> Entry | None:
        """What `litellm_credential_name` stands for, under what is said beside it."""
        if entry is None or not isinstance(entry.node, Fields):
            return entry
        named = entry.node.fields.get("litellm_credential_name")
        known = self._credentials.get(named.text) if isinstance(named, Scalar) else None
        if known is None:
            return entry
        own = {key: value for key, value in entry.node.fields.items() if key != "litellm_credential_name"}
        fields = {**{key: one.node for key, one in known.items()}, **own}
        lines = {**{key: one.line for key, one in known.items()}, **entry.node.lines}
        return entry._replace(node=entry.node._replace(fields=fields, lines=lines))

    def _target(self, group: str, model: tuple[Entry, str], said: Given, about: Given) -> Deployment | None:
        at = model[0]
        mode = about.text("mode")
        if mode and mode[1] in _OTHER_KINDS:
            self._findings.leave(
                at, f"a model for {shortened(mode[1])}: only chat, completions and embeddings are served"
            )
            return None
        if problem := _unfit(group, model[1]):
            self._findings.leave(at, problem)
            return None
        if (owned := self._whose(at, model[1], said)) is None:
            return None
        prefix, name = owned
        door = self._door(at, prefix, name, said)
        if door is None:
            return None
        if mode:
            self._findings.keep(mode[0], "each call says by its path what it asks for")
        target = f"{self._doors.name(door)}/{plain(_deployed(prefix, name))}"
        numbers = {name: found for name in _NUMBERS if (found := said.number(name))}
        times = {name: found for name in _TIMES if (found := said.number(name, 86_400))}
        most, period = said.number("max_budget"), said.text("budget_duration")
        return Deployment(
            group=group,
            target=target,
            prefix=prefix,
            at=at,
            numbers={name: found[1] for name, found in numbers.items()},
            times={name: found[1] for name, found in times.items()},
            places={name: found[0] for name, found in (*numbers.items(), *times.items())},
            budget=(*most, period[1] if period else "") if most else None,
            facts=self._facts(said, about, door.dialect),
        )

    def _whose(self, at: Entry, model: str, said: Given) -> tuple[str, str] | None:
        """LiteLLM's word for the provider, and what follows it."""
        given = said.text("custom_llm_provider")
        prefix, slash, name = model.partition("/")
        if given is not None:
            name = name if slash and prefix == given[1] else model
            prefix = given[1]
        elif not slash or (prefix not in LITELLM and owner(model)):
            if (guess := owner(model)) is None:
                self._findings.leave(at, f"nothing in the name {words(at)} says whose it is: write PROVIDER/MODEL")
                return None
            self._findings.change(at, f"{words(at)} names no provider; by its name it is taken for one of {guess}")
            prefix, name = guess, model
        if prefix in LITELLM and name:
            return prefix, name
        self._findings.leave(at, _no_such(prefix) if name else f"{words(at)} names no model")
        return None

    def _door(self, at: Entry, prefix: str, name: str, said: Given) -> Door | None:
        place = _place(prefix, name)
        written = said.text("api_base") or said.text("base_url")
        address: str | None = place.base_url
        if written:
            address = self._doors.address(written[0], _cut(place, written[1]))
        elif prefix in {"azure", "azure_text", "azure_ai", "litellm_proxy"}:
            self._doors.usual(place.base)
            address = f"${{{place.base}}}" if place.dialect == "openai" else f"${{{place.base}:-}}"
        if address is None:
            return None
        if prefix == "azure_ai" and place.dialect == "anthropic":
            address += "/anthropic"
        if prefix == "azure_ai":
            self._findings.change(at, "base_url is what the SDK of that dialect would be given; compare it")
        local = place.dialect == "openai" and bool(written) and address.startswith("http") and is_near(address)
        if local:
            self._findings.change(at, "a machine of your own (`local: true`): calls there count as free")
        key, note = self._key(at, prefix, place, said)
        return Door(
            dialect=place.dialect,
            base_url=address,
            api_key=key,
            local=local,
            options=self._options(at, place, said, name),
            headers=self._headers(said),
            note=note,
        )

    def _key(self, at: Entry, prefix: str, place: Place, said: Given) -> tuple[str, str]:
        """What opens the door, and a word about it."""
        pair = [said.text(name) for name in ("aws_access_key_id", "aws_secret_access_key", "aws_session_token")]
        if place.dialect == "bedrock" and pair[0] and pair[1]:
            names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
            parts = [self._doors.secret(*one, name) for one, name in zip(pair, names, strict=True) if one]
            return ":".join(part.replace(":-}", "}") for part in parts), ""
        if written := said.text("api_key"):
            name = place.key or f"{prefix}_API_KEY".upper()
            return self._doors.secret(*written, name, numbered=True), ""
        if place.dialect == "bedrock":
            self._findings.change(at, "needs an API key or an access key; roles and profiles of AWS are not looked for")
            return self._doors.usual(place.key), 'or api_key: "${AWS_ACCESS_KEY_ID}:${AWS_SECRET_ACCESS_KEY}"'
        return self._doors.usual(place.key), ""

    def _options(self, at: Entry, place: Place, said: Given, model: str) -> tuple[tuple[str, str], ...]:
        """The dialect's own settings, under our names."""
        known = self._doors.dialects[place.dialect].options
        options: dict[str, str] = {}
        for theirs, name in (("organization", "organization"), ("api_version", "api_version"), ("project", "project")):
            if name in known and (written := said.text(theirs)):
                options[name] = ours(written[1])
        if "region" in known:
            written = said.text("aws_region_name") or said.text("region_name")
            named = next((word for word in model.split("/")[:-1] if _is_region(word)), "")
            options["region"] = self._doors.region((at, named) if named else written, "AWS_REGION_NAME")
        if place.dialect == "azure" and "api_version" not in options:
            self._findings.change(at, "names no api_version: the newer API of Azure (v1) is spoken")
        return tuple(options.items())

    def _headers(self, said: Given) -> tuple[tuple[str, str], ...]:
        found: dict[str, str] = {}
        for name, entry in said.inner("extra_headers").every():
            if not isinstance(entry.node, Scalar) or not entry.node.text.isprintable():
                self._findings.leave(entry, "expected text on one line")
            elif any(word in name.lower() for word in SECRETS):
                variable = "".join(mark if mark.isalnum() and mark.isascii() else "_" for mark in name).upper()
                found[plain(name)] = self._doors.secret(entry, entry.node.text, f"HEADER_{variable}")
            else:
                found[plain(name)] = ours(entry.node.text)
        return tuple(found.items())

    def _facts(self, said: Given, about: Given, dialect: str) -> dict[str, Tree]:
        """What ours calls `models.NAME`: prices and sizes."""
        facts: dict[str, Tree] = {}
        price = {name: found for name, theirs in PRICES.items() if (found := self._price(theirs, said, about))}
        if {"input", "output"} <= set(price):
            facts["price"] = {name: round(each * 10**6, 9) for name, (_, each) in price.items()}
        elif price:
            for place, _ in price.values():
                self._findings.leave(place, "a price needs both input_cost_per_token and output_cost_per_token")
        elif (base := about.text("base_model")) and (known := self._prices(dialect, base[1].rpartition("/")[2])):
            facts["price"] = known
            self._findings.change(base[0], f"the price of {words(base[0])}, written out as the catalog has it today")
        elif base:
            self._findings.leave(base[0], _UNPRICED)
        for name, theirs in (("context", "max_input_tokens"), ("max_output", "max_output_tokens")):
            if (size := about.number(theirs, 10**9)) and size[1] == int(size[1]) >= 1:
                facts[name] = int(size[1])
            elif size:
                self._findings.leave(size[0], "expected a whole number of tokens, 1 or more")
        return facts

    def _price(self, name: str, said: Given, about: Given) -> tuple[Entry, Decimal] | None:
        found = [one for each in (said, about) if (one := each.number(name, 1))]
        for at, _ in found[1:]:
            self._findings.leave(at, "is said before, in litellm_params")
        return found[0] if found else None


PRICES: Final = {
    "input": "input_cost_per_token",
    "output": "output_cost_per_token",
    "cache_read": "cache_read_input_token_cost",
    "cache_write": "cache_creation_input_token_cost",
}


def _unfit(group: str, model: str) -> str:
    """Why ours can't have such a route; nothing, if it can."""
    if not group or not group.isprintable() or " " in group or len(group) > 256:
        return "a route's name is 1 to 256 characters without spaces here"
    if group.count("*") > 1 or model.count("*") > group.count("*"):
        return "a name may hold one * here, and a target only where its route's name does"
    if model.startswith(("auto_router/", "complexity_router/")):
        return "see the model `auto`, and the strategies `balanced` and `quality`"
    return ""


def _no_such(prefix: str) -> str:
    if prefix.startswith("vertex_ai"):
        return "Vertex AI isn't reached; Gemini is, by an API key (`google`), and Claude by `anthropic` or `bedrock`"
    return f"no dialect for {shortened(prefix)}; there are {', '.join(sorted(LITELLM))}"


def _place(prefix: str, name: str) -> Place:
    place = LITELLM[prefix]
    claude = prefix == "azure_ai" and name.startswith("claude")
    return place._replace(dialect="anthropic") if claude else place


def _cut(place: Place, address: str) -> str:
    """Azure's address without what our dialect adds by itself."""
    return address.partition("/openai/")[0] if place.dialect == "azure" else address


def _deployed(prefix: str, name: str) -> str:
    """The model's name without what LiteLLM puts before it."""
    first, slash, rest = name.partition("/")
    if prefix == "bedrock" and slash and (first in {"converse", "invoke", "converse_like"} or _is_region(first)):
        return _deployed(prefix, rest)
    return rest if slash and prefix == "azure" and first in {"responses", "gpt5_series", "o_series"} else name


def _is_region(word: str) -> bool:
    return word.count("-") == 2 and word[-1:].isdigit()


def idle(deployments: Iterable[Deployment], findings: Findings) -> None:
    """Report the numbers that nothing was made of. It has to be the last to look at the findings."""
    told = {one.path for one in (*findings.mapped, *findings.changed, *findings.left)}
    for one in deployments:
        for name, at in one.places.items():
            if at.path not in told and name in _IDLE:
                findings.leave(at, _IDLE[name])


def credentials(listed: Iterable[Entry], findings: Findings) -> dict[str, Mapping[str, Entry]]:
    """LiteLLM's `credential_list`, by name."""
    found: dict[str, Mapping[str, Entry]] = {}
    for entry in listed:
        item = Given(entry, findings)
        if name := item.text("credential_name"):
            found[name[1]] = dict(item.inner("credential_values").every())
            findings.keep(name[0], f"{shortened(name[1])} is part of each provider that names it")
    return found
