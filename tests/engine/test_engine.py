"""The engine's thread, driven from other threads, with copies of the demo checkpoint."""

from __future__ import annotations

import gc
import threading
from concurrent.futures import CancelledError

import mlx.core as mx
import numpy as np
import pytest

from qwen3mlx.config import EngineConfig, LoadOptions
from qwen3mlx.engine import Engine
from qwen3mlx.engine.sequence import Status
from qwen3mlx.errors import MemoryBudgetError, OverloadedError, UnavailableError
from qwen3mlx.model import load_model
from qwen3mlx.model.cache import NoCache
from tests.engine.support import PATIENCE, Request, loaded, send, wait_for, wait_until

FOR_EVER = 4000


def test_requests_of_two_models_are_answered_together(engine, folders):
    requests = [send(engine, loaded(engine, folders, name), max_tokens=30) for name in "ab"]
    wait_for(*requests)
    assert requests[0].ids == requests[1].ids
    assert [request.reason for request in requests] == ["length"] * 2
    stats = engine.stats()
    assert (stats.running, stats.waiting, stats.loaded_models, stats.kv_bytes) == (0, 0, 2, 0)
    assert stats.weight_bytes == sum(resident.nbytes for resident in engine.resident.values())


def test_a_cancelled_request_gets_no_further_step(engine, folders, monkeypatch):
    resident = loaded(engine, folders)
    request = Request([5, 17, 200], max_tokens=FOR_EVER)
    steps, tell, decode = [], request.sequence.sink, resident.loaded.decoder.step

    def cancel_from_another_thread(output):
        tell(output)
        if len(request.ids) == 5:
            client = threading.Thread(target=lambda: engine.cancel(resident, request.sequence))
            client.start()
            client.join()
            steps.clear()

    monkeypatch.setattr(
        resident.loaded.decoder, "step", lambda *rest: steps.append(1) or decode(*rest)
    )
    request.sequence.sink = cancel_from_another_thread
    engine.submit(resident, request.sequence).result(PATIENCE)
    wait_until(lambda: request.sequence.status is Status.ENDED)
    assert len(steps) <= 1
    assert len(request.ids) == 5
    assert not request.is_done
    wait_until(lambda: not engine.stats().kv_bytes)


def test_cancelling_twice_or_after_the_model_is_gone_does_no_harm(engine, folders):
    resident = loaded(engine, folders)
    request = send(engine, resident, max_tokens=FOR_EVER)
    engine.cancel(resident, request.sequence)
    engine.cancel(resident, request.sequence)
    assert engine.unload("a").result(PATIENCE)
    engine.cancel(resident, request.sequence)
    wait_for(send(engine, loaded(engine, folders)))


def test_unloading_ends_the_requests_of_that_model_only(engine, folders):
    residents = [loaded(engine, folders, name) for name in "ab"]
    cut, other = (send(engine, resident, max_tokens=300) for resident in residents)
    assert engine.unload("a").result(PATIENCE)
    assert isinstance(cut.error, UnavailableError)
    assert "a was unloaded" in str(cut.error)
    wait_for(other)
    assert len(other.ids) == 300
    assert not engine.unload("a").result(PATIENCE)
    with pytest.raises(UnavailableError, match="a was unloaded"):
        send(engine, residents[0])
    with pytest.raises(UnavailableError, match="a was unloaded"):
        engine.embed(residents[0], [[1, 2]]).result(PATIENCE)


def test_unloading_gives_the_memory_back(engine, folders):
    wait_for(send(engine, loaded(engine, folders, "a")))
    assert engine.unload("a").result(PATIENCE)
    gc.collect()  # what other tests left is not freed meanwhile
    before = mx.get_active_memory()
    resident = loaded(engine, folders, "b")
    wait_for(send(engine, resident, prompt_ids=range(200)))
    assert mx.get_active_memory() - before > resident.nbytes
    nbytes = resident.nbytes
    del resident
    assert engine.unload("b").result(PATIENCE)
    assert mx.get_active_memory() - before < 0.1 * nbytes
    assert engine.stats().weight_bytes == engine.stats().prefix_cache_bytes == 0


@pytest.mark.parametrize(("max_running", "max_waiting"), [(2, 1), (1, 0)])
def test_more_than_may_wait_are_turned_away(make_engine, folders, max_running, max_waiting):
    engine = make_engine(max_running=max_running, max_waiting=max_waiting)
    resident = loaded(engine, folders)
    let_in = [send(engine, resident, max_tokens=500) for _ in range(max_running + max_waiting)]
    with pytest.raises(OverloadedError, match="requests are running or waiting for a"):
        send(engine, resident)
    for request in let_in:
        engine.cancel(resident, request.sequence)
    wait_for(send(engine, resident))


def test_a_fault_of_a_turn_ends_what_runs_and_nothing_else(engine, folders, caplog, monkeypatch):
    resident = loaded(engine, folders)
    request = send(engine, resident, max_tokens=FOR_EVER)

    def fail(elsewhere_s):
        monkeypatch.undo()
        raise RuntimeError("a broken scheduler")

    monkeypatch.setattr(resident.scheduler, "step", fail)
    wait_for(request)
    assert str(request.error) == "a broken scheduler"
    assert "A turn of the engine failed" in caplog.text
    assert engine.is_alive
    again = send(engine, resident)
    wait_for(again)
    assert again.reason == "length"


def test_a_request_that_cannot_be_told_of_its_end_hurts_no_other(engine, folders, caplog):
    resident = loaded(engine, folders)
    good = send(engine, resident, max_tokens=200)
    deaf = Request([1, 2, 3])

    def raise_always(output):
        raise RuntimeError("nobody listens")

    deaf.sequence.sink = raise_always
    engine.submit(resident, deaf.sequence).result(PATIENCE)
    wait_for(good)
    assert len(good.ids) == 200
    assert deaf.sequence.status is Status.ENDED
    assert "nobody listens" in caplog.text


def test_close_ends_everything(folders):
    engine = Engine(EngineConfig())
    engine.start()
    resident = loaded(engine, folders)
    request = send(engine, resident, max_tokens=FOR_EVER)
    embedding = engine.embed(resident, MANY)
    loading = engine.load("b", folders["b"], LoadOptions(kv_bits=8))
    engine.close()
    assert not engine.is_alive
    for error in (request.error, embedding.exception(0)):
        assert isinstance(error, UnavailableError)
    assert loading.done()
    assert engine.resident == {}
    engine.cancel(resident, request.sequence)
    for late in (
        lambda: engine.submit(resident, Request([1]).sequence),
        lambda: engine.load("a", folders["a"]),
        lambda: engine.embed(resident, [[1]]),
        lambda: engine.unload("a"),
    ):
        with pytest.raises(UnavailableError, match="closing"):
            late()
    engine.close()


def test_closing_stops_a_load_that_is_under_way(folders):
    engine = Engine(EngineConfig())
    engine.start()
    reached: list[float] = []

    def close_soon(progress):
        reached.append(progress)
        if len(reached) == 1:
            engine._worker.close()

    loading = engine.load("a", folders["a"], on_progress=close_soon)
    with pytest.raises(UnavailableError, match="closing"):
        loading.result(PATIENCE)
    engine.close()
    assert len(reached) == 1
    assert engine.resident == engine.loads == {}
    assert engine.stats().weight_bytes == 0


INPUTS = [[7, 8, 9], list(range(3, 80)), [1]]
MANY = [list(range(1, 60))] * 500


def loaded_with_short_chunks(engine, folders):
    """So that an embedding takes many turns."""
    resident = loaded(engine, folders)
    resident.loaded.decoder.max_chunk = 16
    return resident


def test_embeddings_are_the_last_hidden_state_at_length_one(engine, folders):
    resident = loaded_with_short_chunks(engine, folders)
    vectors = np.array(engine.embed(resident, INPUTS).result(PATIENCE))
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)

    model = load_model(folders["a"])  # the engine's weights belong to its thread
    hidden = [model.hidden(mx.array([ids]), NoCache()) for ids in INPUTS]
    expected = np.array([np.array(h[0, -1].astype(mx.float32)) for h in hidden])
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    np.testing.assert_allclose(vectors, expected, atol=2e-2)
    assert engine.stats().kv_bytes == 0


def test_streams_go_on_between_the_chunks_of_an_embedding(engine, folders):
    resident = loaded_with_short_chunks(engine, folders)
    stream = send(engine, resident, max_tokens=FOR_EVER)
    wait_until(lambda: len(stream.ids) > 3)
    done = engine.embed(resident, [list(range(1, 160))])
    before = len(stream.ids)
    done.result(PATIENCE)
    assert len(stream.ids) - before >= 8
    assert not stream.is_done


def test_a_model_that_embeds_is_in_use(engine, folders):
    resident = loaded_with_short_chunks(engine, folders)
    done = engine.embed(resident, MANY, ttl_s=0)
    wait_until(lambda: resident.num_embeddings == engine.stats().running == 1)
    assert not resident.is_idle
    assert engine.stats().kv_bytes >= 59 * resident.scheduler.runner.bytes_per_token
    other = loaded(engine, folders, "b")  # turns pass
    assert engine.resident == {"a": resident, "b": other}
    assert done.cancel()
    wait_until(lambda: "a" not in engine.resident)


def test_a_cancelled_embedding_stops_at_its_next_chunk(engine, folders, monkeypatch):
    resident = loaded_with_short_chunks(engine, folders)
    done = engine.embed(resident, MANY)
    wait_until(lambda: resident.num_embeddings == 1)
    assert done.cancel()
    wait_until(lambda: resident.num_embeddings == 0)
    with pytest.raises(CancelledError):
        done.result(0)
    assert engine.stats().kv_bytes == 0
    assert len(engine.embed(resident, [[1, 2]]).result(PATIENCE)) == 1


def test_an_embedding_that_cannot_fit_is_refused(make_engine, folders):
    engine = make_engine(memory_limit=7_000_000)
    resident = loaded(engine, folders)
    with pytest.raises(MemoryBudgetError, match="2,000 tokens need"):
        engine.embed(resident, [[1] * 2000]).result(PATIENCE)
    assert len(engine.embed(resident, [[1] * 200]).result(PATIENCE)) == 1
