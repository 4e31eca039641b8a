"""Spellings of models' names, and the repository that each is downloaded from with 16 GB of memory.

They are those of Qwen's announcements and model cards, of Ollama's library and of LM Studio, and as
people write them.
"""

from __future__ import annotations

_MEANT = {
    "Qwen/Qwen3-0.6B-MLX-8bit": """
        qwen3:0.6b | Qwen3:0.6B | qwen3-0.6b | Qwen3-0.6B | qwen/qwen3-0.6b | qwen3-0.6b-mlx
        qwen3:0.6b-8bit | qwen3:0.6b-q8_0 | Qwen3-0.6B-MLX-8bit | library/qwen3:0.6b
        Qwen/Qwen3-0.6B-GGUF:Q8_0
    """,
    "Qwen/Qwen3-0.6B-MLX-4bit": "qwen3:0.6b-q4_K_M | qwen3:0.6b-4bit | qwen3-0.6b-mlx@4bit",
    "Qwen/Qwen3-0.6B-MLX-bf16": "qwen3:0.6b-fp16 | qwen3:0.6b-bf16 | Qwen3-0.6B-MLX-bf16",
    "Qwen/Qwen3-0.6B": "Qwen/Qwen3-0.6B | hf.co/Qwen/Qwen3-0.6B | Qwen/Qwen3-0.6B:latest",
    "Qwen/Qwen3-1.7B-MLX-8bit": "qwen3:1.7b | qwen3-1.7b | qwen/qwen3-1.7b | qwen3-1.7b-mlx",
    "Qwen/Qwen3-1.7B-MLX-4bit": "qwen3:1.7b-q4_K_M | qwen3:1.7b-4bit",
    "Qwen/Qwen3-4B-MLX-4bit": """
        qwen3:4b | qwen3-4b | qwen/qwen3-4b | QWEN/QWEN3-4B | qwen3-4b-mlx | qwen3-4b@4bit
        qwen3:4b-q4_K_M | qwen3:4b-q4_k_m | Qwen3-4B-Q4_K_S | qwen3:4b-q4_0 | qwen3-4b-iq4_xs
        qwen3:4b-ud-q4_k_xl | qwen3:4b-q3_K_M | qwen3:4b-q2_K | Qwen/Qwen3-4B-AWQ
        registry.ollama.ai/library/qwen3:4b | ollama.com/library/qwen3:4b
    """,
    "Qwen/Qwen3-4B-MLX-6bit": "qwen3:4b-6bit | qwen3:4b-q6_K | qwen3:4b-q5_K_M | qwen3:4b-5bit",
    "Qwen/Qwen3-8B-MLX-4bit": """
        qwen3 | Qwen3 | qwen3:latest | QWEN3:LATEST | qwen3:8b | Qwen3:8B | qwen3:8b:latest
        qwen3-8b | Qwen3-8B | qwen3_8b | Qwen3 8B | qwen-3-8b | Qwen 3 8B | qwen/qwen3-8b
        qwen/qwen3-8b@4bit | qwen3-8b-mlx | qwen3-8b-mlx@4bit | qwen3-8b-mlx-4bit
        Qwen3-8B-MLX-4bit | qwen/qwen3-8b-mlx-4bit | Qwen/Qwen3-8B-MLX-4bit | qwen3:8b-4bit
        qwen3:8b-4-bit | qwen3:8b-q4_K_M | qwen3:8b-int4 | Qwen/Qwen3-8B-GPTQ-Int4
        https://huggingface.co/Qwen/Qwen3-8B-MLX-4bit | hf.co/qwen/qwen3-8b-mlx-4bit
        https://huggingface.co/Qwen/Qwen3-8B-MLX-4bit/tree/main | qwen3-8b-gguf
    """,
    "Qwen/Qwen3-8B-MLX-8bit": """
        qwen3:8b-8bit | qwen3:8b-q8_0
        Qwen/Qwen3-8B-FP8 | qwen3-8b-mlx@8bit
    """,
    "Qwen/Qwen3-8B-MLX-bf16": "qwen3:8b-fp16 | qwen3:8b-bf16 | qwen3-8b-f16",
    "Qwen/Qwen3-8B": "Qwen/Qwen3-8B | https://huggingface.co/Qwen/Qwen3-8B",
    "mlx-community/Qwen3-8B-4bit": "mlx-community/Qwen3-8B-4bit | Qwen3-8B-4bit | qwen3-8b-4bit",
    "lmstudio-community/Qwen3-8B-MLX-8bit": "lmstudio-community/qwen3-8b-mlx-8bit",
    "Qwen/Qwen3-14B-MLX-4bit": """
        qwen3:14b | qwen3-14b | qwen/qwen3-14b
        qwen3:14b-q4_K_M | qwen3-14b-mlx
    """,
    "Qwen/Qwen3-14B-MLX-8bit": "qwen3:14b-q8_0 | qwen3:14b-8bit",
    "Qwen/Qwen3-32B-MLX-4bit": """
        qwen3:32b | qwen3-32b | qwen/qwen3-32b | qwen3-32b-mlx | Qwen3-32B-MLX | qwen3:32b-q4_K_M
        Qwen3-32B-MLX-4bit | Qwen/Qwen3-32B-AWQ
    """,
    "Qwen/Qwen3-32B-MLX-8bit": "qwen3:32b-q8_0 | qwen3:32b-8bit",
    "Qwen/Qwen3-30B-A3B-MLX-4bit": """
        qwen3:30b | qwen3:30b-a3b | qwen3-30b-a3b | Qwen3-30B-A3B | qwen/qwen3-30b-a3b
        qwen3-30b-a3b-mlx | qwen3:30b-a3b-q4_K_M | qwen3:30b-a3b-4bit | qwen3-30b
    """,
    "Qwen/Qwen3-30B-A3B-MLX-8bit": "qwen3:30b-a3b-q8_0 | qwen3:30b-a3b-8bit",
    "Qwen/Qwen3-30B-A3B-MLX-bf16": "qwen3:30b-a3b-fp16",
    "Qwen/Qwen3-235B-A22B-MLX-4bit": """
        qwen3:235b | qwen3:235b-a22b | qwen/qwen3-235b-a22b | qwen3:235b-a22b-q4_K_M
    """,
    "Qwen/Qwen3-8B-Base": "qwen3:8b-base | Qwen/Qwen3-8B-Base | qwen/qwen3-8b-base | qwen3-8b-base",
    "mlx-community/Qwen3-0.6B-Base-4bit": "qwen3:0.6b-base | Qwen3-0.6B-Base-4bit",
    "mlx-community/Qwen3-30B-A3B-Base-4bit": "qwen3:30b-a3b-base | qwen3-30b-a3b-base-4bit",
    "mlx-community/Qwen3-4B-Instruct-2507-4bit": """
        qwen3:4b-instruct | qwen3:4b-instruct-2507 | qwen3:4b-instruct-2507-q4_K_M
        qwen/qwen3-4b-2507 | qwen3-4b-instruct-2507 | qwen3-4b-instruct-2507-mlx
        Qwen3-4B-Instruct-2507 | mlx-community/qwen3-4b-instruct-2507-4bit
    """,
    "mlx-community/Qwen3-4B-Instruct-2507-5bit": """
        qwen3:4b-instruct-2507-5bit
        qwen3:4b-instruct-q5_K_M
    """,
    "Qwen/Qwen3-4B-Instruct-2507": "Qwen/Qwen3-4B-Instruct-2507 | qwen3:4b-instruct-2507-fp16",
    "mlx-community/Qwen3-30B-A3B-Instruct-2507-4bit": """
        qwen3:30b-instruct | qwen3:30b-a3b-instruct-2507 | qwen3:30b-a3b-instruct-2507-q4_K_M
        qwen/qwen3-30b-a3b-2507 | qwen3-30b-a3b-instruct-2507-mlx | qwen3-30b-a3b-2507
    """,
    "mlx-community/Qwen3-30B-A3B-Instruct-2507-8bit": "qwen3:30b-a3b-instruct-2507-q8_0",
    "Qwen/Qwen3-30B-A3B-Instruct-2507": "qwen3:30b-a3b-instruct-2507-fp16",
    "mlx-community/Qwen3-235B-A22B-Instruct-2507-4bit": """
        qwen3:235b-instruct | qwen/qwen3-235b-a22b-2507 | qwen3:235b-a22b-instruct-2507-q4_K_M
    """,
    "mlx-community/Qwen3-4B-Thinking-2507-4bit": """
        qwen3:4b-thinking | qwen3:4b-thinking-2507-q4_K_M | qwen/qwen3-4b-thinking-2507
    """,
    "mlx-community/Qwen3-30B-A3B-Thinking-2507-4bit": """
        qwen3:30b-thinking | qwen3:30b-a3b-thinking-2507-q4_K_M | qwen/qwen3-30b-a3b-thinking-2507
    """,
    "mlx-community/Qwen3-235B-A22B-Thinking-2507-4bit": "qwen3:235b-a22b-thinking-2507",
    "mlx-community/Qwen3-Coder-30B-A3B-Instruct-4bit": """
        qwen3-coder | qwen3-coder:latest | qwen3-coder:30b | qwen3-coder:30b-a3b-q4_K_M
        qwen/qwen3-coder-30b | qwen3-coder-30b-a3b-instruct | qwen3-coder-30b-a3b-instruct-mlx
        Qwen3-Coder-30B-A3B-Instruct
    """,
    "mlx-community/Qwen3-Coder-30B-A3B-Instruct-8bit": "qwen3-coder:30b-a3b-q8_0",
    "Qwen/Qwen3-Coder-30B-A3B-Instruct": """
        qwen3-coder:30b-a3b-fp16 | Qwen/Qwen3-Coder-30B-A3B-Instruct
    """,
    "mlx-community/Qwen3-Coder-480B-A35B-Instruct-4bit": """
        qwen3-coder:480b | qwen3-coder:480b-a35b-q4_K_M
        qwen/qwen3-coder-480b | qwen3-coder:480b-q8_0
    """,
    "mlx-community/Qwen3-Embedding-0.6B-8bit": """
        qwen3-embedding:0.6b | text-embedding-qwen3-embedding-0.6b | qwen3-embedding-0.6b
    """,
    "mlx-community/Qwen3-Embedding-0.6B-4bit-DWQ": """
        qwen3-embedding-0.6b-4bit-dwq | qwen3-embedding:0.6b-q4_K_M | qwen3-embedding:0.6b-4bit
    """,
    "mlx-community/Qwen3-Embedding-8B-4bit-DWQ": "qwen3-embedding | qwen3-embedding:8b",
    "mlx-community/Qwen3-Embedding-8B-mxfp8": "qwen3-embedding:8b-q8_0 | qwen3-embedding-8b-mxfp8",
    "Qwen/Qwen3-Embedding-4B": "Qwen/Qwen3-Embedding-4B | qwen3-embedding:4b-fp16",
    "mlx-community/Qwen3-Reranker-0.6B-mxfp8": "qwen3-reranker | qwen3-reranker:0.6b",
    "mlx-community/Qwen3-Reranker-4B-4bit": "qwen3-reranker:4b | Qwen3-Reranker-4B-q4_K_M",
    "Qwen/Qwen3-Reranker-8B": "Qwen/Qwen3-Reranker-8B | qwen3-reranker:8b-bf16",
    "someone/Qwen3-8B-tuned": "someone/Qwen3-8B-tuned | hf.co/someone/Qwen3-8B-tuned",
}

SPELLINGS = [
    (name.strip(), repo_id)
    for repo_id, lines in _MEANT.items()
    for line in lines.split("\n")
    for name in line.split("|")
    if name.strip()
]
