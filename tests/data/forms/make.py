"""Makes the checkpoints here as transformers writes them, and what it computes in float32.

    pip install torch==2.13.0 transformers==5.24.0
    python tests/data/forms/make.py

Each folder gets `expected.npz`: `ids` [B, L], and `output`, or one output for each of `variants`,
which are changes of config.json that the test makes, too.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers as tf

HERE = Path(__file__).parent
SIZES: dict[str, Any] = {
    "vocab_size": 64,
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 16,
    "max_position_embeddings": 64,
    "rope_parameters": {"rope_type": "default", "rope_theta": 1e4},
    "bos_token_id": None,
    "eos_token_id": 1,
    "pad_token_id": 0,
    "dtype": "bfloat16",
}
MOE: dict[str, Any] = {"num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 32}
YARN = {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 16}
VARIANTS: dict[str, dict[str, Any]] = {
    "default": {},
    "linear": {"rope_parameters": {"rope_type": "linear", "factor": 2.0, "rope_theta": 1e4}},
    "dynamic": {"rope_parameters": {"rope_type": "dynamic", "factor": 2.0, "rope_theta": 1e4}},
    # DeepSeek-R1-0528-Qwen3-8B means a product of 1, which transformers' attention_factor says.
    "attn_factor": {"rope_parameters": {**YARN, "rope_theta": 1e4, "attention_factor": 1.0}},
}


def randomize(model: torch.nn.Module) -> None:
    """Spread the outputs over several units; every number is one of bfloat16."""
    torch.manual_seed(1)
    with torch.no_grad():
        for parameter in model.parameters():
            values = torch.randn(parameter.shape)
            is_norm = parameter.dim() == 1
            spread = values * 0.2 + 1.2 if is_norm else values * 2 / parameter.shape[-1] ** 0.5
            parameter.copy_(spread.to(torch.bfloat16))


def made(kind: type, config: Any) -> Any:
    model = kind(config).float().eval()
    randomize(model)
    return model


def save(
    model: Any, name: str, outputs: dict[str, np.ndarray], ids: np.ndarray, **how: Any
) -> None:
    folder = HERE / name
    shutil.rmtree(folder, ignore_errors=True)
    model.to(torch.bfloat16).save_pretrained(folder, **how)
    (folder / "generation_config.json").unlink(missing_ok=True)
    arrays: dict[str, Any] = {"ids": ids, **outputs}
    np.savez_compressed(folder / "expected.npz", **arrays)
    print(name, sorted(json.loads((folder / "config.json").read_text())["architectures"]))


def main() -> None:
    ids = np.random.default_rng(0).integers(2, 64, (2, 48))
    tensor = torch.tensor(ids)
    with torch.no_grad():
        dense = made(tf.Qwen3ForCausalLM, tf.Qwen3Config(**SIZES))
        outputs = {}
        for name, changes in VARIANTS.items():
            other = tf.Qwen3ForCausalLM(tf.Qwen3Config(**SIZES | changes)).float().eval()
            other.load_state_dict(dense.state_dict())
            outputs[name] = other(tensor).logits.numpy()
        save(dense, "causal", outputs, ids)
        embedding = made(tf.Qwen3Model, tf.Qwen3Config(**SIZES))
        save(embedding, "embedding", {"output": embedding(tensor).last_hidden_state.numpy()}, ids)
        for num_labels in (1, 3):
            config = tf.Qwen3Config(**SIZES | {"num_labels": num_labels})
            classifier = made(tf.Qwen3ForSequenceClassification, config)
            output = {"output": classifier(tensor).logits.numpy()}
            save(classifier, f"classifier_{num_labels}", output, ids)
        for name, original in (("moe", True), ("moe_fused", False)):
            moe = made(tf.Qwen3MoeForCausalLM, tf.Qwen3MoeConfig(**SIZES | MOE))
            output = {"output": moe(tensor).logits.numpy()}
            save(moe, name, output, ids, save_original_format=original)


if __name__ == "__main__":
    main()
