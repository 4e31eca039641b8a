"""The service behind the dialects, while models are loaded and unloaded."""

from __future__ import annotations

import asyncio
import shutil
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from qwen3mlx.engine import LoadedModel
from qwen3mlx.errors import ModelNotFoundError, UnavailableError
from qwen3mlx.events import Finished
from qwen3mlx.library.names import DEMOS
from qwen3mlx.library.scan import Library
from qwen3mlx.request import GenerationRequest
from qwen3mlx.server.core.service import Service
from qwen3mlx.server.settings import ServerSettings
from qwen3mlx.settings.state import StateFile

REQUEST = GenerationRequest(prompt="a b c", sampling={"max_tokens": 2})


@asynccontextmanager
async def running(library: Library | None = None) -> AsyncIterator[Service]:
    service = Service(ServerSettings(port=0), library)
    await service.start()
    try:
        yield service
    finally:
        await service.stop()


def unload_once(monkeypatch: pytest.MonkeyPatch, service: Service) -> list[int]:
    """The model goes while the first prompt is prepared."""
    calls: list[int] = []
    prepare = LoadedModel.prepare

    def prepare_late(self: LoadedModel, request: GenerationRequest) -> object:
        calls.append(1)
        if len(calls) == 1:
            assert service.engine.unload("demo").result(20)
        return prepare(self, request)

    monkeypatch.setattr(LoadedModel, "prepare", prepare_late)
    return calls


def test_a_model_that_went_before_the_request_came_is_loaded_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QWEN3MLX_HOME", str(tmp_path))

    async def use() -> None:
        async with running() as service:
            calls = unload_once(monkeypatch, service)
            answer = await service.generate("demo", REQUEST)
            [finished] = [event async for event in answer if isinstance(event, Finished)]
            assert finished.usage.completion_tokens == 2
            assert len(calls) == 2

    asyncio.run(use())


def test_nothing_is_tried_again_when_the_server_closes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QWEN3MLX_HOME", str(tmp_path))

    async def use() -> None:
        async with running() as service:
            await service.load("demo")
            service.engine.close()
            with pytest.raises(UnavailableError, match="closing"):
                await service.generate("demo", REQUEST)

    asyncio.run(use())


def test_a_model_whose_files_went_away_can_be_used_seen_and_unloaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QWEN3MLX_HOME", str(tmp_path))
    folder = tmp_path / "models" / "pub" / "m"
    shutil.copytree(DEMOS["demo"], folder)

    async def in_memory(service: Service) -> list[str]:
        return [model.id for model in await service.models() if model.loaded is not None]

    async def use() -> None:
        async with running(Library([tmp_path / "models"])) as service:
            await service.load("pub/m")
            folder.rename(tmp_path / "elsewhere")
            assert await in_memory(service) == ["pub/m"]
            answer = await service.generate("Pub/M", REQUEST)
            assert [event async for event in answer]
            assert await service.unload("pub/m")
            assert await in_memory(service) == []
            assert "pub/m" not in [model.id for model in await service.models()]
            with pytest.raises(ModelNotFoundError):
                await service.generate("pub/m", REQUEST)

    asyncio.run(use())


def test_models_json_is_never_read_on_the_event_loop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QWEN3MLX_HOME", str(tmp_path))
    (tmp_path / "models.json").write_text('{"demo": {"ttl": 7, "sampling": {"top_k": 3}}}')
    readers: list[int] = []
    read = StateFile.read

    def noting(self: StateFile) -> dict[str, object]:
        readers.append(threading.get_ident())
        return read(self)

    monkeypatch.setattr(StateFile, "read", noting)

    async def use() -> None:
        async with running() as service:
            answer = await service.generate("demo", REQUEST)
            assert service.engine.resident["demo"].ttl_s == 7
            assert [event async for event in answer]

    asyncio.run(use())
    assert readers
    assert threading.get_ident() not in readers
