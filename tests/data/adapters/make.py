"""Makes the adapters here as PEFT writes them, and what it computes with them in float32.

    pip install torch==2.13.0 transformers==5.24.0 peft==0.21.2
    python tests/data/adapters/make.py

Their bases are checkpoints of tests/data/forms. Each folder gets `expected.npz`: `ids` [B, L] and
`output`, and `merged`, which is what the base computes once PEFT has merged the adapter into it.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import peft
import torch
import transformers as tf

HERE = Path(__file__).parent
FORMS = HERE.parent / "forms"
ATTENTION = ["q_proj", "k_proj", "v_proj", "o_proj"]
CAUSAL, EMBEDDING = tf.AutoModelForCausalLM, tf.AutoModel
ADAPTERS: dict[str, tuple[str, Any, dict[str, Any]]] = {
    "lora": ("causal", CAUSAL, {"r": 4, "lora_alpha": 6, "target_modules": "all-linear"}),
    "rslora": (
        "causal",
        CAUSAL,
        {
            "r": 4,
            "lora_alpha": 3,
            "use_rslora": True,
            "target_modules": ["q_proj", "v_proj", "up_proj", "down_proj", "lm_head"],
            "rank_pattern": {"up_proj": 2, "^model.layers.0.mlp.down_proj": 6},
            "alpha_pattern": {"layers.1.self_attn.q_proj": 5, "down_proj": 2},
        },
    ),
    "dora": (
        "causal",
        CAUSAL,
        {
            "r": 4,
            "lora_alpha": 4,
            "use_dora": True,
            "target_modules": ["q_proj", "v_proj", "o_proj", "up_proj", "down_proj"],
        },
    ),
    "moe": ("moe", CAUSAL, {"r": 4, "lora_alpha": 8, "target_modules": ATTENTION}),
    "embedding": ("embedding", EMBEDDING, {"r": 4, "lora_alpha": 8, "target_modules": ATTENTION}),
}


def randomize(model: torch.nn.Module) -> None:
    """Give the adapter weight enough to move the outputs by about their own size."""
    torch.manual_seed(2)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "lora_magnitude_vector" in name:
                parameter.mul_(1 + 0.3 * torch.randn(parameter.shape))
            elif "lora_" in name:
                parameter.copy_(0.3 * torch.randn(parameter.shape))


def output_of(model: torch.nn.Module, ids: np.ndarray) -> np.ndarray:
    with torch.no_grad():
        output = model(torch.tensor(ids))
    found = output.logits if hasattr(output, "logits") else output.last_hidden_state
    return np.asarray(found.numpy())


def main() -> None:
    ids = np.random.default_rng(0).integers(2, 64, (2, 12))
    for name, (form, kind, options) in ADAPTERS.items():
        folder = HERE / name
        shutil.rmtree(folder, ignore_errors=True)
        base = kind.from_pretrained(FORMS / form, dtype=torch.float32).eval()
        model = peft.get_peft_model(base, peft.LoraConfig(**options)).eval()
        randomize(model)
        output = output_of(model, ids)
        model.peft_config["default"].base_model_name_or_path = f"example/{form}"
        model.save_pretrained(folder)
        (folder / "README.md").unlink()
        merged = output_of(model.merge_and_unload(), ids)
        arrays: dict[str, Any] = {"ids": ids, "output": output, "merged": merged}
        np.savez_compressed(folder / "expected.npz", **arrays)
        print(name, np.abs(output).max(), np.abs(output - merged).max())


if __name__ == "__main__":
    main()
