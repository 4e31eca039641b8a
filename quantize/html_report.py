"""What an evaluation found, as one HTML file that needs nothing else."""

from __future__ import annotations

import html
import importlib.util
from collections.abc import Sequence
from pathlib import Path

from qwen3mlx import __version__
from qwen3mlx.errors import UsageError

from . import inside, plots
from .evaluate import Quality

STYLE = """
:root { color-scheme: light; }
body { font: 15px/1.5 -apple-system, "Inter", "Segoe UI", sans-serif; margin: 0; color: #1c1c21;
  background: #f5f5f8; }
main { max-width: 1180px; margin: 0 auto; padding: 40px 24px 64px; }
h1 { font-size: 26px; margin: 0 0 4px; } h2 { font-size: 16px; margin: 0 0 2px; }
p { margin: 0 0 12px; color: #636369; }
section { background: #fff; border: 1px solid #e3e3e9; border-radius: 12px; padding: 20px 24px;
  margin-top: 20px; overflow-x: auto; }
.two { display: grid; grid-template-columns: repeat(auto-fit, minmax(460px, 1fr)); gap: 20px; }
.two section { margin-top: 0; } .two { margin-top: 20px; }
svg { width: 100%; height: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th { text-align: right; color: #636369; font-weight: 500; font-size: 13px; }
td { text-align: right; } th, td { padding: 8px 12px; border-bottom: 1px solid #e3e3e9; }
th:first-child, td:first-child { text-align: left; font-weight: 600; }
tr:last-child td { border-bottom: none; } .best { color: #1f7a3d; font-weight: 600; }
i { display: inline-block; width: 10px; height: 10px; border-radius: 5px; margin-right: 8px; }
"""
HEAD = ("Model", "Size, GB", "Bits per weight", "KL, mean", "KL, 99%", "Same top token",
        "Perplexity", "Tokens/s")  # fmt: skip


def check(path: Path) -> None:
    """Raises UsageError before any work where the report could not be written."""
    if importlib.util.find_spec("matplotlib") is None:
        raise UsageError(
            "--report draws with matplotlib, which is not installed: "
            'pip install "qwen3mlx[report]".'
        )
    if not path.parent.is_dir():
        raise UsageError(f"There is no folder {path.parent} to write the report into.")


def text(found: Sequence[Quality], candidates: Sequence[Path], reference: Path) -> str:
    """`found` is of `candidates`, in their order."""
    insides = [inside.look(path, reference) for path in candidates]
    layers = plots.error_by_layer(insides)
    pictures = [
        (
            "Quality against size",
            "Lower is nearer to the source, further left is smaller.",
            plots.quality_against_size(found),
        ),
        (
            "How much single tokens diverge",
            "The dotted lines are the means.",
            plots.kl_distribution(found),
        ),
        (
            "Error of the weights, by layer",
            "Of a sample of rows. AWQ scales weights, so its cannot be compared.",
            layers or "<p>None of these can be compared.</p>",
        ),
        ("What the size is made of", "Embedding and head count once where they are tied.",
         plots.size_by_part(insides)),
    ]  # fmt: skip
    sections = "".join(
        f"<section><h2>{title}</h2><p>{about}</p>{picture}</section>"
        for title, about, picture in pictures
    )
    first, name = found[0], html.escape(reference.name)
    about = (
        f"Compared with {name}, whose perplexity is {first.reference_perplexity:.3f}, on "
        f"{first.num_tokens:,} tokens. KL divergence is in nats per token: how far the "
        "distribution of the next token moves."
    )
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>What quantizing {name} costs</title><style>{STYLE}</style><main>"
        f"<h1>What quantizing {name} costs</h1><p>{about}</p>"
        f"<section>{_table(found)}</section>"
        f'<div class="two">{sections}</div>'
        f"<p style='margin-top:20px'>qwen3mlx {__version__} evaluate</p></main></html>\n"
    )


def _table(found: Sequence[Quality]) -> str:
    head = "".join(f"<th>{title}</th>" for title in HEAD)
    nearest = min(quality.kl_mean for quality in found)
    rows = []
    for number, quality in enumerate(found):
        colour = plots.COLOURS[number % len(plots.COLOURS)]
        best = ' class="best"' if quality.kl_mean == nearest and len(found) > 1 else ""
        rows.append(
            f'<tr><td><i style="background:{colour}"></i>{html.escape(quality.name)}</td>'
            f"<td>{quality.size_bytes / 1e9:.3f}</td><td>{quality.bits_per_weight:.3f}</td>"
            f"<td{best}>{quality.kl_mean:.5f}</td><td>{quality.kl_quantiles['0.99']:.4f}</td>"
            f"<td>{quality.agreement:.2%}</td><td>{quality.perplexity:.3f}</td>"
            f"<td>{quality.decode_tps:.1f}</td></tr>"
        )
    return f"<table><tr>{head}</tr>{''.join(rows)}</table>"
