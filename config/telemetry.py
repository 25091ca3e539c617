"""Reads who is told what: traces and metrics that are sent, and alerts."""

import re
from collections.abc import Mapping
from typing import Any

from config import units
from config.problems import Notes
from config.readers import TEXT, TRUTH, choice, distinct, duration, scalar, secret, several, whole
from config.section import Entry, Reader, Section, changed, settings
from config.signals import KINDS, Alerts, ErrorRate, Otel, Telemetry
from config.state import WEB
from config.yaml_lines import Scalar
from core.secret import Secret

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[\x20-\x7e]+")
# What says how a message is framed, or is ours to say.
_OURS = frozenset({"host", "content-length", "content-type", "content-encoding", "transfer-encoding", "connection"})


def read_telemetry(entry: Entry | None, notes: Notes) -> Telemetry:
    section = Section(entry, notes)
    otel = section.take("otel")
    telemetry = Telemetry(**changed(section, _TELEMETRY), otel=_otel(otel, notes))
    if not telemetry.tracing and section.says("sample"):
        notes.warn(section.at("sample"), "has no effect: no call has a trace (`trace: true`, or `otel.endpoint`)")
    section.close()
    return telemetry


def read_alerts(entry: Entry | None, notes: Notes) -> Alerts:
    return settings(entry, Alerts(), _ALERTS, notes)


def _otel(entry: Entry | None, notes: Notes) -> Otel:
    section = Section(entry, notes)
    otel = Otel(**changed(section, _OTEL), headers=_headers(section.take("headers"), notes))
    section.close()
    return otel


def _headers(entry: Entry | None, notes: Notes) -> dict[str, Secret]:
    """All values are taken for credentials, which is what they are for."""
    headers: dict[str, Secret] = {}
    for name, one in Section(entry, notes).every():
        text = one.node.text if isinstance(one.node, Scalar) else None
        if _NAME.fullmatch(name) is None or name.lower() in _OURS:
            notes.error(one, "is no name of a header that can be added")
        elif text == "":
            continue  # an unset variable
        elif text is None or _VALUE.fullmatch(text) is None:
            notes.error(one, "expected text that HTTP can carry (its value is not shown)")
        else:
            notes.private.add(one.path)
            headers[name.lower()] = Secret(text)
    return headers


_SHARE = scalar(units.share, "a share such as 80% or 0.8")
_SHARES = distinct(_SHARE, float, "says the same as one before it")
_TELEMETRY: Mapping[str, Reader[Any]] = {"trace": TRUTH, "sample": _SHARE, "exemplars": TRUTH}
_OTEL: Mapping[str, Reader[Any]] = {
    "endpoint": WEB,
    "service": TEXT,
    "traces": TRUTH,
    "metrics": TRUTH,
    "content": TRUTH,
    "interval": duration("1h"),
    "timeout": duration("1m"),
}
_RATE: Mapping[str, Reader[Any]] = {"above": _SHARE, "over": duration("1h"), "minimum": whole(1, 1_000_000)}
_ALERTS: Mapping[str, Reader[Any]] = {
    "webhook": WEB,
    "at": lambda entry, notes: tuple(sorted(_SHARES(entry, notes) or ())),
    "secret": secret,
    "format": choice(("json", "slack"), "format"),
    "on": several(choice(KINDS, "kind of alert")),
    "error_rate": lambda entry, notes: settings(entry, ErrorRate(), _RATE, notes),
    "breaker": duration("1d"),
    "settle": duration("1h"),
}
