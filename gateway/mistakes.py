"""What may be said of a mistake of ours: its kind and its place. The text of an exception may hold anything."""

from pathlib import Path


def told(mistake: BaseException) -> dict[str, str]:
    """Fields for the log."""
    trace = mistake.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = "" if trace is None else f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}"
    return {"kind": type(mistake).__name__, "where": where}
