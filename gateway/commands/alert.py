"""`proxy.py alert-test`: send one message to the webhook of alerts, and say what became of it."""

import argparse
from collections.abc import Callable, Sequence

from config.schema import Config
from gateway.watch.alerts import TEST
from upstream.webhook import Webhook

Say = Callable[[str], object]


def options(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="proxy.py alert-test",
        description="Send a test to the webhook of `alerts`, and say whether it arrived.",
    )
    parser.add_argument("--config", default="config.yaml", help="the configuration, config.yaml if not given")
    return parser.parse_args(argv)


async def run(config: Config, *, say: Say, complain: Say) -> int:
    """The exit code."""
    alerts = config.alerts
    if not alerts.webhook:
        complain("There is nobody to tell: `alerts.webhook` is empty.\n")
        return 1
    why = await Webhook(alerts.webhook, alerts.secret, lambda _: None, form=alerts.format).once(TEST)
    if why:
        complain(f"The webhook did not take the test: {why}.\n")
        return 1
    say("The webhook took the test.\n")
    return 0
