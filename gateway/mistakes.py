"""What may be said of a mistake of ours: its kind and its place. The text of an exception may hold anything."""

from pathlib import Path


def told(mistake: BaseException) -> dict[str, str]:
    """Fields for the log.

    Where that is compiled, whoever awaited it comes a second time, and last: of places that repeat, the first counts.
    """
    places: dict[str, None] = {}
    trace = mistake.__traceback__
    while trace is not None:
        places.setdefault(f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}")
        trace = trace.tb_next
    return {"kind": type(mistake).__name__, "where": next(reversed(places), "")}
