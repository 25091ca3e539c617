"""What names of providers and targets mean, where clients and operators write them with a `*`."""

from collections.abc import Sequence

from core.target import Target


def named(target: Target, patterns: Sequence[str]) -> bool:
    """Whether one of *patterns* means *target*: its provider, its name, or either with a `*` in it."""
    names = (target.provider, target.id)
    for pattern in patterns:  # plain loops: hundreds of targets may be asked for one call
        if pattern in names or ("*" in pattern and (means(pattern, names[0]) or means(pattern, names[1]))):
            return True
    return False


def means(pattern: str, name: str) -> bool:
    """Whether *pattern*, in which one `*` stands for anything, is *name*."""
    before, star, after = pattern.partition("*")
    if not star:
        return pattern == name
    return len(name) >= len(before) + len(after) and name.startswith(before) and name.endswith(after)
