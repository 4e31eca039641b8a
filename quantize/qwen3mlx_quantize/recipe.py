"""Recipes: how many bits each module gets. They are read from TOML files.

    name = "mixed-4-8"
    about = "4 bit, 8 where an error costs most"
    bits = 4                          # optional: group_size, mode
    [[rules]]                         # the first that fits a module decides
    modules = ["*.self_attn.v_proj"]  # shell patterns of module paths
    layers = "edges"                  # optional: only the first and last eighth of the layers
    bits = 8

`bits = 16` keeps a module in float. Every recipe protects what would break a model: a router has 8
bits in groups of 64, as in mlx-lm, unless a rule gives it at least as many; norms are never
quantized.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from importlib import resources
from typing import Any, Literal, cast, get_args

from qwen3mlx.config import MODE_DEFAULTS, QuantizationMode, QuantizationSpec
from qwen3mlx.errors import CheckpointError, UsageError
from qwen3mlx.settings.state import expanded

FLOAT_BITS = 16
ROUTER = re.compile(r".*\.mlp\.gate")
ROUTER_SPEC = QuantizationSpec(group_size=64, bits=8)
_LAYER = re.compile(r"model\.layers\.(\d+)\.")
_KEYS = {"name", "about", "bits", "group_size", "mode", "rules"}
_RULE_KEYS = {"modules", "layers", "bits", "group_size", "mode"}

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

Layers = Literal["all", "edges"]


@dataclass(frozen=True, slots=True)
class Rule:
    """How to store the modules that match a pattern; `spec` None keeps them in float."""

    modules: tuple[str, ...]
    spec: QuantizationSpec | None
    layers: Layers = "all"

    def fits(self, path: str, num_layers: int) -> bool:
        if not any(fnmatchcase(path, pattern) for pattern in self.modules):
            return False
        match = _LAYER.match(path)
        if self.layers == "all" or match is None:
            return True
        edge, layer = max(1, num_layers // 8), int(match.group(1))
        return layer < edge or layer >= num_layers - edge


@dataclass(frozen=True, slots=True)
class Recipe:
    """Bits for each module. `default` None keeps everything in float, as `bf16` does to a quantized
    checkpoint.
    """

    name: str
    about: str
    default: QuantizationSpec | None
    rules: tuple[Rule, ...] = field(default=())

    def spec(self, path: str, num_layers: int) -> QuantizationSpec | None:
        """Return how module `path` is stored; None means in float."""
        rule = next((rule for rule in self.rules if rule.fits(path, num_layers)), None)
        spec = self.default if rule is None else rule.spec
        if spec is not None and ROUTER.fullmatch(path):
            return spec if rule and spec.bits >= ROUTER_SPEC.bits else ROUTER_SPEC
        return spec

    @property
    def quantizes(self) -> bool:
        """Return whether it packs any module."""
        return self.default is not None or any(rule.spec is not None for rule in self.rules)

    def with_mode(self, mode: str) -> Recipe:
        """Return the recipe in another number format with that format's group size; rules are
        unchanged.

        Raises UsageError for an unknown mode, and for one that does not have the recipe's bits.
        """
        if mode not in MODE_DEFAULTS:
            raise UsageError(f"Unknown mode {mode!r}; valid modes: {', '.join(MODE_DEFAULTS)}.")
        if self.default is None:
            raise UsageError(
                f"--mode does not apply to {self.name}, which keeps all weights in float."
            )
        group_size, bits = MODE_DEFAULTS[mode]
        if mode == "affine":
            bits = self.default.bits
        if bits != self.default.bits:
            raise UsageError(
                f"--mode {mode} has {bits} bits and the recipe {self.name} has "
                f"{self.default.bits}: use --recipe {bits}bit with it."
            )
        spec = QuantizationSpec(group_size, bits, cast(QuantizationMode, mode))
        return replace(self, default=spec)

    def with_group_size(self, group_size: int) -> Recipe:
        """Return the recipe with another group size, in all modules.

        Raises UsageError for a size that a module's number format does not have.
        """

        def changed(spec: QuantizationSpec | None) -> QuantizationSpec | None:
            return spec and replace(spec, group_size=group_size)

        try:
            rules = tuple(replace(rule, spec=changed(rule.spec)) for rule in self.rules)
            return replace(self, default=changed(self.default), rules=rules)
        except CheckpointError as error:
            raise UsageError(f"--group-size {group_size}: {error}") from None


def names() -> list[str]:
    """Return the names of the built-in recipes."""
    files = resources.files(__package__).joinpath("recipes").iterdir()
    return sorted(file.name.removesuffix(".toml") for file in files if file.name.endswith(".toml"))


def load(name: str) -> Recipe:
    """Return a built-in recipe, or read a TOML file. Raises UsageError naming the invalid key."""
    if name in names():
        file = resources.files(__package__).joinpath("recipes", f"{name}.toml")
        return parse(file.read_text(encoding="utf-8"), name)
    path = expanded(name)
    if path.suffix != ".toml":
        raise UsageError(
            f"Unknown recipe {name!r}; valid recipes: {', '.join([*names(), 'auto'])}, or a .toml "
            "file."
        )
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {error}.") from None
    return parse(text, str(path), default_name=path.stem)


def parse(text: str, source: str, default_name: str = "") -> Recipe:
    """Parse the recipe in `text`, TOML. Raises UsageError naming `source` and the invalid key."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{source} is not valid TOML: {error}.") from None
    _check_keys(raw, _KEYS, source)
    rules = raw.get("rules", [])
    if not isinstance(rules, list) or not all(isinstance(rule, dict) for rule in rules):
        raise UsageError(f"{source}: rules must be tables, written as [[rules]].")
    return Recipe(
        name=_text(raw.get("name", default_name), f"{source}: name"),
        about=_text(raw.get("about", ""), f"{source}: about"),
        default=_spec(raw, source),
        rules=tuple(_rule(rule, f"{source}: rule {i}") for i, rule in enumerate(rules, 1)),
    )


def _rule(raw: Mapping[str, Any], source: str) -> Rule:
    _check_keys(raw, _RULE_KEYS, source)
    modules = raw.get("modules")
    patterns = isinstance(modules, list) and modules and all(type(m) is str for m in modules)
    if not patterns:
        raise UsageError(f"{source}: modules must be a non-empty list of patterns (strings).")
    layers = raw.get("layers", "all")
    if layers not in get_args(Layers):
        raise UsageError(f"{source}: layers is {layers!r}; it must be 'all' or 'edges'.")
    assert isinstance(modules, list)
    return Rule(tuple(modules), _spec(raw, source), layers)


def _spec(raw: Mapping[str, Any], source: str) -> QuantizationSpec | None:
    mode = raw.get("mode", "affine")
    if mode not in get_args(QuantizationMode):
        known = ", ".join(get_args(QuantizationMode))
        raise UsageError(f"{source}: mode is {mode!r}; it must be one of {known}.")
    group_size, bits = MODE_DEFAULTS[mode]
    bits = raw.get("bits", bits)
    if bits == FLOAT_BITS:
        return None
    try:
        return QuantizationSpec(raw.get("group_size", group_size), bits, mode)
    except CheckpointError as error:
        raise UsageError(f"{source}: {error}") from None


def _check_keys(raw: Mapping[str, Any], known: set[str], source: str) -> None:
    for key in raw:
        if key not in known:
            raise UsageError(
                f"{source}: unknown key {key!r}; valid keys: {', '.join(sorted(known))}."
            )


def _text(value: Any, source: str) -> str:
    if not isinstance(value, str):
        raise UsageError(f"{source} must be a string, not {value!r}.")
    return value
