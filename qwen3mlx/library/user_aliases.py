"""The user's own names for models: the setting `alias`, a list of `NAME=MODEL`.

    {"server": {"alias": ["gpt-4o=qwen3:8b"]}}

Many tools have the name of a model wired in. A model's own id always means that model.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..errors import UsageError
from ..quoting import quoted
from ..settings.user import UserSettings
from .names import DEMOS, is_written_as_path, plain

# Their order in a list says nothing; a dictionary is searched for each request.
Aliases = Mapping[str, str]


def parse_aliases(rows: Sequence[str]) -> dict[str, str]:
    """Return the models by alias, in lower case. Raises UsageError."""
    aliases: dict[str, str] = {}
    for row in rows:
        name, equals, model = (part.strip() for part in row.partition("="))
        if not (name and equals and model and row.isprintable()):
            raise UsageError(f"alias {quoted(row)} must be NAME=MODEL, as in gpt-4o=qwen3:8b.")
        key = key_of(name)
        if is_written_as_path(key):
            raise UsageError(f"alias {quoted(row)} names a folder: choose a name that is no path.")
        if key in DEMOS:
            raise UsageError(f"alias {quoted(row)} cannot rename {key}: choose another name.")
        if key in aliases:
            raise UsageError(f"alias {quoted(name)} is given twice: keep one of the two.")
        aliases[key] = model
    return aliases


def saved_aliases() -> dict[str, str]:
    """Return the aliases in settings.json. Raises ConfigurationError or UsageError."""
    user = UserSettings()
    rows = user.server().get("alias") or []
    if not isinstance(rows, list) or not all(isinstance(row, str) for row in rows):
        raise UsageError(
            f"{user.path}: server.alias is {quoted(rows)}; it must be a list of NAME=MODEL."
        )
    try:
        return parse_aliases(rows)
    except UsageError as error:
        raise UsageError(f"{user.path}: server.{error}") from None


def aliased(name: str, aliases: Aliases | None = None) -> str:
    """Return the model that `name` is an alias for, or `name` itself.

    `aliases` None stands for the saved ones.
    """
    if not name or name.casefold() in DEMOS:
        return name
    return (saved_aliases() if aliases is None else aliases).get(key_of(name), name)


def save(alias: str, model: str) -> None:
    """Save an alias, in place of one of the same name. Raises UsageError."""
    row = f"{alias}={model}"
    if parse_aliases([row]) != {key_of(alias): model}:
        raise UsageError(f"{quoted(alias)} cannot be a name: choose one without `=`.")
    _put(alias, row)


def forget(alias: str) -> None:
    """Remove an alias, if it is saved; the model stays."""
    if key_of(alias) in saved_aliases():
        _put(alias, None)


def replaced(rows: Sequence[str], alias: str, row: str | None) -> list[str]:
    """Return the rows with this one in place of those that name `alias`."""
    kept = [each for each in rows if key_of(each.partition("=")[0]) != key_of(alias)]
    return kept if row is None else [*kept, row]


def _put(alias: str, row: str | None) -> None:
    with UserSettings().edit_server() as server:
        server["alias"] = replaced(server.get("alias") or [], alias, row) or None


def key_of(name: str) -> str:
    """Return a name as aliases are compared by it."""
    return plain(name).casefold()
