"""Requests for a conversion or an evaluation, checked as soon as they are made."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from qwen3mlx.errors import UsageError
from qwen3mlx.quoting import quoted

from . import html_report
from . import recipe as recipes
from .packing import Method
from .recipe import Recipe

# The recipe that chooses bits by measuring the source, within `target_bpw`.
AUTO = "auto"
# Methods that run a text through the model.
CALIBRATED = ("gptq", "autoround", "awq", "dwq")
# The calibration by the model's own answers; a file of this name is `./self`.
SELF = "self"
LEAST_BPW, MOST_BPW = 2.0, 16.0


@dataclass(frozen=True, slots=True, kw_only=True)
class QuantizeRequest:
    """Convert the checkpoint folder `source` into the new folder `output`.

    `recipe` is a name, a TOML file or a Recipe; by default `4bit`, or `8bit` for mode `mxfp8`. The
    name `auto` needs `target_bpw`, in bits per weight, or `fit`: the memory of a Mac, such as
    `16GB`, in which the model, its KV cache for `context` tokens and the system fit. `mode` and
    `group_size` replace the recipe's. `method` defaults to `mse` for affine integers, else to
    `rtn`. `calibration` is a file or folder of text, or `self` for the model's own answers; see
    `choices.choose_calibration` for the default. `measure` evaluates the result against the
    source. `command` is quoted in the model card.

    Raises UsageError naming the option that cannot be used.
    """

    source: Path
    output: Path
    recipe: str | Recipe | None = None
    target_bpw: float | None = None
    fit: str | None = None
    context: int | None = None
    mode: str | None = None
    group_size: int | None = None
    method: str | None = None
    calibration: Path | str | None = None
    measure: bool = False
    dry_run: bool = False
    resume: bool = False
    command: str = ""

    def __post_init__(self) -> None:
        self._check_size()
        _, method = self.recipe_and_method()
        if self.calibration is not None and method not in CALIBRATED and not self.is_auto:
            raise UsageError(
                "--calibration needs --method gptq, autoround, awq or dwq, or --recipe auto: other "
                "methods use no text."
            )

    def _check_size(self) -> None:
        if self.is_auto != (self.target_bpw is not None or self.fit is not None):
            raise UsageError(
                "--recipe auto needs --target-bpw, such as 5, or --fit, such as 16GB, and the "
                "reverse."
            )
        if self.target_bpw is not None and self.fit is not None:
            raise UsageError("--target-bpw and --fit are two sizes: choose one.")
        if self.context is not None and self.fit is None:
            raise UsageError("--context needs --fit, such as 16GB.")
        if self.target_bpw is not None and not LEAST_BPW <= self.target_bpw <= MOST_BPW:
            raise UsageError(
                f"--target-bpw must be from {LEAST_BPW:g} to {MOST_BPW:g}, not "
                f"{quoted(self.target_bpw)}."
            )

    @property
    def is_auto(self) -> bool:
        return self.recipe == AUTO or (self.recipe is None and self.fit is not None)

    def recipe_and_method(self) -> tuple[Recipe, Method]:
        """Return the recipe, or the one that `auto` starts from, with the options applied; and the
        method.
        """
        chosen = self.recipe if isinstance(self.recipe, Recipe) else recipes.load(self._name())
        if self.mode is not None:
            chosen = chosen.with_mode(self.mode)
        if self.group_size is not None:
            chosen = chosen.with_group_size(self.group_size)
        return chosen, method_for(self.method, chosen)

    def _name(self) -> str:
        if self.recipe is None:
            return "8bit" if self.mode == "mxfp8" else "4bit"
        assert isinstance(self.recipe, str)
        return "4bit" if self.is_auto else self.recipe


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluateRequest:
    """Compare checkpoint folders with the folder `reference`, token by token.

    `text` is a file or folder of text; by default the reference's own `evaluation.txt`, else the
    built-in texts. `report` is an HTML file to write, which needs matplotlib.

    Raises UsageError for a report that cannot be written.
    """

    candidates: tuple[Path, ...]
    reference: Path
    text: Path | None = None
    report: Path | None = None

    def __post_init__(self) -> None:
        if self.report is not None:
            html_report.check(self.report)


def method_for(name: str | None, recipe: Recipe) -> Method:
    """Return the method `name`, or the recipe's default one.

    Raises UsageError for an unknown method, or one that the recipe's number format cannot use.
    """
    floats = recipe.default is not None and recipe.default.mode != "affine"
    if name is None:
        return "rtn" if floats or recipe.default is None else "mse"
    method: Method | None = next((known for known in get_args(Method) if known == name), None)
    if method is None:
        raise UsageError(
            f"Unknown method {quoted(name)}; valid methods: {', '.join(get_args(Method))}."
        )
    if method != "rtn" and floats:
        raise UsageError(
            f"--method {method} works on affine integers and {recipe.name} has none: use --method "
            "rtn."
        )
    return method
