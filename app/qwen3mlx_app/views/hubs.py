"""Where models come from: names that are the same in every language."""

from __future__ import annotations

HUBS = {"hf": "Hugging Face", "modelscope": "ModelScope", "kaggle": "Kaggle"}
