"""Models that cannot answer any more, and are loaded again: only a group of computers has such."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from qwen3mlx.config import EngineConfig, LoadOptions
from qwen3mlx.engine import Engine, model_pool
from qwen3mlx.engine.memory import MemoryBudget
from qwen3mlx.engine.model_pool import OwnLoader
from qwen3mlx.engine.own_model import OwnModel
from qwen3mlx.errors import UnavailableError
from tests.engine.support import PATIENCE, loaded, send, wait_for, wait_until

FAULT = "mac-2.local was lost"
FOR_EVER = 4000

pytestmark = pytest.mark.usefixtures("caplog")  # the log names each model that is lost


class Fragile(OwnModel):
    lost = threading.Event()
    num_unloaded = 0

    @property
    def fault(self) -> str | None:
        return FAULT if self.lost.is_set() else None

    def unload(self) -> None:
        type(self).num_unloaded += 1


class Loader(OwnLoader):
    """A model is lost once, and loaded again for as long as `may_load` is not set."""

    watch_s = 0.01

    def __init__(self) -> None:
        self.may_load = threading.Event()
        self.may_load.set()
        self.num_loads = 0
        self.error: Exception | None = None

    def load(
        self,
        model_id: str,
        path: Path,
        options: LoadOptions,
        budget: MemoryBudget,
        on_progress: Callable[[int, int], None],
    ) -> OwnModel:
        self.num_loads += 1
        Fragile.lost.clear()
        while not self.may_load.wait(0.005):
            on_progress(0, 1)
        if self.error is not None:
            raise self.error
        return Fragile.load(path, options, on_progress)


@pytest.fixture
def loader() -> Iterator[Loader]:
    loader = Loader()
    yield loader
    Fragile.lost.clear()


@pytest.fixture
def engine(loader: Loader) -> Iterator[Engine]:
    engine = Engine(EngineConfig(), loader)
    engine.start()
    yield engine
    engine.close()
    assert not engine.is_alive


def lose(engine: Engine, loader: Loader) -> None:
    """It is not loaded again before it may be."""
    before = loader.num_loads
    loader.may_load.clear()
    Fragile.lost.set()
    wait_until(lambda: loader.num_loads > before)


def refusal(engine: Engine, folder: Path) -> str:
    with pytest.raises(UnavailableError) as caught:
        engine.load("a", folder).result(PATIENCE)
    return str(caught.value)


def test_nobody_waits_for_a_lost_model(engine, loader, folders):
    running = send(engine, loaded(engine, folders), max_tokens=FOR_EVER)
    lose(engine, loader)
    wait_for(running)
    assert str(running.error) == f"{FAULT}: send the request again."
    for _ in range(2):
        assert refusal(engine, folders["a"]) == (
            f"{FAULT}, and a is loaded again: send the request again in a while."
        )
    assert engine.trouble == f"a: {FAULT}. It is loaded again."
    loader.may_load.set()
    wait_until(lambda: bool(engine.resident))
    again = send(engine, loaded(engine, folders), max_tokens=3)
    wait_for(again)
    assert (engine.trouble, again.reason, loader.num_loads) == (None, "length", 2)


def test_nor_while_it_cannot_be_loaded(engine, loader, folders, monkeypatch, caplog):
    monkeypatch.setattr(model_pool, "AGAIN", 0.05)
    loaded(engine, folders)
    lose(engine, loader)
    loader.error = UnavailableError("mac-2.local: it is asleep.")
    loader.may_load.set()
    wait_until(lambda: loader.num_loads > 3)
    assert refusal(engine, folders["a"]).startswith(f"{FAULT}, and a is loaded again: ")
    assert "It could not be loaded again: mac-2.local: it is asleep." in caplog.text
    loader.error = None
    wait_until(lambda: bool(engine.resident))
    assert loaded(engine, folders) is engine.resident["a"]


def test_who_leaves_meanwhile_is_forgotten(engine, loader, folders):
    resident = loaded(engine, folders)
    running = send(engine, resident, max_tokens=FOR_EVER)
    embedding = engine.embed(resident, [[5, 17, 200] * 500] * 50)
    lose(engine, loader)
    engine.cancel(resident, running.sequence)
    engine.load("a", folders["a"]).cancel()
    assert embedding.cancelled() or isinstance(embedding.exception(PATIENCE), UnavailableError)
    loader.may_load.set()
    wait_until(lambda: bool(engine.resident))
    wait_for(send(engine, loaded(engine, folders)))
    assert loader.num_loads == 2


def test_a_lost_model_can_be_given_up(engine, loader, folders):
    loaded(engine, folders)
    lose(engine, loader)
    assert engine.unload("a").result(PATIENCE)
    assert engine.trouble is None
    loader.may_load.set()
    wait_for(send(engine, loaded(engine, folders)))
    assert loader.num_loads == 3


def test_an_engine_closes_while_a_model_is_loaded_again(engine, loader, folders):
    loaded(engine, folders)
    lose(engine, loader)
    engine.close()
    assert not engine.resident


def test_models_end_with_the_engines_thread(engine, loader, folders, monkeypatch):
    """Their processes would live on, and nobody could load the model again."""
    loaded(engine, folders)
    before = Fragile.num_unloaded

    def end(*_: object) -> None:
        raise SystemExit("injected")

    monkeypatch.setattr(engine._worker.models, "unload", end)
    with pytest.raises(UnavailableError):
        engine.unload("a").result(PATIENCE)
    wait_until(lambda: engine.restarts == 1)
    assert Fragile.num_unloaded == before + 1
    wait_for(send(engine, loaded(engine, folders)))
