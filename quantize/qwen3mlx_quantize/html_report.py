"""The figures of an evaluation as one self-contained HTML file."""

from __future__ import annotations

import html
import importlib.util
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from qwen3mlx import __version__
from qwen3mlx.errors import UsageError

from . import plots
from .events import OnEvent, ignore
from .inspection import Inspection, inspect_weights
from .names import name_of
from .quality import Quality

STYLE = """
:root { color-scheme: light dark; --ground: #f5f5f8; --card: #fff; --line: #e3e3e9;
  --ink: #1c1c21; --muted: #636369; --good: #1f7a3d; }
@media (prefers-color-scheme: dark) { :root { --ground: #16161a; --card: #1e1e24; --line: #33333b;
  --ink: #ececf1; --muted: #a2a2ab; --good: #5cc98a; } }
body { font: 15px/1.5 -apple-system, "Inter", "Segoe UI", sans-serif; margin: 0;
  color: var(--ink); background: var(--ground); }
main { max-width: 1180px; margin: 0 auto; padding: 40px 24px 64px; }
h1 { font-size: 26px; margin: 0 0 4px; overflow-wrap: anywhere; }
h2 { font-size: 16px; margin: 0 0 2px; }
p { margin: 0 0 12px; color: var(--muted); }
section { background: var(--card); border: 1px solid var(--line); border-radius: 12px;
  padding: 20px 24px; overflow-x: auto; }
main > section, footer { margin-top: 20px; }
.pictures { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 460px), 1fr));
  gap: 20px; margin-top: 20px; }
svg { display: block; width: 100%; height: auto; }
svg text { fill: var(--ink) !important; font-family: inherit !important; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { padding: 8px 12px; border-bottom: 1px solid var(--line); text-align: right;
  white-space: nowrap; }
thead th { color: var(--muted); font-weight: 500; font-size: 13px; }
th:first-child { text-align: left; }
tbody tr:last-child > * { border-bottom: none; }
b { color: var(--good); }
i { display: inline-block; width: 10px; height: 10px; border-radius: 5px; margin-right: 8px; }
@media print { main { padding: 0; } section { break-inside: avoid; } }
"""


def check(path: Path) -> None:
    """Raise UsageError if the report cannot be written, before any work."""
    if importlib.util.find_spec("matplotlib") is None:
        raise UsageError(
            '--report needs matplotlib, which is not installed: run pip install "qwen3mlx[report]".'
        )
    if not path.parent.is_dir():
        raise UsageError(f"There is no folder {path.parent} for the report: create it first.")
    if path.is_dir():
        raise UsageError(f"{path} is a folder: name a file for the report, such as report.html.")
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise UsageError(f"{path} cannot be written: choose another place for the report.")


def text(
    found: Sequence[Quality],
    candidates: Sequence[Path],
    reference: Path,
    on_event: OnEvent = ignore,
) -> str:
    """Return the page for `found`, the figures of `candidates` in the same order."""
    inspections = [inspect_weights(path, reference, on_event) for path in candidates]
    first, name = found[0], html.escape(name_of(reference))
    about = (
        f"Compared with {name}, whose perplexity is {first.reference_perplexity:.3f}, on "
        f"{first.num_tokens:,} tokens of {html.escape(first.text)}. KL divergence, in nats per "
        "token, is how far the predictions of the next token move."
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Quality loss of quantizing {name}</title><style>{STYLE}</style></head><body><main>"
        f"<h1>Quality loss of quantizing {name}</h1><p>{about}</p>"
        f"<section>{_table(found)}</section>"
        f'<div class="pictures">{"".join(_pictures(found, inspections))}</div>'
        f"<footer><p>qwen3mlx {__version__} evaluate</p></footer></main></body></html>\n"
    )


def _pictures(found: Sequence[Quality], inspections: Sequence[Inspection]) -> Iterator[str]:
    yield _picture(
        "Quality against size",
        "Lower is closer to the reference, further left is smaller. The line joins the models that "
        "no other model beats in both.",
        plots.quality_against_size(found),
    )
    if (layers := plots.error_by_layer(inspections, found)) is not None:
        yield _picture("Weight error by layer", _compared(found, inspections), layers)
    yield _picture(
        "Divergence of single tokens",
        "The dot marks the mean; 99% of the tokens are below the right end of the line.",
        plots.kl_distribution(found),
    )
    yield _picture(
        "Size by part",
        "A tied embedding and head are one matrix.",
        plots.size_by_part(inspections, found),
    )


def _compared(found: Sequence[Quality], inspections: Sequence[Inspection]) -> str:
    pairs = zip(found, inspections, strict=True)
    scaled = [html.escape(quality.name) for quality, one in pairs if one.errors is None]
    left_out = f" Not shown, because their method scales weights: {', '.join(scaled)}."
    return f"Measured on a sample of rows.{left_out if scaled else ''}"


def _picture(title: str, about: str, svg: str) -> str:
    named = svg.replace("<svg ", f'<svg role="img" aria-label="{title}" ', 1)
    return f"<section><h2>{title}</h2><p>{about}</p>{named}</section>"


def _table(found: Sequence[Quality]) -> str:
    unit, scale = plots.size_unit([quality.size_bytes for quality in found])
    titles = ("Model", f"Size, {unit}", "Bits per weight", "Mean KL", "99% KL",
              "Same top token", "Perplexity", "Tokens/s")  # fmt: skip
    head = "".join(f'<th scope="col">{title}</th>' for title in titles)
    nearest = min(quality.kl_mean for quality in found)
    rows = []
    for number, quality in enumerate(found):
        colour = plots.COLOURS[number % len(plots.COLOURS)]
        mean = f"{quality.kl_mean:.5f}"
        cells = (
            f"{quality.size_bytes / scale:.3f}",
            f"{quality.bits_per_weight:.3f}",
            f"<b>{mean}</b>" if quality.kl_mean == nearest and len(found) > 1 else mean,
            f"{quality.kl_quantiles['0.99']:.4f}",
            f"{quality.agreement:.2%}",
            f"{quality.perplexity:.3f}",
            f"{quality.decode_tps:.1f}",
        )
        name = f'<i style="background:{colour}"></i>{html.escape(quality.name)}'
        row = "".join(f"<td>{cell}</td>" for cell in cells)
        rows.append(f'<tr><th scope="row">{name}</th>{row}</tr>')
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
