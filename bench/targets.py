"""What is measured: how each target is started, and what a client says to it."""

import importlib.util
import os
import shlex
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from compiling.found import NEVER, VARIABLE, NotCompiled, fitting

HOME = Path(__file__).resolve().parent.parent
KEY = "sk-bench-0123456789abcdef"
PATH = "/v1/chat/completions"
PRICE = "price: {input: 0.15, output: 0.60}, context: 10000000, max_output: 16384"
HEADERS = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Where a target runs: its port, the provider's, a folder of its own, and how many workers it gets."""

    port: int
    upstream: int
    folder: Path
    workers: int = 1

    def write(self, name: str, text: str) -> str:
        path = self.folder / name
        path.write_text(text)
        return str(path)


class Provider(NamedTuple):
    """*base* is what follows the address; *flags* are those of its only model."""

    name: str
    dialect: str
    base: str = ""
    flags: str = ""


@dataclass(frozen=True, slots=True)
class Start:
    command: list[str]
    environment: Mapping[str, str] = field(default_factory=dict)


def switchyard(site: Site, *others: Provider, terms: str = "", more: str = "", url: str = "") -> Start:
    """With everything on that an operator would have on: a key, a chain with a fallback, prices, metrics, the log,
    the ledger.

    *others* have a route each, of their own name. *terms* are of the key, *more* is for the end of the file, *url* of
    the store.
    """
    address = f"http://127.0.0.1:{site.upstream}"
    providers = "".join(
        f'  {one.name}: {{dialect: {one.dialect}, base_url: "{address}{one.base}", api_key: fake}}\n' for one in others
    )
    models = "".join(f"  {one.name}/mock-model: {{{PRICE}, flags: {{{one.flags}}}}}\n" for one in others)
    routes = "".join(f"  {one.name}: {one.name}/mock-model\n" for one in others)
    config = f"""
server: {{host: 127.0.0.1, port: {site.port}, workers: {site.workers}}}
state: {{directory: "{site.folder}/state"{f', url: "{url}"' * bool(url)}}}
log: {{format: json, level: info}}
providers:
  mock: {{dialect: openai, base_url: "{address}/v1", api_key: fake}}
{providers}models:
  mock/mock-model: {{{PRICE}}}
{models}routes:
  bench:
    chain:
      - {{targets: [mock/mock-model], strategy: least_loaded}}
      - mock/mock-model-2
{routes}keys:
  bench: {{key: {KEY}, models: [{", ".join(["bench", *(one.name for one in others)])}]{terms}}}
{more}
"""
    file = site.write("switchyard.yaml", config)
    return Start([sys.executable, str(HOME / "proxy.py"), "--config", file, "--port", str(site.port)])


def form() -> str:
    """Which of our modules a gateway takes: compiled ones cost less."""
    try:
        taken = fitting() if os.environ.get(VARIABLE) != NEVER else {}
    except NotCompiled:
        taken = {}
    return f"{len(taken)} modules compiled" if taken else "nothing compiled"


def budgeted(site: Site, *, url: str = "") -> Start:
    """With budgets on three levels, and rates of the key, none of which will be reached."""
    budget = "budget: {usd: 1000000, per: month}"
    terms = f", team: bench, {budget}, limits: {{requests: 100000000/min, tokens: 100000000000/min}}"
    return switchyard(site, terms=terms, more=f"teams: {{bench: {{{budget}}}}}\nservice: {{{budget}}}", url=url)


def nginx(site: Site) -> Start:
    """The yardstick: a reverse proxy that neither reads bodies nor checks anything."""
    folder = site.folder
    paths = " ".join(f"{kind}_temp_path {folder}/{kind};" for kind in ("proxy", "fastcgi", "uwsgi", "scgi"))
    config = f"""
worker_processes {site.workers}; daemon off; master_process {"on" if site.workers > 1 else "off"};
pid {folder}/nginx.pid; error_log {folder}/nginx.err warn; worker_rlimit_nofile 20000;
events {{ worker_connections 10000; }}
http {{
  access_log off; client_body_temp_path {folder}/body; {paths}
  keepalive_requests 100000000; client_body_buffer_size 2m; client_max_body_size 64m;
  upstream provider {{ server 127.0.0.1:{site.upstream}; keepalive 2000; keepalive_requests 100000000; }}
  server {{
    listen 127.0.0.1:{site.port} backlog=4096 reuseport;
    location / {{
      proxy_pass http://provider; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_buffering off; proxy_buffer_size 16k; proxy_buffers 8 16k; proxy_busy_buffers_size 32k;
      proxy_read_timeout 600s;
    }}
  }}
}}
"""
    return Start(["nginx", "-p", str(folder), "-c", site.write("nginx.conf", config)])


def relay(site: Site) -> Start:
    """What a gateway in Python costs that does nothing but forward (see bench.relay); it has one worker."""
    return Start([sys.executable, "-m", "bench.relay", str(site.port), str(site.upstream)], {"PYTHONPATH": str(HOME)})


def litellm_command() -> list[str] | None:
    """BENCH_LITELLM names the program; else it is the one on the path or in this environment; else there is none."""
    if named := os.environ.get("BENCH_LITELLM"):
        return shlex.split(named)
    if found := shutil.which("litellm"):
        return [found]
    if importlib.util.find_spec("litellm"):
        return [sys.executable, "-c", "from litellm import run_server; run_server()"]
    return None


def litellm(site: Site) -> Start:
    """As its page on production says: one worker, a master key, everything that writes to a database off."""
    config = f"""
model_list:
  - model_name: bench
    litellm_params: {{model: openai/mock-model, api_base: "http://127.0.0.1:{site.upstream}/v1", api_key: fake}}
general_settings: {{master_key: {KEY}, disable_spend_logs: true, disable_error_logs: true}}
litellm_settings: {{request_timeout: 600, set_verbose: false, json_logs: true}}
"""
    command = litellm_command() or sys.exit("litellm is not installed; BENCH_LITELLM may name the program")
    options = ["--config", site.write("litellm.yaml", config), "--host", "127.0.0.1", "--port", str(site.port)]
    environment = {
        "LITELLM_LOG": "ERROR",
        "LITELLM_MODE": "PRODUCTION",
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "LITELLM_TELEMETRY": "False",
        "NO_DOCS": "True",
        "DISABLE_ADMIN_UI": "True",
    }
    return Start([*command, *options, "--num_workers", str(site.workers)], environment)


def from_command(template: str) -> Callable[[Site], Start]:
    """Any gateway at all: `{port}`, `{upstream}` and `{workers}` in *template* are filled in."""

    def start(site: Site) -> Start:
        return Start(shlex.split(template.format(port=site.port, upstream=site.upstream, workers=site.workers)))

    return start


TARGETS: dict[str, Callable[[Site], Start]] = {
    "nginx": nginx,
    "relay": relay,
    "switchyard": switchyard,
    "sqlite": budgeted,
    "litellm": litellm,
}
