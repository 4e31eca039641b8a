"""Create the checkpoints from a run: `python -m training.export --model dense`.

First `training/weights/dense`, bfloat16 under the names of the released checkpoints; from it
`qwen3mlx/demo/dense`, quantized as mlx-lm does it, with tokenizer, template, settings and the text
to be evaluated on.
"""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path
from typing import Any, cast

import mlx.core as mx
import numpy as np
from tokenizers import Tokenizer

from training import evaluation_text, tokenizer
from training.paths import CONFIG_FILE, DEMO, RUNS, WEIGHTS, WEIGHTS_FILE

BITS, GROUP_SIZE = 8, 64
STACK = re.compile(r"(.*\.mlp)\.(gate_proj|up_proj|down_proj)")
EXPERT = re.compile(r"(.*\.mlp)\.experts\.(\d+)\.(\w+)\.weight")
# Lower than Qwen3's own: such a small model falls into letter loops after one unlikely token.
SAMPLING = {"do_sample": True, "temperature": 0.2, "top_p": 0.9, "top_k": 20}

Tensors = dict[str, mx.array]


def float_tensors(run: Path) -> Tensors:
    """Return the run's weights in bfloat16, with separate experts as in released checkpoints."""
    tensors: Tensors = {}
    for name, weight in np.load(run / WEIGHTS_FILE).items():
        tensor = mx.array(weight).astype(mx.bfloat16)
        if match := STACK.fullmatch(name):
            prefix, projection = match.groups()
            for expert in range(tensor.shape[0]):
                tensors[f"model.{prefix}.experts.{expert}.{projection}.weight"] = tensor[expert]
        else:
            tensors[f"model.{name}"] = tensor
    return tensors


def _load(folder: Path) -> dict[str, mx.array]:
    return cast(dict[str, mx.array], mx.load(str(folder / "model.safetensors")))


def run_weights(folder: Path) -> dict[str, np.ndarray]:
    """The float weights under the names and shapes of a run: `float_tensors` backwards."""
    tensors = stacked(_load(folder))
    return {
        name.removeprefix("model.").replace(".switch_mlp.", ".").removesuffix(".weight")
        if ".switch_mlp." in name
        else name.removeprefix("model."): np.array(tensor.astype(mx.float32))
        for name, tensor in tensors.items()
    }


def stacked(tensors: Tensors) -> Tensors:
    """Stack experts as MLX expects them: one 3-D tensor per projection and layer."""
    result: Tensors = {}
    experts: dict[str, dict[int, mx.array]] = {}
    for name, tensor in tensors.items():
        if match := EXPERT.fullmatch(name):
            prefix, index, projection = match.groups()
            key = f"{prefix}.switch_mlp.{projection}.weight"
            experts.setdefault(key, {})[int(index)] = tensor
        else:
            result[name] = tensor
    for key, parts in experts.items():
        result[key] = mx.stack([parts[index] for index in range(len(parts))])
    return result


def quantized(tensors: Tensors) -> Tensors:
    """Quantize every matrix, including embedding and router; norms are unchanged."""
    result: Tensors = {}
    for name, tensor in tensors.items():
        if tensor.ndim < 2:
            result[name] = tensor
            continue
        path = name.removesuffix(".weight")
        weight, scales, biases = mx.quantize(tensor, group_size=GROUP_SIZE, bits=BITS)
        result |= {name: weight, f"{path}.scales": scales, f"{path}.biases": biases}
    return result


def quantization(tensors: Tensors) -> dict[str, Any]:
    """Return the entry of config.json; routers are listed, as mlx-lm does."""
    settings: dict[str, Any] = {"group_size": GROUP_SIZE, "bits": BITS, "mode": "affine"}
    for name in sorted(tensors):
        if name.endswith(".mlp.gate.weight"):
            settings[name.removesuffix(".weight")] = {"group_size": GROUP_SIZE, "bits": BITS}
    return settings


def _write_json(file: Path, values: dict[str, Any]) -> None:
    file.write_text(json.dumps(values, indent=2) + "\n", encoding="utf-8")


def export_float(run: Path, vocabulary: Tokenizer, target: Path) -> None:
    """Export the run as transformers loads it."""
    target.mkdir(parents=True, exist_ok=True)
    tensors = float_tensors(run)
    mx.save_safetensors(str(target / "model.safetensors"), tensors, metadata={"format": "pt"})
    end_of_text, _, end_of_turn = (vocabulary.token_to_id(token) for token in tokenizer.SPECIAL)
    ids = {"bos_token_id": end_of_text, "eos_token_id": end_of_turn, "pad_token_id": end_of_text}
    config = json.loads((run / CONFIG_FILE).read_text(encoding="utf-8"))
    _write_json(target / "config.json", config | ids)


def export_quantized(source: Path, vocabulary: Tokenizer, target: Path) -> None:
    """Export the float checkpoint as an MLX one."""
    target.mkdir(parents=True, exist_ok=True)
    floats = stacked(_load(source))
    mx.save_safetensors(
        str(target / "model.safetensors"), quantized(floats), metadata={"format": "mlx"}
    )
    config = json.loads((source / "config.json").read_text(encoding="utf-8"))
    settings = quantization(floats)
    ids = {key: config[key] for key in ("bos_token_id", "pad_token_id")}
    ids["eos_token_id"] = [config["eos_token_id"], config["pad_token_id"]]
    both = {"quantization": settings, "quantization_config": settings}
    _write_json(target / "config.json", config | ids | both)
    _write_json(target / "generation_config.json", ids | SAMPLING)
    tokenizer.save(vocabulary, target)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--model", choices=("dense", "moe"), required=True)
    parser.add_argument("--run", type=Path, help="folder of the run (default training/runs/MODEL)")
    options = parser.parse_args()
    run = options.run or RUNS / options.model
    vocabulary = Tokenizer.from_file(str(run / "tokenizer.json"))
    export_float(run, vocabulary, WEIGHTS / options.model)
    export_quantized(WEIGHTS / options.model, vocabulary, DEMO / options.model)
    evaluation_text.write(DEMO / options.model)


if __name__ == "__main__":
    main()
