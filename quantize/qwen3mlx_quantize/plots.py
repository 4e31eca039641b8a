"""The figures of an evaluation as plots in SVG. Needs matplotlib (extra `report`).

Text stays text, in the page's font and color, and grid lines are half transparent, so that a plot
reads well on light and dark backgrounds. A model has the same color of COLOURS in every plot.
"""

from __future__ import annotations

import io
import math
import re
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from .inspection import PARTS, Inspection
from .quality import Quality

COLOURS = (
    "#6d62f0", "#e0793a", "#1f9d6b", "#d04a78", "#2b87c8", "#a08028", "#8a8a94", "#b05ad0",
)  # fmt: skip
PART_COLOURS = ("#6d62f0", "#2b87c8", "#7fbce6", "#1f9d6b", "#8ccfae", "#a08028")
FAINT, WIDTH, HEIGHT, ROW = "#8888884d", 6.2, 3.9, 0.5
# The lowest KL divergence shown, below which models count as equal; longer names are shortened.
LEAST_KL, LONGEST_NAME = 1e-8, 28
_LAYER = re.compile(r"model\.layers\.(\d+)\.")
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def size_unit(sizes: Sequence[int]) -> tuple[str, float]:
    """Return the unit for sizes, and its bytes."""
    return ("GB", 1e9) if max(sizes) >= 1e8 else ("MB", 1e6)


def quality_against_size(found: Sequence[Quality]) -> str:
    """Plot KL divergence (log scale) over size; a line joins the models that none beats in both."""
    unit, scale = size_unit([quality.size_bytes for quality in found])
    figure, axes = _figure(f"Size, {unit}", "KL divergence, nats per token")
    points = [(quality.size_bytes / scale, max(quality.kl_mean, LEAST_KL)) for quality in found]
    best = [one for one in points if not any(_beats(other, one) for other in points)]
    axes.plot(*zip(*sorted(best), strict=True), color=FAINT, linewidth=6, solid_capstyle="round")
    for number, point in enumerate(points):
        axes.scatter(*point, s=70, color=_colour(number), zorder=3)
    axes.set_xlim(0.85 * min(size for size, _ in points), 1.15 * max(size for size, _ in points))
    _logarithmic(axes, [kl for _, kl in points])
    named = [(quality.name, _colour(number)) for number, quality in enumerate(found)]
    _name_points(figure, axes, points, named)
    return _svg(figure, "size")


def kl_distribution(found: Sequence[Quality]) -> str:
    """Plot a row per model: the histogram of its tokens' KL divergence, the mean and the 99%."""
    figure, axes = _figure("KL divergence of a token, nats", "", rows=len(found))
    most = max(max(quality.histogram[1]) / quality.num_tokens for quality in found)
    for number, quality in enumerate(found):
        edges, counts = quality.histogram
        heights = [0.88 * count / quality.num_tokens / most - number for count in counts]
        values, colour = [10**edge for edge in edges], _colour(number)
        axes.stairs(heights, values, baseline=-number, fill=True, color=colour, alpha=0.3)
        axes.stairs(heights, values, baseline=-number, color=colour, linewidth=1.5)
        mean, high = (max(kl, LEAST_KL) for kl in (quality.kl_mean, quality.kl_quantiles["0.99"]))
        axes.plot([mean, high], [-number, -number], color=colour, linewidth=3, zorder=4)
        axes.plot([mean], [-number], marker="o", markersize=7, color=colour, zorder=4)
    _name_rows(axes, [0.25 - number for number in range(len(found))], found)
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(lambda value, _: _power(value))
    axes.set_xlim(*_kl_range(found))
    axes.set_ylim(0.4 - len(found), 1.05)
    return _svg(figure, "kl")


def error_by_layer(inspections: Sequence[Inspection], found: Sequence[Quality]) -> str | None:
    """Plot the mean squared error of each layer's matrices; None if none can be compared."""
    lines = {number: line for number, one in enumerate(inspections) if (line := _layer_means(one))}
    if not lines:
        return None
    figure, axes = _figure("Layer", "Squared error over squared weights")
    for number, line in lines.items():
        axes.plot(*zip(*line, strict=True), marker="o", markersize=4, color=_colour(number))
    axes.xaxis.get_major_locator().set_params(integer=True)
    _logarithmic(axes, [error for line in lines.values() for _, error in line])
    named = [(found[number].name, _colour(number)) for number in lines]
    _name_ends(figure, axes, [line[-1] for line in lines.values()], named)
    return _svg(figure, "layers")


def size_by_part(inspections: Sequence[Inspection], found: Sequence[Quality]) -> str:
    """Plot a bar per model: the size of its embedding, attention, feed-forward and the rest."""
    totals = [sum(one.sizes.values()) for one in inspections]
    unit, scale = size_unit(totals)
    figure, axes = _figure(f"Size, {unit}", "", rows=len(inspections))
    rows, left = [-number for number in range(len(inspections))], [0.0] * len(inspections)
    for part, colour in zip(PARTS, PART_COLOURS, strict=True):
        widths = [one.sizes[part] / scale for one in inspections]
        axes.barh(rows, widths, left=left, height=0.6, color=colour, label=part)
        left = [start + width for start, width in zip(left, widths, strict=True)]
    for row, total in zip(rows, totals, strict=True):
        at = (total / scale, row)
        axes.annotate(f"{total / scale:.2f}", at, (5, 0), textcoords="offset points", va="center")
    _name_rows(axes, rows, found)
    axes.margins(x=0.1)
    figure.legend(loc="outside upper center", ncols=3, frameon=False, fontsize=9)
    return _svg(figure, "parts")


def _beats(one: tuple[float, float], other: tuple[float, float]) -> bool:
    return one != other and one[0] <= other[0] and one[1] <= other[1]


def _layer_means(inspection: Inspection) -> list[tuple[int, float]]:
    """Return the layers in order, with the mean error of their modules."""
    layers: defaultdict[int, list[float]] = defaultdict(list)
    for path, error in (inspection.errors or {}).items():
        if match := _LAYER.match(path):
            layers[int(match.group(1))].append(error)
    return [(n, max(sum(errors) / len(errors), 1e-12)) for n, errors in sorted(layers.items())]


def _kl_range(found: Sequence[Quality]) -> tuple[float, float]:
    """Return the lowest and highest KL divergence of any token, in whole decades."""
    used = [
        edge
        for quality in found
        for edges, count in zip(
            zip(quality.histogram[0], quality.histogram[0][1:], strict=False),
            quality.histogram[1],
            strict=True,
        )
        if count
        for edge in edges
    ]
    return 10.0 ** math.floor(min(used)), 10.0 ** math.ceil(max(used))


def _figure(across: str, up: str, rows: int = 0) -> tuple[Any, Any]:
    """Return a figure and its axes; with `rows`, its height fits the rows."""
    from matplotlib.figure import Figure

    height = 1.5 + rows * ROW if rows else HEIGHT
    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    axes = figure.add_subplot()
    axes.set_xlabel(across)
    axes.set_ylabel(up)
    axes.grid(color=FAINT, linewidth=0.7)
    axes.set_axisbelow(True)
    for side, spine in axes.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color(FAINT)
    axes.tick_params(color=FAINT, labelsize=9)
    return figure, axes


def _logarithmic(axes: Any, values: Sequence[float]) -> None:
    """Make the y axis logarithmic, in whole decades and at least one."""
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    axes.set_yscale("log")
    axes.set_ylim(10.0**low, 10.0 ** max(high, low + 1))
    axes.yaxis.set_major_formatter(lambda value, _: _power(value))
    axes.yaxis.set_minor_formatter(lambda value, _: "")


def _power(value: float) -> str:
    """Return `value` as a power of ten."""
    return f"10{str(round(math.log10(value))).translate(_RAISED)}"


def _name_rows(axes: Any, rows: Sequence[float], found: Sequence[Quality]) -> None:
    axes.set_yticks(
        rows, [_short(quality.name) for quality in found], va="center", parse_math=False
    )
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="y", visible=False)
    axes.spines["left"].set_visible(False)


def _name_points(
    figure: Any, axes: Any, points: Sequence[Any], named: Sequence[tuple[str, str]]
) -> None:
    """Label each point with its name and color, on the side that has room."""
    middle = sum(axes.get_xlim()) / 2

    def label(number: int, up: float) -> Any:
        left = points[number][0] > middle
        place, side = (-14 if left else 14, up), "right" if left else "left"
        return _label(axes, *named[number], points[number], place, side)

    _apart(figure, len(points), label)


def _name_ends(
    figure: Any, axes: Any, ends: Sequence[Any], named: Sequence[tuple[str, str]]
) -> None:
    """Label each line's end, to the right of the axes."""
    _apart(figure, len(ends), lambda n, up: _label(axes, *named[n], ends[n], (20, up), "left"))


def _label(
    axes: Any, name: str, colour: str, point: Any, place: tuple[float, float], side: str
) -> Any:
    """Add a name, joined to its point by a line of its color."""
    line = {"arrowstyle": "-", "color": colour, "linewidth": 1, "shrinkA": 1, "shrinkB": 2}
    return axes.annotate(
        _short(name), point, place, textcoords="offset points", ha=side, va="center", fontsize=9,
        parse_math=False, arrowprops=line | {"relpos": (1, 0.5) if side == "right" else (0, 0.5)},
    )  # fmt: skip


def _apart(figure: Any, count: int, label: Callable[[int, float], Any]) -> None:
    """Place labels made by `label(number, points up)` so that none covers another."""
    with _no_glyphs_needed():
        figure.draw_without_rendering()
    boxes = [_measured(label(number, 0.0)) for number in range(count)]
    placed: list[Any] = []
    for number in sorted(range(count), key=lambda number: float(boxes[number].y0)):
        box, up = boxes[number], 0.0
        for other in sorted(placed, key=lambda other: float(other.y0)):
            if box.translated(0, up).overlaps(other):
                up = other.y1 - box.y0 + 1
        label(number, up * 72 / figure.dpi)
        placed.append(box.translated(0, up))


def _measured(text: Any) -> Any:
    """Remove a label and return its box in pixels."""
    with _no_glyphs_needed():
        box = text.get_window_extent()
    text.remove()
    return box


@contextmanager
def _no_glyphs_needed() -> Iterator[None]:
    """Allow names in, say, Chinese, which are shown in the reader's font, not in matplotlib's."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"Glyph \d+ .* missing from font", append=False)
        yield


def _short(name: str) -> str:
    half = LONGEST_NAME // 2
    return name if len(name) <= LONGEST_NAME else f"{name[: half - 1]}…{name[-half:]}"


def _colour(number: int) -> str:
    return COLOURS[number % len(COLOURS)]


def _svg(figure: Any, salt: str) -> str:
    """Return the figure's SVG without time, program, addresses and unused ids.

    `salt` keeps its ids different from those of the page's other plots.
    """
    from matplotlib import rc_context

    text, nothing = io.StringIO(), {"Date": None, "Creator": None}
    with rc_context({"svg.hashsalt": salt, "svg.fonttype": "none"}), _no_glyphs_needed():
        figure.savefig(text, format="svg", metadata=nothing, transparent=True)
    svg = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->", "", text.getvalue(), flags=re.DOTALL)
    svg = svg[svg.index("<svg") :].replace("xlink:href", "href")
    svg = re.sub(r" xmlns:xlink=\"[^\"]*\"", "", svg)
    used = set(re.findall(r"#([\w.-]+)", svg))
    return re.sub(
        r' id="([^"]*)"', lambda found: found.group() if found.group(1) in used else "", svg
    )
