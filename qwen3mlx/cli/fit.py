"""`qwen3mlx fit`: whether a model fits this computer, and how fast it is there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..quoting import size_text
from . import options
from .terminal import Terminal

if TYPE_CHECKING:
    from ..library.fit import Asked, Candidate
    from ..library.machine import Machine

_COLUMNS = ("MODEL", "REPOSITORY", "NEEDS", "VERDICT", "CONTEXT", "PREFILL", "DECODE")
_NOT_KNOWN = "-"


def fit(
    model: Annotated[
        str | None,
        typer.Argument(metavar="MODEL", help="As for `pull`, or a folder; default: all Qwen3."),
    ] = None,
    context: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, help="Tokens of the context; default: 8192."),
    ] = None,
    parallel: Annotated[
        int, typer.Option(metavar="N", min=1, max=256, help="Answers at the same time.")
    ] = 1,
    kv_bits: options.KvBits = None,
    memory: Annotated[
        str | None, typer.Option(metavar="32GB", help="The memory of another Mac.")
    ] = None,
    chip: Annotated[
        str | None, typer.Option(metavar="NAME", help="The chip of another Mac, as M4 Max.")
    ] = None,
    hosts: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Ask the computers of this file what each would hold."),
    ] = None,
    as_json: options.PrintJson = False,
) -> None:
    """Say whether a model fits the memory, with which context, and how fast it will be.

    Speeds are estimated from the chip unless `qwen3mlx bench` has measured the model here. Nothing
    is downloaded.
    """
    from ..errors import UsageError
    from ..library.fit import Asked, whole_family
    from ..library.machine import machine
    from .tables import print_json

    terminal = Terminal.standard()
    if hosts is not None:
        if model is None or (context, parallel, kv_bits, memory, chip) != (
            None,
            1,
            None,
            None,
            None,
        ):
            raise UsageError("--hosts takes a MODEL and no other option but --json.")
        _print_group(model, hosts, terminal, as_json=as_json)
        return
    there, asked = machine(memory, chip), Asked(context, parallel, kv_bits)
    if model is None:
        found = [(member.name, each) for member, each in whole_family(there, asked)]
        if as_json:
            print_json([{"name": name, **each.as_json()} for name, each in found], terminal)
        else:
            _print_family(found, terminal)
        return
    _print_one(_found(model, there, asked), there, asked, terminal, as_json=as_json)


def _found(name: str, there: Machine, asked: Asked) -> Candidate:
    """Return the model on this computer, or else the one of the table."""
    from .. import library
    from ..errors import ModelNotFoundError
    from ..library.family import repositories
    from ..library.fit import of_folder, of_repository
    from .models import find_installed

    try:
        library.resolve(name)
        local = find_installed(name)
        return of_folder(local.id, local.path, there, asked)
    except library.NotDownloadedError as missing:
        known = repositories().get(missing.repository.repo_id.casefold())
        if known is None:
            raise ModelNotFoundError(
                f"{missing.repository.repo_id} is not on this computer and not in the table of "
                "docs/models.md: download it, then ask again."
            ) from None
        return of_repository(*known, there, asked)


def _print_one(
    found: Candidate, there: Machine, asked: Asked, terminal: Terminal, *, as_json: bool
) -> None:
    from ..library.fit import alternative
    from .tables import print_facts, print_json

    instead = None
    if found.fit.verdict != "comfortable":
        instead = alternative(found.name, there, asked)
    if as_json:
        other = None if instead is None else instead.as_json()
        print_json(found.as_json() | {"alternative": other}, terminal)
        return
    facts = [("model", found.name), ("machine", _machine(there)), *_facts(found)]
    if instead is not None:
        facts.append(("instead", f"{instead.name}: {_needs(instead)}"))
    print_facts(facts, terminal)


def _print_group(model: str, hosts: str, terminal: Terminal, *, as_json: bool) -> None:
    """Print what each computer would hold of a model that is on all of them."""
    from ..ranks import read_hosts
    from ..ranks.group import Group
    from .models import find_installed
    from .tables import print_json, print_table

    local = find_installed(model)
    parts = Group(read_hosts(hosts), local.id, local.path).survey()
    if as_json:
        print_json([part._asdict() for part in parts], terminal)
        return
    rows = [
        [
            part.host,
            f"1/{part.ranks} of {part.layers} layers"
            if part.ranks > 1
            else f"{part.layers} layers",
            size_text(part.needed_bytes),
            size_text(part.limit_bytes),
        ]
        for part in parts
    ]
    print_table(("COMPUTER", "HOLDS", "NEEDS", "OF"), rows, terminal)


def _facts(found: Candidate) -> list[tuple[str, str]]:
    fit, speed = found.fit, found.speed
    parts = (
        ("weights", fit.weight_bytes),
        ("keys and values", fit.kv_bytes),
        ("activations", fit.activation_bytes),
        ("cached prefixes", fit.cache_bytes),
    )
    listed = ", ".join(f"{name} {size_text(size)}" for name, size in parts)
    several = f" for each of {fit.parallel} answers" if fit.parallel > 1 else ""
    return [
        ("verdict", fit.verdict),
        ("needs", f"{_needs(found)}: {listed}"),
        ("context", f"{fit.context_length:,} tokens{several}"),
        ("largest context", f"{fit.largest_context:,} tokens{several}"),
        ("prefill", _tps(speed and speed.prefill_tps)),
        ("decode", _tps(speed and speed.decode_tps)),
        ("speeds", "not known for this chip" if speed is None else speed.source),
    ]


def _machine(there: Machine) -> str:
    chip = there.chip.name if there.chip else "unknown chip"
    return (
        f"{chip}, {there.memory_bytes / 2**30:.4g} GB; the GPU may keep "
        f"{size_text(there.usable_bytes)}, of which models get {size_text(there.limit_bytes)}"
    )


def _needs(found: Candidate) -> str:
    return f"{size_text(found.fit.needed_bytes)} of {size_text(found.fit.limit_bytes)}"


def _tps(value: float | None) -> str:
    return _NOT_KNOWN if value is None else f"{value:,.0f} tokens/s"


def _print_family(found: list[tuple[str, Candidate]], terminal: Terminal) -> None:
    from .tables import print_table

    rows: list[list[Any]] = [
        [
            name,
            each.name,
            size_text(each.fit.needed_bytes),
            each.fit.verdict,
            f"{each.fit.largest_context:,}",
            _tps(each.speed and each.speed.prefill_tps),
            _tps(each.speed and each.speed.decode_tps),
        ]
        for name, each in found
    ]
    print_table(_COLUMNS, rows, terminal)
