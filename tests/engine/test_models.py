"""Which models are in memory, and when they go."""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from typing import Any

import pytest

from qwen3mlx.config import LoadOptions
from qwen3mlx.engine.model_pool import TURN
from qwen3mlx.engine.resident_model import GRACE, HANDOVER
from qwen3mlx.engine.scheduler import Scheduler
from qwen3mlx.errors import (
    CheckpointError,
    InvalidRequestError,
    MemoryBudgetError,
    ModelGoneError,
    UnavailableError,
)
from tests.engine.support import PATIENCE, loaded, send, wait_for, wait_until
from tests.model.support import copy_checkpoint

FOR_EVER = 4000
# The weights of one copy of the demo and two rows beside them, or one more model. While the second
# row is opened, one layer of the first is held twice.
ONE_MODEL = 6_850_000


def age(resident, seconds):
    """As if nobody had used it for so long; the engine looks when it is told something."""
    resident.last_used -= seconds


def test_a_model_is_loaded_once_and_then_there(engine, folders):
    first = loaded(engine, folders)
    assert engine.load("a", folders["a"]).result(PATIENCE) is first
    assert loaded(engine, folders) is first
    assert engine.loads == {}


def test_options_are_those_of_the_one_who_asks_for_some(engine, folders):
    first = loaded(engine, folders, context_length=500)
    assert first.loaded.config.max_position_embeddings == 500
    assert engine.load("a", folders["a"]).result(PATIENCE) is first
    second = loaded(engine, folders, kv_bits=8)
    assert second is not first
    assert second.loaded.model.kv_bits == 8
    assert engine.resident == {"a": second}


def test_two_who_want_other_options_get_them_one_after_the_other(engine, folders):
    options = [LoadOptions(context_length=length) for length in (500, 600)]
    first, second = (engine.load("a", folders["a"], option) for option in options)
    resident = first.result(PATIENCE)
    wait_for(send(engine, resident))
    assert second.result(PATIENCE).loaded.config.max_position_embeddings == 600


def test_streams_get_tokens_while_a_model_is_loaded(engine, folders):
    residents = [loaded(engine, folders, name) for name in "ab"]
    streams = [send(engine, resident, max_tokens=FOR_EVER) for resident in residents]
    seen = []
    third = engine.load(
        "c",
        folders["c"],
        on_progress=lambda done: seen.append((done, *(len(stream.ids) for stream in streams))),
    )
    third.result(PATIENCE)
    assert seen[-1][0] == 1
    for before, after in itertools.pairwise(seen):
        assert all(new > old for old, new in zip(before, after, strict=True))
    assert len(seen) == residents[0].loaded.config.num_hidden_layers


def test_an_idle_model_goes_when_its_time_is_over(make_engine, folders):
    engine = make_engine(ttl_s=100)
    resident = loaded(engine, folders)
    wait_for(send(engine, resident))
    age(resident, 90)
    engine.unload("b").result(PATIENCE)
    assert "a" in engine.resident
    age(resident, 20)
    engine.unload("b").result(PATIENCE)
    wait_until(lambda: not engine.stats().weight_bytes)
    assert not engine.resident


def test_a_model_loaded_for_a_request_waits_for_it(make_engine, folders):
    engine = make_engine(ttl_s=0)
    resident = loaded(engine, folders)
    assert resident.expires_at - resident.last_used == GRACE
    wait_for(send(engine, resident))
    wait_until(lambda: not engine.resident)


def test_a_model_in_use_does_not_expire(make_engine, folders):
    engine = make_engine(ttl_s=0)
    resident = loaded(engine, folders)
    stream = send(engine, resident, max_tokens=100)
    assert resident.expires_at == math.inf or stream.is_done
    wait_for(stream)
    assert stream.reason == "length"


def test_a_request_without_a_time_falls_back_to_the_models_own(make_engine, folders):
    resident = loaded(make_engine(ttl_s=100), folders)
    assert resident.ttl_s == 100
    resident.use(7)
    assert resident.ttl_s == 7
    resident.use(None)
    assert resident.ttl_s == 100
    resident.keep(50)
    resident.use(0)
    resident.use(None)
    assert resident.ttl_s == 50


def test_a_shorter_time_wakes_the_engine(make_engine, folders):
    engine = make_engine(ttl_s=math.inf)
    resident = loaded(engine, folders)
    wait_for(send(engine, resident))
    engine.keep(resident, 0).result(PATIENCE)
    wait_until(lambda: not engine.resident)


def test_the_least_recently_used_idle_model_makes_room(make_engine, folders):
    engine = make_engine(memory_limit=10_200_000)
    residents = [loaded(engine, folders, name) for name in "ab"]
    for resident in (residents[1], residents[0]):
        wait_for(send(engine, resident, max_tokens=2))
    loaded(engine, folders, "c")
    assert set(engine.resident) == {"a", "c"}


def test_a_busy_model_is_waited_for(make_engine, folders):
    engine = make_engine(memory_limit=ONE_MODEL)
    resident = loaded(engine, folders)
    stream = send(engine, resident, max_tokens=200)
    other = engine.load("b", folders["b"])
    wait_for(stream)
    assert len(stream.ids) == 200
    assert set(engine.resident) <= {"a", "b"}
    other.result(PATIENCE)
    assert set(engine.resident) == {"b"}


def test_a_busy_model_takes_no_more_once_another_has_waited_long(make_engine, folders):
    engine = make_engine(memory_limit=ONE_MODEL)
    resident = loaded(engine, folders)
    stream = send(engine, resident, max_tokens=FOR_EVER)
    other = engine.load("b", folders["b"])
    wait_until(lambda: "b" in engine.loads)
    wait_for(send(engine, resident, max_tokens=2))
    for clock, name in ((resident, "loaded_at"), (engine.loads["b"], "waits_since")):
        setattr(clock, name, getattr(clock, name) - TURN)
    with pytest.raises(ModelGoneError, match="a is being unloaded for another"):
        send(engine, resident)
    again = engine.load("a", folders["a"])
    assert not stream.is_done
    engine.cancel(resident, stream.sequence)
    wait_for(send(engine, other.result(PATIENCE), max_tokens=2))
    wait_for(send(engine, again.result(PATIENCE), max_tokens=2))
    assert set(engine.resident) == {"a"}


def test_who_made_way_in_vain_is_there_again(make_engine, folders):
    engine = make_engine(memory_limit=10_200_000)
    residents = [loaded(engine, folders, name) for name in "ab"]
    streams = [send(engine, resident, max_tokens=FOR_EVER) for resident in residents]
    third = engine.load("c", folders["c"])
    wait_until(lambda: "c" in engine.loads)
    for clock, name in ((residents[0], "loaded_at"), (engine.loads["c"], "waits_since")):
        setattr(clock, name, getattr(clock, name) - TURN)
    again = engine.load("a", folders["a"])
    engine.cancel(residents[1], streams[1].sequence)
    third.result(PATIENCE)
    assert again.result(PATIENCE) is residents[0]
    assert not streams[0].is_done
    engine.cancel(residents[0], streams[0].sequence)


def test_a_request_has_the_memory_of_idle_models(make_engine, folders):
    engine = make_engine(memory_limit=10_200_000)
    residents = [loaded(engine, folders, name) for name in "ab"]
    wait_for(*[send(engine, resident, max_tokens=2) for resident in residents])
    beside = engine.budget.largest_request
    needed = residents[0].scheduler.bytes_needed
    length = next(n for n in range(50, 4000, 50) if needed(n) > beside)
    wait_for(send(engine, residents[0], prompt_ids=[5] * length, max_tokens=2))
    assert set(engine.resident) == {"a"}
    with pytest.raises(MemoryBudgetError, match="shorten it"):
        send(engine, residents[0], prompt_ids=[5] * 4000)


def test_two_models_in_the_room_of_one_are_both_used(make_engine, folders):
    """The second does not take the first's place before the request came that it was loaded for."""
    engine = make_engine(memory_limit=ONE_MODEL)
    loads = [engine.load(name, folders[name]) for name in "ab"]
    for loading in loads:
        resident = loading.result(PATIENCE)
        engine.stats()
        wait_for(send(engine, resident, max_tokens=2))


def test_a_model_nobody_came_for_makes_room_after_a_moment(make_engine, folders):
    engine = make_engine(memory_limit=ONE_MODEL)
    first = loaded(engine, folders)
    second = engine.load("b", folders["b"])
    assert not first.may_go
    age(first, HANDOVER)
    second.result(PATIENCE)
    assert set(engine.resident) == {"b"}


def test_a_model_that_fits_nowhere_is_refused_in_a_sentence(make_engine, folders):
    engine = make_engine(memory_limit=1_000_000)
    with pytest.raises(MemoryBudgetError) as caught:
        loaded(engine, folders)
    assert str(caught.value) == (
        "a needs 3.4 MB for its weights and 1.0 MB can be used here: use a smaller model or "
        "fewer bits."
    )
    assert engine.loads == {}


@pytest.mark.parametrize(
    ("options", "error"),
    [
        (LoadOptions(context_length=10**6), InvalidRequestError),
        (LoadOptions(rope_scaling={"rope_type": "linear"}), InvalidRequestError),
        (None, CheckpointError),
    ],
)
def test_what_cannot_be_loaded_pushes_nothing_out(make_engine, folders, tmp_path, options, error):
    engine = make_engine(memory_limit=ONE_MODEL)
    resident = loaded(engine, folders)
    wait_for(send(engine, resident, max_tokens=2))
    changes = {"hidden_act": "gelu"} if options is None else {}
    folder = copy_checkpoint(folders["b"], tmp_path / "bad", changes)
    with pytest.raises(error):
        engine.load("bad", folder, options).result(PATIENCE)
    with pytest.raises(error):
        engine.load("a", folder, options or LoadOptions(kv_bits=8)).result(PATIENCE)
    assert engine.resident == {"a": resident}


def test_a_load_that_fails_leaves_the_engine_whole(engine, folders, tmp_path):
    folder = copy_checkpoint(folders["a"], tmp_path / "broken")
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    with pytest.raises(CheckpointError):
        engine.load("broken", folder).result(PATIENCE)
    assert engine.loads == {}
    wait_for(send(engine, loaded(engine, folders)))


def test_unloading_ends_a_load_under_way(engine, folders):
    calls = []

    def unload_once(progress):
        if not calls:
            calls.append(engine.unload("a"))

    loading = engine.load("a", folders["a"], on_progress=unload_once)
    with pytest.raises(UnavailableError, match="unloaded"):
        loading.result(PATIENCE)
    assert calls[0].result(PATIENCE) is True
    wait_until(lambda: not engine.loads and not engine.resident)
    assert engine.stats().weight_bytes == 0
    assert loaded(engine, folders).id == "a"


def test_a_prompt_gets_its_share_beside_the_answers_of_another_model(engine, folders, monkeypatch):
    told: dict[Any, list[float]] = defaultdict(list)
    step = Scheduler.step

    def spied(self: Scheduler, elsewhere_s: float) -> None:
        told[self].append(elsewhere_s)
        step(self, elsewhere_s)

    monkeypatch.setattr(Scheduler, "step", spied)
    first, second = loaded(engine, folders, "a"), loaded(engine, folders, "b")
    stream = send(engine, first, max_tokens=400)
    wait_until(lambda: len(stream.ids) > 2)
    beside = send(engine, second, prompt_ids=list(range(300)), max_tokens=1)
    wait_for(beside)
    assert min(told[second.scheduler]) > 0
    wait_for(stream)
    del told[second.scheduler][:]
    wait_for(send(engine, second, prompt_ids=[7] * 40, max_tokens=1))
    assert set(told[second.scheduler]) == {0.0}
