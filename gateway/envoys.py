"""Who tells a collector of OpenTelemetry's about finished calls, where the operator names one."""

from collections.abc import Callable, Mapping

from config.problems import ConfigErrors, Problem
from config.schema import Config
from telemetry.collector import MISSING, Envoy, installed
from telemetry.log import Scribe


def refuse_missing(config: Config, file: str) -> None:
    """Raise ConfigErrors where a collector is named, but nobody here can talk to one."""
    if config.telemetry.otel.endpoint and not installed():
        raise ConfigErrors((Problem(file, 0, "telemetry.otel", MISSING),))


def envoy_of(config: Config, scribe: Scribe, instance: str) -> Envoy | None:
    """None where nobody is to be told."""
    otel = config.telemetry.otel
    return Envoy(otel, scribe.event, instance=instance) if otel.endpoint else None


def begun(envoy: Envoy | None) -> Mapping[str, Callable[[], float]]:
    """Begin to tell, in this process; what can be told of that at any moment, by the name of its metric."""
    if envoy is None:
        return {}
    envoy.start()
    return {
        "switchyard_otel_exported_total": lambda: envoy.told,
        "switchyard_otel_lost_total": lambda: envoy.lost,
        "switchyard_otel_up": lambda: envoy.up,
    }
