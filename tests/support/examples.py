"""How many examples a property is tried on."""

from __future__ import annotations

from hypothesis import settings

# With `make test-all`.
ALL = "all"


def examples(count: int, *, fast: int | None = None) -> int:
    """Return `count` for `make test-all`, otherwise `fast`, or half of it."""
    if settings.get_current_profile_name() == ALL:
        return count
    return (count + 1) // 2 if fast is None else fast
