"""Events as the client reads them, but for the end."""

from api.stream import StreamWriter
from core.usage import Usage


def written(events, *, show_usage=True):
    return StreamWriter(show_usage=show_usage).write(events)


def ended(events, usage=None):
    """With the end that a client sees that asked for usage."""
    writer = StreamWriter(show_usage=True)
    return writer.write(events) + writer.end(usage or Usage())
