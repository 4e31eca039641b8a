"""How many examples a property is tried on."""

from __future__ import annotations

from hypothesis import settings

# With `make test-all`.
ALL = "all"


def examples(count: int) -> int:
    """Return `count` for `make test-all`, half of it otherwise."""
    return count if settings.get_current_profile_name() == ALL else (count + 1) // 2
