"""Whatever ends the engine's thread: those who wait are told at once, and another goes on."""

from __future__ import annotations

import ctypes
import json
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import pytest
from tokenizers import Tokenizer, pre_tokenizers

from qwen3mlx.config import LoadOptions
from qwen3mlx.engine import engine as engine_module
from qwen3mlx.engine import worker as worker_module
from qwen3mlx.engine.outputs import ErrorOutput, Output
from qwen3mlx.engine.resident_model import ResidentModel
from qwen3mlx.engine.scheduler import Scheduler
from qwen3mlx.engine.worker import Strikes, Worker
from qwen3mlx.errors import ModelGoneError, UnavailableError
from tests.engine.support import PATIENCE, Request, loaded, send, wait_for, wait_until

FOR_EVER = 4000


def panic() -> None:
    """One of a real library, as pyo3 raises it."""
    pre_tokenizers.FixedLength(length=0).pre_tokenize_str("abc")


def panic_of_a_file() -> None:
    """A merge of two pieces that is longer than any entry of the vocabulary."""
    model = {"type": "BPE", "vocab": {"ab": 0, "bc": 1}, "merges": [["ab", "bc"]]}
    Tokenizer.from_str(json.dumps({"version": "1.0", "added_tokens": [], "model": model}))


def end(kind: type[BaseException]) -> Callable[[], None]:
    def raise_it() -> None:
        raise kind("injected")

    return raise_it


DEATHS = {
    "panic": panic,
    "panic of a file": panic_of_a_file,
    "SystemExit": end(SystemExit),
    "KeyboardInterrupt": end(KeyboardInterrupt),
    "GeneratorExit": end(GeneratorExit),
    "BaseException": end(BaseException),
}


def failing_once(function: Callable[[], None]) -> Callable[..., None]:
    left = [function]

    def fail(*args: Any, **options: Any) -> None:
        if left:
            left.pop()()
        raise AssertionError("it was asked twice")

    return fail


def assert_goes_on(engine, folders):
    wait_until(lambda: engine.restarts > 0)
    again = send(engine, loaded(engine, folders), max_tokens=3)
    wait_for(again)
    assert again.reason == "length"
    assert engine.is_alive
    assert engine.trouble is None
    assert engine.stats().loaded_models == 1


@pytest.mark.parametrize("death", DEATHS.values(), ids=DEATHS)
def test_all_who_wait_are_told_and_the_next_request_is_answered(
    make_engine, folders, monkeypatch, caplog, death
):
    engine = make_engine(max_running=1)
    resident = loaded(engine, folders)
    running, waiting = (send(engine, resident, max_tokens=FOR_EVER) for _ in range(2))
    embedding = engine.embed(resident, [[1, 2, 3] * 50] * 500)
    monkeypatch.setattr(resident.scheduler, "step", failing_once(death))
    wait_for(running, waiting)
    for error in (running.error, waiting.error, embedding.exception(PATIENCE)):
        assert isinstance(error, UnavailableError)
        assert str(error).startswith("The engine failed (")
    wait_until(lambda: engine.restarts > 0)
    with pytest.raises(ModelGoneError):  # the service loads it again then
        send(engine, resident)
    assert_goes_on(engine, folders)
    assert engine.restarts == 1
    assert "has ended by a fault" in caplog.text


COMMANDS: dict[str, tuple[type, str, Callable[..., Any]]] = {
    "load": (worker_module.LoadWaiter, "__init__", lambda e, s, f: e.load("b", f["b"])),
    "submit": (Worker, "submit", lambda e, s, f: e.submit(s, Request([1]).sequence)),
    "keep": (ResidentModel, "keep", lambda e, s, f: e.keep(s, 5)),
    "embed": (Worker, "embed", lambda e, s, f: e.embed(s, [[1]])),
    "cancel": (Worker, "cancel", lambda e, s, f: e.cancel(s, Request([1]).sequence)),
}


def break_models(monkeypatch, engine, name, death):
    monkeypatch.setattr(engine._worker.models, name, failing_once(death))


def test_whoever_is_told_may_come_again_at_once(engine, folders, monkeypatch, caplog):
    """`send the request again` is true at the moment that it is read."""
    resident = loaded(engine, folders)
    again: list[Future[Any]] = []
    request = Request([5, 17, 200])

    def told(output: Output) -> None:
        if isinstance(output, ErrorOutput):
            again.append(engine.load("a", folders["a"]))

    request.sequence.sink = told
    monkeypatch.setattr(Scheduler, "step", failing_once(panic))
    engine.submit(resident, request.sequence).result(PATIENCE)
    wait_until(lambda: bool(again))
    assert engine.restarts == 1
    again[0].result(PATIENCE)


@pytest.mark.parametrize("death", [panic, end(SystemExit)], ids=["panic", "SystemExit"])
@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_that_ends_the_thread_fails_itself(
    engine, folders, monkeypatch, caplog, command, death
):
    resident = loaded(engine, folders)
    running = send(engine, resident, max_tokens=FOR_EVER)
    owner, method, call = COMMANDS[command]
    monkeypatch.setattr(owner, method, failing_once(death))
    done = call(engine, resident, folders)
    if done is not None:
        assert isinstance(done.exception(PATIENCE), UnavailableError)
    wait_for(running)
    assert isinstance(running.error, UnavailableError)
    monkeypatch.undo()
    assert_goes_on(engine, folders)


@pytest.mark.parametrize(
    "name", ["request", "unload", "load_next", "_load", "expire", "make_room_for"]
)
def test_so_does_a_fault_in_what_models_do(engine, folders, monkeypatch, caplog, name):
    resident = loaded(engine, folders)
    running = send(engine, resident, max_tokens=FOR_EVER)
    break_models(monkeypatch, engine, name, panic)
    calls = [
        lambda: engine.load("b", folders["b"]),
        lambda: engine.unload("b"),
        lambda: engine.submit(resident, Request([1]).sequence),
    ]
    for call in calls:
        try:
            done = call()
        except UnavailableError:  # the thread has ended already
            continue
        assert done.exception(PATIENCE) is None or isinstance(
            done.exception(PATIENCE), UnavailableError
        )
    wait_for(running)
    assert isinstance(running.error, UnavailableError)
    assert_goes_on(engine, folders)


def test_a_panic_in_a_callback_of_a_load(engine, folders, caplog):
    running = send(engine, loaded(engine, folders), max_tokens=FOR_EVER)
    done = engine.load("b", folders["b"], on_progress=lambda progress: panic())
    assert isinstance(done.exception(PATIENCE), UnavailableError)
    wait_for(running)
    assert_goes_on(engine, folders)


def test_a_panic_in_a_sink(engine, folders, caplog):
    resident = loaded(engine, folders)
    running = send(engine, resident, max_tokens=FOR_EVER)
    odd = Request([1, 2])
    tell = odd.sequence.sink

    def panic_once(output):
        odd.sequence.sink = tell
        panic()

    odd.sequence.sink = panic_once
    engine.submit(resident, odd.sequence).result(PATIENCE)
    wait_for(running, odd)
    assert_goes_on(engine, folders)


def test_no_memory_ends_what_runs_and_the_models_stay(engine, folders, monkeypatch, caplog):
    resident = loaded(engine, folders)
    running = send(engine, resident, max_tokens=FOR_EVER)

    def no_memory(elsewhere_s):
        monkeypatch.undo()
        raise MemoryError

    monkeypatch.setattr(resident.scheduler, "step", no_memory)
    wait_for(running)
    assert isinstance(running.error, MemoryError)
    wait_for(send(engine, resident))
    assert engine.restarts == 0


def test_a_command_that_raises_fails_itself(engine, folders, monkeypatch, caplog):
    resident = loaded(engine, folders)

    def fail(*args):
        monkeypatch.undo()
        raise RuntimeError("a bug")

    monkeypatch.setattr(engine._worker.models, "request", fail)
    assert str(engine.load("b", folders["b"]).exception(PATIENCE)) == "a bug"
    wait_for(send(engine, resident))


@pytest.mark.parametrize("kind", [RuntimeError, SystemExit])
def test_after_too_many_faults_it_stays_down_and_says_so(
    engine, folders, monkeypatch, caplog, kind
):
    resident = loaded(engine, folders)
    running = send(engine, resident, max_tokens=FOR_EVER)
    monkeypatch.setattr(Worker, "_turn", lambda worker: end(kind)())
    wait_for(running)
    wait_until(lambda: not engine.is_alive)
    assert engine.restarts == 3
    assert engine.trouble is not None
    assert kind.__name__ in engine.trouble
    assert "start the server again" in engine.trouble
    assert caplog.text.count("A turn of the engine failed") < 20
    late = [
        lambda: engine.load("a", folders["a"]),
        lambda: engine.submit(resident, Request([1]).sequence),
        lambda: engine.embed(resident, [[1]]),
    ]
    for call in late:
        with pytest.raises(UnavailableError, match="The engine has stopped after repeated faults"):
            call()
    engine.cancel(resident, running.sequence)


def test_faults_far_apart_are_borne():
    strikes = Strikes(most=2, seconds=0.05)
    assert [strikes.add() for _ in range(3)] == [False, False, True]
    time.sleep(0.06)
    assert not strikes.add()


@pytest.mark.parametrize("delay", [0, 0.003, 0.02])
def test_an_exception_from_outside_at_any_moment(make_engine, folders, caplog, delay):
    """Raise it in a thread, as a debugger or a signal handler does."""
    engine = make_engine(max_running=2)
    for _ in range(3):
        resident = loaded(engine, folders)
        requests = [send(engine, resident, max_tokens=FOR_EVER) for _ in range(3)]
        time.sleep(delay)
        before = engine.restarts
        victim = engine._worker.thread.ident
        ctypes.pythonapi.PyThreadState_SetAsyncExc(
            ctypes.c_ulong(victim), ctypes.py_object(SystemExit)
        )
        wait_for(*requests)
        wait_until(lambda before=before: engine.restarts > before)
        for request in requests:
            assert isinstance(request.error, UnavailableError)
    wait_for(send(engine, loaded(engine, folders), max_tokens=3))


def test_closing_while_it_is_started_again(make_engine, folders, monkeypatch, caplog):
    engine = make_engine()
    resident = loaded(engine, folders)
    request = send(engine, resident, max_tokens=FOR_EVER)
    monkeypatch.setattr(resident.scheduler, "step", failing_once(panic))
    engine.close()
    wait_for(request)
    assert not engine.is_alive


def test_one_piece_of_work_without_end_is_told(engine, folders, monkeypatch):
    monkeypatch.setattr(engine_module, "STUCK", 0.05)
    resident = loaded(engine, folders)
    assert engine.trouble is None  # it has nothing to do
    time.sleep(0.1)
    assert engine.trouble is None
    release = threading.Event()
    step = Scheduler.step

    def hang(scheduler):
        assert release.wait(PATIENCE)
        monkeypatch.setattr(resident.scheduler, "step", lambda *_: step(scheduler))

    monkeypatch.setattr(resident.scheduler, "step", lambda *_: hang(resident.scheduler))
    request = send(engine, resident)
    wait_until(lambda: engine.trouble is not None)
    assert "no progress" in engine.trouble
    assert engine.is_alive
    release.set()
    wait_for(request)
    wait_until(lambda: engine.trouble is None)


def test_options_are_kept_over_a_restart(make_engine, folders, monkeypatch, caplog):
    engine = make_engine(memory_limit=60_000_000, prefix_cache_bytes=1_000_000)
    resident = loaded(engine, folders, kv_bits=8)
    request = send(engine, resident, max_tokens=FOR_EVER)
    monkeypatch.setattr(resident.scheduler, "step", failing_once(panic))
    wait_for(request)
    wait_until(lambda: engine.restarts == 1)
    stats = engine.stats()
    assert (stats.memory_limit, stats.weight_bytes, stats.kv_bytes) == (60_000_000, 0, 0)
    assert engine.budget.prefix_limit == 1_000_000
    again = engine.load("a", folders["a"], LoadOptions(kv_bits=8)).result(PATIENCE)
    assert engine.stats().weight_bytes == again.nbytes
