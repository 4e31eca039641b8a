"""What an evaluation found, as pictures: SVG texts. Needs matplotlib (extra `report`)."""

from __future__ import annotations

import io
import re
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from .evaluate import Quality
from .inside import PARTS, Inside

COLOURS = ("#5b50e0", "#e0793a", "#1f9d6b", "#c43d6b", "#2b87c8", "#8a6d1f", "#7a7a85", "#111116")
SIZE = (6.2, 3.9)
_LAYER = re.compile(r"model\.layers\.(\d+)\.")


def quality_against_size(found: Sequence[Quality]) -> str:
    """KL divergence, logarithmic, over gigabytes: the lower and the further left, the better."""
    figure, axes = _figure("Size in GB", "KL divergence, nats per token")
    for number, quality in enumerate(found):
        size, kl = quality.size_bytes / 1e9, max(quality.kl_mean, 1e-8)
        axes.scatter([size], [kl], s=70, color=_colour(number), zorder=3)
        axes.annotate(
            quality.name, (size, kl), textcoords="offset points", xytext=(8, 5), fontsize=9
        )
    axes.set_yscale("log")
    axes.margins(x=0.25, y=0.25)
    return _svg(figure)


def kl_distribution(found: Sequence[Quality]) -> str:
    """How many tokens diverge how much; the dotted lines are the means."""
    figure, axes = _figure("KL divergence of a token, nats", "Share of the tokens, %")
    for number, quality in enumerate(found):
        edges, counts = quality.histogram
        shares = [100 * count / quality.num_tokens for count in counts]
        axes.stairs(
            shares, [10**edge for edge in edges], color=_colour(number), linewidth=1.8,
            label=quality.name,
        )  # fmt: skip
        axes.axvline(max(quality.kl_mean, 1e-8), color=_colour(number), linestyle=":", linewidth=1)
    axes.set_xscale("log")
    axes.legend(frameon=False, fontsize=9)
    return _svg(figure)


def error_by_layer(insides: Sequence[Inside]) -> str | None:
    """The mean squared error of each layer's matrices; None where none can be compared."""
    figure, axes = _figure("Layer", "Squared error over squared weights")
    drawn = False
    for number, inside in enumerate(insides):
        layers: defaultdict[int, list[float]] = defaultdict(list)
        for path, error in (inside.errors or {}).items():
            if match := _LAYER.match(path):
                layers[int(match.group(1))].append(error)
        if layers:
            places = sorted(layers)
            means = [sum(layers[place]) / len(layers[place]) for place in places]
            axes.plot(
                places, [max(mean, 1e-9) for mean in means], marker="o", markersize=4,
                color=_colour(number), label=inside.name,
            )  # fmt: skip
            drawn = True
    if not drawn:
        return None
    axes.set_yscale("log")
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.legend(frameon=False, fontsize=9)
    return _svg(figure)


def size_by_part(insides: Sequence[Inside]) -> str:
    """Gigabytes of embedding, attention, feed-forward and the rest."""
    figure, axes = _figure("Size in GB", "")
    names = [inside.name for inside in insides]
    left = [0.0] * len(insides)
    for number, part in enumerate(PARTS):
        widths = [inside.sizes[part] / 1e9 for inside in insides]
        axes.barh(names, widths, left=left, height=0.55, color=_colour(number), label=part)
        left = [start + width for start, width in zip(left, widths, strict=True)]
    axes.invert_yaxis()
    axes.grid(axis="y", visible=False)
    axes.legend(frameon=False, fontsize=9, loc="upper center", bbox_to_anchor=(0.5, 1.16), ncols=4)
    return _svg(figure)


def _figure(across: str, up: str) -> tuple[Any, Any]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=SIZE, layout="constrained")
    axes = figure.add_subplot()
    axes.set_xlabel(across)
    axes.set_ylabel(up)
    axes.grid(color="#e6e6ec", linewidth=0.8)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color("#b4b4bb")
    axes.tick_params(colors="#4a4a52", labelsize=9)
    return figure, axes


def _colour(number: int) -> str:
    return COLOURS[number % len(COLOURS)]


def _svg(figure: Any) -> str:
    """Without the parts that name a time, a program or an address."""
    from matplotlib import rc_context

    text = io.StringIO()
    nothing = {"Date": None, "Creator": None}
    with rc_context({"svg.hashsalt": "qwen3mlx", "svg.fonttype": "path"}):
        figure.savefig(text, format="svg", metadata=nothing, transparent=True)
    svg = re.sub(r"<metadata>.*?</metadata>", "", text.getvalue(), flags=re.DOTALL)
    svg = svg[svg.index("<svg") :].replace("xlink:href", "href")
    return re.sub(r" xmlns:xlink=\"[^\"]*\"", "", svg)
