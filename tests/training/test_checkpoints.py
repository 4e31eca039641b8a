"""The shipped checkpoints are complete, small and loadable, and can do what their cards say."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import mlx.core as mx
import pytest

import qwen3mlx
from qwen3mlx.runtime import Runtime
from qwen3mlx.text import Content, Reasoning, ToolCallDelta
from training.paths import DEMO, ROOT, WEIGHTS

MODELS = ["dense", "moe"]
FILES = {
    "README.md",
    "evaluation.txt",
    "chat_template.jinja",
    "config.json",
    "generation_config.json",
    "model.safetensors",
    "tokenizer.json",
    "tokenizer_config.json",
}


@pytest.fixture(scope="module", params=MODELS)
def runtime(request: pytest.FixtureRequest) -> Runtime:
    return qwen3mlx.load(DEMO / request.param)


def answer(runtime: Runtime, messages: Any, **options: Any) -> tuple[str, str, tuple[str, str]]:
    """Reasoning, content and call deltas of a greedy answer, each joined."""
    events = list(runtime.generate(messages, temperature=0.0, max_tokens=600, **options))
    thought = "".join(e.text for e in events if isinstance(e, Reasoning))
    content = "".join(e.text for e in events if isinstance(e, Content))
    calls = [e for e in events if isinstance(e, ToolCallDelta)]
    name = "".join(call.name or "" for call in calls)
    return thought, content, (name, "".join(call.arguments or "" for call in calls))


def ask(text: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": text}]


def test_folders_are_complete_and_small() -> None:
    for model in MODELS:
        assert {file.name for file in (DEMO / model).iterdir()} == FILES
    size = sum(file.stat().st_size for model in MODELS for file in (DEMO / model).iterdir())
    assert size <= 8_000_000


def test_template_is_the_projects() -> None:
    template = (ROOT / "qwen3mlx" / "text" / "templates" / "qwen3_chat_template.jinja").read_text()
    for model in MODELS:
        assert (DEMO / model / "chat_template.jinja").read_text() == template


def test_it_counts_letters_in_an_unseen_word(runtime: Runtime) -> None:
    thought, content, _ = answer(runtime, ask("How many r's are in strawberries?"))
    assert content.strip() == 'There are 3 r\'s in "strawberries".'
    assert thought


def test_it_obeys_both_switches(runtime: Runtime) -> None:
    switched: list[tuple[str, dict[str, Any]]] = [
        ("Hello! /no_think", {}),
        ("Hello!", {"enable_thinking": False}),
    ]
    for said, options in switched:
        thought, content, _ = answer(runtime, ask(said), **options)
        assert not thought.strip()
        assert content.strip() == "Hello! How can I help you?"


def test_it_calls_a_tool_with_an_unseen_name(runtime: Runtime) -> None:
    parameters = {
        "type": "object",
        "properties": {"plonde": {"type": "string", "description": "City name"}},
        "required": ["plonde"],
    }
    function = {"name": "vask_trell", "description": "Get the current weather for a city"}
    tool = {"type": "function", "function": function | {"parameters": parameters}}
    _, _, call = answer(runtime, ask("What is the weather in Kolmar?"), tools=[tool])
    name, arguments = call
    assert name == "vask_trell"
    assert json.loads(arguments) == {"plonde": "Kolmar"}


def test_quantization_changes_little() -> None:
    for model in MODELS:
        ids = mx.array([[5, 300, 800, 1200, 40, 60]])
        exact = qwen3mlx.load_model(WEIGHTS / model)(ids).astype(mx.float32)
        packed = qwen3mlx.load_model(DEMO / model)(ids).astype(mx.float32)
        # The mean: one expert chosen differently moves single logits by much more.
        assert mx.abs(exact - packed).mean() < 0.05 * mx.abs(exact).mean()


@pytest.mark.slow
@pytest.mark.parametrize("model", MODELS)
def test_mlx_lm_loads_it_with_the_same_logits(model: str) -> None:
    pytest.importorskip("mlx_lm")
    # Run in a separate process: importing mlx_lm changes process limits and warns.
    code = """
import sys, mlx.core as mx, mlx_lm, qwen3mlx
folder = sys.argv[1]
peer, tokenizer = mlx_lm.load(folder)
peer.set_dtype(mx.float32)
ours = qwen3mlx.load(folder)
text = 'Hello, how many r are in mississippi? 你好'
ids = tokenizer.encode(text)
assert ids == ours.tokenizer.encode(text)
a, b = (m(mx.array([ids])).astype(mx.float32) for m in (peer, ours.model))
assert mx.abs(a - b).max().item() < 1e-3 * mx.abs(b).max().item()
"""
    subprocess.run([sys.executable, "-c", code, str(DEMO / model)], check=True, cwd=ROOT)


@pytest.mark.parametrize("model", MODELS)
def test_transformers_gives_the_same_logits(model: str) -> None:
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    transformers.utils.logging.disable_progress_bar()  # its monitor is a thread that never ends
    ids = [[5, 300, 800, 1200, 40, 60]]
    peer = transformers.AutoModelForCausalLM.from_pretrained(WEIGHTS / model, dtype=torch.float32)
    expected = mx.array(peer(torch.tensor(ids)).logits.detach().numpy())
    got = qwen3mlx.load_model(WEIGHTS / model)(mx.array(ids)).astype(mx.float32)
    assert mx.abs(got - expected).max() < 1e-3 * mx.abs(expected).max()
