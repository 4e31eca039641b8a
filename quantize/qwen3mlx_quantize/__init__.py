"""Quantization: a float Qwen3 checkpoint -> one in MLX's format, and what that cost in quality."""
