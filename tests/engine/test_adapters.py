"""Models with adapters share the weights of one base, and nothing else."""

from __future__ import annotations

import math
from pathlib import Path
from unittest import mock

import pytest

from qwen3mlx.config import LoadOptions
from qwen3mlx.engine import own_model
from qwen3mlx.errors import CheckpointError, MemoryBudgetError, ModelGoneError, UnavailableError
from tests.support.adapters import demo_adapter, peft_adapter

from .support import PATIENCE, loaded, send, wait_for, wait_until

PROMPT = list(range(300, 364))


@pytest.fixture(scope="module")
def adapters(tmp_path_factory):
    parent = tmp_path_factory.mktemp("adapters")
    return [demo_adapter(parent / f"m{seed}", seed=seed) for seed in range(8)]


def adapt(engine, base, folder):
    return engine.adapt(base, f"{base.id}+{folder.name}", folder).result(PATIENCE)


def test_eight_adapters_take_the_memory_of_one_base(engine, folders, adapters):
    """Each is chosen per request, without a load; answers are those it gives alone."""
    with mock.patch.object(own_model, "load_model", wraps=own_model.load_model) as load_model:
        base = loaded(engine, folders)
        models = [base, *(adapt(engine, base, folder) for folder in adapters)]
        stored = [tensor_bytes(folder) for folder in adapters]
        assert [model.nbytes for model in models[1:]] == stored
        assert engine.stats().weight_bytes == base.loaded.model.nbytes + sum(stored)
        alone = []
        for model in models:
            request = send(engine, model, prompt_ids=PROMPT)
            wait_for(request)
            alone.append(request.ids)
        together = [send(engine, model, prompt_ids=PROMPT) for model in models for _ in range(2)]
        wait_for(*together)
        assert load_model.call_count == 1
    assert [request.ids for request in together] == [ids for ids in alone for _ in range(2)]
    assert len({tuple(ids) for ids in alone}) > 6
    # What one has read of the prompt, another does not take over.
    assert [request.cached_tokens for request in together[::2]] == [len(PROMPT) - 1] * 9


def tensor_bytes(folder: Path) -> int:
    """Return the bytes of the numbers in float32, in which the CPU computes."""
    file = folder / "adapter_model.safetensors"
    header = int.from_bytes(file.read_bytes()[:8], "little")
    return file.stat().st_size - 8 - header


def test_prefixes_are_not_shared(engine, folders, adapters):
    base = loaded(engine, folders)
    one, other = (adapt(engine, base, folder) for folder in adapters[:2])
    for model in (base, one, other):
        request = send(engine, model, prompt_ids=PROMPT)
        wait_for(request)
        assert request.cached_tokens == 0


def test_a_base_stays_while_its_adapters_do(make_engine, folders, adapters):
    engine = make_engine(ttl_s=100)
    base = loaded(engine, folders)
    model = adapt(engine, base, adapters[0])
    wait_for(send(engine, base), send(engine, model))
    assert base.expires_at == math.inf
    model.last_used -= 200
    base.last_used -= 200
    engine.unload("b").result(PATIENCE)
    wait_until(lambda: not engine.resident)
    assert engine.stats().weight_bytes == 0


def test_a_base_takes_its_adapters_with_it(engine, folders, adapters):
    base = loaded(engine, folders)
    model = adapt(engine, base, adapters[0])
    request = send(engine, model, max_tokens=4000)
    assert engine.unload("a").result(PATIENCE)
    wait_for(request)
    assert isinstance(request.error, UnavailableError)
    assert engine.resident == {}
    assert engine.stats().weight_bytes == 0
    with pytest.raises(ModelGoneError):
        adapt(engine, base, adapters[0])


def test_an_adapter_goes_without_its_base(engine, folders, adapters):
    base = loaded(engine, folders)
    model = adapt(engine, base, adapters[0])
    assert adapt(engine, base, adapters[0]) is model
    assert engine.unload(model.id).result(PATIENCE)
    assert engine.resident == {"a": base}
    assert engine.stats().weight_bytes == base.nbytes
    wait_for(send(engine, base))


def test_other_options_wait_for_the_adapters(engine, folders, adapters):
    base = loaded(engine, folders)
    model = adapt(engine, base, adapters[0])
    request = send(engine, model, max_tokens=200)
    again = engine.load("a", folders["a"], LoadOptions(kv_bits=8))
    assert again.result(PATIENCE).options.kv_bits == 8
    assert request.is_done
    assert len(request.ids) == 200
    assert list(engine.resident) == ["a"]


def test_no_room_for_an_adapter(make_engine, folders, adapters):
    base_bytes = loaded(make_engine(), folders).nbytes
    engine = make_engine(memory_limit=base_bytes + 1000)
    base = loaded(engine, folders)
    with pytest.raises(MemoryBudgetError, match=r"a\+m0"):
        adapt(engine, base, adapters[0])
    assert engine.stats().weight_bytes == base_bytes


def test_an_idle_adapter_makes_room_for_another(make_engine, folders, adapters):
    base_bytes = loaded(make_engine(), folders).nbytes
    one = tensor_bytes(adapters[0])
    engine = make_engine(memory_limit=base_bytes + one + one // 2)
    base = loaded(engine, folders)
    model = adapt(engine, base, adapters[0])
    with pytest.raises(MemoryBudgetError, match="try again"):  # it waits for its first request
        adapt(engine, base, adapters[1])
    model.num_served = 1
    adapt(engine, base, adapters[1])
    assert list(engine.resident) == ["a", "a+m1"]


def test_an_adapter_that_does_not_fit_costs_itself(engine, folders, tmp_path):
    base = loaded(engine, folders)
    wrong = peft_adapter(tmp_path / "wrong", {"model.layers.0.self_attn.q_proj": (64, 64)})
    with pytest.raises(CheckpointError, match="for a matrix"):
        adapt(engine, base, wrong)
    assert engine.stats().weight_bytes == base.nbytes
    wait_for(send(engine, base))
