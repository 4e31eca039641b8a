"""A model that the ranks of a group share, as the engine sees it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import cast

from ..config import LoadOptions, ModelConfig, read_infos
from ..engine.loaded import LoadedModel
from ..engine.memory import MemoryBudget
from ..engine.plan import Fault, StepOutputs, StepPlan
from ..engine.rows import Ids, Rows
from ..errors import InvalidRequestError, UnavailableError
from ..library.family import generation_config
from ..text import load_tokenizer
from .group import Group, Held
from .hosts import Hosts
from .wire import packed, unpacked


class GroupRunner:
    """Sends each plan to all ranks. The memory is that of the rank with the least room."""

    def __init__(self, group: Group, held: Held) -> None:
        self.bytes_per_token = held.bytes_per_token
        self.num_layers = held.num_layers
        self.max_chunk = held.max_chunk
        self._group = group

    def run(self, plan: StepPlan) -> StepOutputs:
        """Return what rank 0 returns. Once a rank is lost, a step has that as its fault, and mere
        changes do nothing: the engine drops the model with them.
        """
        if self._group.fault is not None and not plan.collects:
            return StepOutputs()
        try:
            replies = self._group.ask("run", packed(plan))
            outputs = [_outputs(reply) for reply in replies]
            if any(chosen(each) != chosen(outputs[0]) for each in outputs):
                self._group.disagree()
        except UnavailableError as error:
            return StepOutputs(fault=Fault((), error))
        return outputs[0]


def _outputs(reply: dict[str, object]) -> StepOutputs:
    outputs = unpacked(reply["outputs"])
    assert isinstance(outputs, StepOutputs)
    return outputs


def chosen(outputs: StepOutputs) -> object:
    """Return what all ranks must agree on."""
    decoded = [(row, [token.id for token in tokens]) for row, tokens in outputs.decoded]
    fault = None if outputs.fault is None else outputs.fault.rows
    return decoded, [token.id for token in outputs.sampled], fault


class SharedModel(LoadedModel):
    """A model whose weights are in the processes of a group."""

    def __init__(self, folder: Path, config: ModelConfig, group: Group, held: Held) -> None:
        super().__init__(folder, config, load_tokenizer(folder), generation_config(folder))
        self.group = group
        self._held = held
        self._numbers = itertools.count()

    @property
    def nbytes(self) -> int:
        return self._held.nbytes

    @property
    def fault(self) -> str | None:
        return self.group.fault

    def runner(self) -> GroupRunner:
        return GroupRunner(self.group, self._held)

    def rows(
        self, inputs: Sequence[Ids], token_ids: Ids | None, check: Callable[[], None]
    ) -> Generator[None, None, Rows]:
        number = next(self._numbers)
        ids = None if token_ids is None else list(token_ids)
        values = {"number": number, "inputs": list(map(list, inputs)), "token_ids": ids}
        replies = self.group.ask("rows", values)
        while (rows := replies[0]["rows"]) is None:
            yield
            try:
                check()
            except Exception:
                self._forget(number)
                raise
            replies = self.group.ask("more", number)
        return cast("Rows", rows)

    def _forget(self, number: int) -> None:
        with suppress(UnavailableError):  # they have ended, and their work with them
            self.group.ask("forget", number)

    def unload(self) -> None:
        self.group.close()


class GroupLoader:
    """Loads one model into the ranks of `hosts`; `memory_limit` (bytes) bounds each of them."""

    # Seconds between two looks at whether all ranks are there.
    watch_s = 1.0

    def __init__(self, hosts: Hosts, memory_limit: int | None = None) -> None:
        self._hosts = hosts
        self._memory_limit = memory_limit
        self._model_id: str | None = None

    def needed(
        self, model_id: str, path: Path, options: LoadOptions | None, budget: MemoryBudget
    ) -> int:
        """Return 0: the ranks' computers are asked when they load."""
        if self._model_id not in (None, model_id):
            raise InvalidRequestError(
                f"The computers of this server share {self._model_id} alone: start another server "
                f"for {model_id}.",
                param="model",
            )
        return 0

    def load(
        self,
        model_id: str,
        path: Path,
        options: LoadOptions,
        budget: MemoryBudget,
        on_progress: Callable[[int, int], None],
    ) -> SharedModel:
        """Start a group. Raises as `Group.load` does, and CheckpointError."""
        config = ModelConfig.from_folder(path).with_options(options).fitting(read_infos(path))
        group = Group(self._hosts, model_id, path)
        held = group.load(options, on_progress)
        try:
            loaded = SharedModel(path, config, group, held)
        except BaseException:
            group.close()
            raise
        self._model_id = model_id
        budget.limit = min(held.limit, self._memory_limit or held.limit)
        return loaded
