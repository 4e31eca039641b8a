"""Import of GGUF: a Qwen3 of llama.cpp, Ollama or LM Studio becomes a checkpoint for MLX.

The tensors' meaning is that of the `gguf` library, which dequantizes them. What is affine in GGUF
keeps its integers; the rest is rounded to the nearest affine form, and the loss is measured.
"""

from .importing import ImportRequest, ImportResult, run_import

__all__ = ["ImportRequest", "ImportResult", "run_import"]
