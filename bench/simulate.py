"""Compare strategies on paper: python -m bench.simulate [--calls N] [--routes N] [--targets N] [--recorded LOG]

Every strategy meets the same calls at the same simulated targets: dear and cheap, fast and slow, good and less so, with
rate limits, prompt caches, outages, and spells in which they are slow or fail half of their calls. All chance comes
from seeds. With --recorded the targets do what a log of the gateway says that they did (JSON lines, log.format: json).
"""

import argparse
import json
import math
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any, Final

from bench.picture import Panel, drawn
from bench.simulated import Asked, Figures, Simulation, Site, Spell
from core.target import Target
from routing.outlook import Rates
from routing.strategies import STRATEGIES

COMPARED: Final = ("random", "round_robin")
LEFT_OUT: Final = ("weighted", "capability_match")  # all weights are equal here, and so are capabilities
RATE: Final = 4.0  # calls a second, of each route
TURNS: Final = 8  # of a session, on average
NANO: Final = 1e9
BILLION: Final = 10**9
MOST_SAMPLES: Final = 500


def sites(route: int, targets: int, rng: Random, until: float) -> list[Site]:
    """Those of one route. What is better is mostly dearer, and what is cheap may be slow or have a tight limit."""
    return [_site(f"p{route}-{number}", rng, until, local=number == 0) for number in range(targets)]


def _site(name: str, rng: Random, until: float, *, local: bool) -> Site:
    quality = 0.4 if local else rng.uniform(0.35, 0.95)
    price = 0 if local else int(math.exp(rng.gauss(quality * 5 - 3.2, 0.5)) * BILLION)
    return Site(
        target=Target(name, "model"),
        rates=Rates(price, price * 4, price // 10),
        quality=round(quality, 3),
        first=math.exp(rng.gauss(-0.8, 0.5)),
        pace=rng.uniform(30, 120),
        reads=rng.uniform(3_000, 12_000),
        concurrent=8 if local else 1000,
        wide=8 if local else rng.uniform(40, 200),
        limit=0 if local or rng.random() < 0.5 else int(rng.uniform(20, 120)),
        local=local,
        spells=tuple(_spells(rng, until)) if rng.random() < 0.1 else (),
    )


def _spells(rng: Random, until: float) -> Iterable[Spell]:
    """Bad times: it hangs, it fails half of its calls, or it takes ten times as long."""
    now = rng.expovariate(1 / 40)
    while now < until:
        ends = now + rng.expovariate(1 / 20)
        slow, fails = rng.choice(((1.0, 1.0), (1.0, 0.5), (10.0, 0.0), (10.0, 0.1)))
        yield Spell(now, ends, slow, fails)
        now = ends + rng.expovariate(1 / 60)


def calls(number: int, routes: int, rng: Random) -> list[Asked]:
    """In the order of time."""
    found, now = [], 0.0
    sessions: dict[tuple[int, int], tuple[str, int]] = {}
    for turn in range(number):
        now += rng.expovariate(RATE * routes)
        place = (rng.randrange(routes), rng.randrange(24))
        session, prompt = sessions.get(place, (f"s{turn}", rng.randrange(300, 3000)))
        found.append(Asked(now, place[0], session, f"u{place[1]}", prompt, int(rng.lognormvariate(5.2, 0.6))))
        if rng.random() < 1 / TURNS:
            sessions.pop(place, None)
        else:
            sessions[place] = (session, prompt + rng.randrange(100, 900))
    return found


def recorded(lines: Iterable[str]) -> list[Site]:
    """Sites that do what a log says that its targets did. What it doesn't say, such as limits, they don't have."""
    samples: dict[str, list[tuple[float, float]]] = {}
    tried: dict[str, list[bool]] = {}
    paid: dict[str, list[float]] = {}
    for line in lines:
        fields = _fields(line)
        for target, fault, *_ in fields.get("tried") or ():
            tried.setdefault(target, []).append(bool(fault))
        first, total, output = (fields.get(name) for name in ("first_content_ms", "total_ms", "output"))
        if fields.get("status") == 200 and total and output:
            first = first or total / 5
            samples.setdefault(fields["target"], []).append((first / 1e3, max(total - first, 0) / 1e3 / output))
            paid.setdefault(fields["target"], []).append(fields.get("cost_usd", 0) / (output + fields["input"] / 4))
    return [_recorded(name, found[:MOST_SAMPLES], tried.get(name, []), paid[name]) for name, found in samples.items()]


def _fields(line: str) -> Mapping[str, Any]:
    try:
        fields = json.loads(line)
    except ValueError:
        return {}
    return fields if isinstance(fields, dict) else {}


def _recorded(name: str, samples: Sequence[tuple[float, float]], tried: Sequence[bool], paid: Sequence[float]) -> Site:
    """Prices as those of most models: four times as much for output as for input."""
    price = int(sum(paid) / len(paid) * BILLION * 1_000_000)
    provider, _, model = name.partition("/")
    target = Target(provider, model)
    fails = sum(tried) / len(tried) if tried else 0.0
    return Site(target, Rates(price // 4, price, price // 40), fails=fails, samples=samples)


def compared(routes: Sequence[Sequence[Site]], asked: Sequence[Asked], names: Sequence[str]) -> dict[str, Figures]:
    return {name: Simulation(routes, name, seed=7).play(asked) for name in names}


ROWS: Final[Sequence[tuple[str, bool, Callable[[Figures], float], str]]] = (
    ("$ for 1000 calls", False, lambda it: it.cost / NANO * 1000 / (it.calls - it.errors or 1), "{:.2f}"),
    ("first content, p50 ms", False, lambda it: it.quantile(0.5) * 1e3, "{:.0f}"),
    ("first content, p99 ms", False, lambda it: it.quantile(0.99) * 1e3, "{:.0f}"),
    ("quality", True, lambda it: it.quality / (len(it.firsts) or 1), "{:.2f}"),
    ("errors, %", False, lambda it: 100 * it.errors / (it.calls or 1), "{:.2f}"),
    ("429s met, %", False, lambda it: 100 * it.refused / (it.attempts or 1), "{:.1f}"),
    ("prompt from caches, %", True, lambda it: 100 * it.cached / (it.prompt or 1), "{:.0f}"),
)


def table(found: Mapping[str, Figures]) -> str:
    head = f"| strategy | {' | '.join(title for title, *_ in ROWS)} |\n|---|{'---|' * len(ROWS)}"
    rows = [
        f"| `{name}` | {' | '.join(form.format(value(each)) for _, _, value, form in ROWS)} |"
        for name, each in found.items()
    ]
    return "\n".join((head, *rows))


def picture(found: Mapping[str, Figures], title: str) -> str:
    panels = []
    for name, good, value, form in ROWS:
        values = [value(each) for each in found.values()]
        panels.append(Panel(name, values, [form.format(one) for one in values], good))
    return drawn(title, list(found), panels, plain=COMPARED)


def rastered(svg: Path) -> Path | None:
    """The same as a PNG beside it, by whatever this machine has for that."""
    png = svg.with_suffix(".png")
    png.unlink(missing_ok=True)
    for words in (
        ["rsvg-convert", "-z", "2", "-o", str(png), str(svg)],
        ["chromium", "--headless", "--no-sandbox", "--window-size=1100,340", f"--screenshot={png}", str(svg)],
        ["convert", "-density", "192", str(svg), str(png)],
    ):
        if shutil.which(words[0]) and not subprocess.run(words, check=False, capture_output=True).returncode:
            return png if png.exists() else None
    return None


def options(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench.simulate", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--calls", type=int, default=12_000)
    parser.add_argument("--routes", type=int, default=60)
    parser.add_argument("--targets", type=int, default=40, help="of each route")
    parser.add_argument("--recorded", type=Path, help="a log whose targets are simulated instead, as one route")
    parser.add_argument("--out", type=Path, help="an SVG; a PNG is put beside it where that can be made")
    return parser.parse_args(words)


def main(words: Sequence[str]) -> int:
    chosen = options(words)
    began = time.monotonic()
    count = 1 if chosen.recorded else chosen.routes
    asked = calls(chosen.calls, count, Random(1))
    if chosen.recorded:
        with chosen.recorded.open(encoding="utf-8") as log:
            routes = [recorded(log)]
    else:
        rng = Random(2)
        routes = [sites(route, chosen.targets, rng, asked[-1].at) for route in range(count)]
    names = [*COMPARED, *(name for name in STRATEGIES if name not in (*COMPARED, *LEFT_OUT))]
    found = compared(routes, asked, names)
    title = f"{len(asked):,} calls, {sum(map(len, routes)):,} simulated targets, {count:,} routes"
    print(f"{title}; {time.monotonic() - began:.0f} s\n\n{table(found)}")
    if chosen.out:
        chosen.out.write_text(picture(found, title), encoding="utf-8")
        print(f"\n{chosen.out}{f', {png}' if (png := rastered(chosen.out)) else ''}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
