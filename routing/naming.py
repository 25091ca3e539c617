"""What names of providers and targets mean, where clients and operators write them with a `*`."""

from collections.abc import Sequence

from core.target import Target


def named(target: Target, patterns: Sequence[str]) -> bool:
    """Whether one of *patterns* means *target*: its provider, its name, or either with a `*` in it."""
    return any(means(pattern, target.id) or means(pattern, target.provider) for pattern in patterns)


def means(pattern: str, name: str) -> bool:
    before, star, after = pattern.partition("*")
    if not star:
        return pattern == name
    return len(name) >= len(before) + len(after) and name.startswith(before) and name.endswith(after)
