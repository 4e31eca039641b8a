"""A checkpoint whose weights are in this process."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from pathlib import Path

from ..config import GenerationConfig, LoadOptions
from ..generate import Decoder, warm_up
from ..grammar import GrammarProcess
from ..library.family import generation_config as read_generation_config
from ..model import Qwen3, load_model
from ..model.device import on_cpu
from ..text import Tokenizer, load_tokenizer
from .loaded import LoadedModel
from .rows import Ids, Rows, read_rows
from .runner import Runner


class OwnModel(LoadedModel):
    """A model whose weights are in this process."""

    def __init__(
        self,
        path: Path,
        model: Qwen3,
        tokenizer: Tokenizer,
        generation_config: GenerationConfig,
        grammars: GrammarProcess | None = None,
    ) -> None:
        super().__init__(path, model.config, tokenizer, generation_config, grammars)
        self.model = model
        self.decoder = Decoder(model)

    @classmethod
    def load(
        cls,
        folder: Path,
        options: LoadOptions,
        on_progress: Callable[[int, int], None] | None = None,
    ) -> OwnModel:
        """Load the checkpoint in `folder`. `on_progress(done, total)` counts bytes.

        Raises CheckpointError, MemoryBudgetError.
        """
        # Small files first: a broken one is found before gigabytes are read.
        tokenizer = load_tokenizer(folder)
        generation_config = read_generation_config(folder)
        model = load_model(folder, options=options, on_progress=on_progress)
        loaded = cls(folder, model, tokenizer, generation_config)
        if model.config.kind == "causal" and not on_cpu():  # on it, only a long answer is compiled
            warm_up(loaded.decoder, loaded._sampling_params(True, {}))
        return loaded

    def adapted(self, folder: Path) -> OwnModel:
        """Return the model with the adapter in `folder`, which shares all else.

        Raises CheckpointError.
        """
        from ..model.adapter import adapted

        model = adapted(self.model, folder)
        return OwnModel(self.path, model, self.tokenizer, self.generation_config, self._grammars)

    @property
    def nbytes(self) -> int:
        return self.model.nbytes

    def runner(self) -> Runner:
        return Runner(self.decoder)

    def rows(
        self, inputs: Sequence[Ids], token_ids: Ids | None, check: Callable[[], None]
    ) -> Generator[None, None, Rows]:
        return read_rows(self.decoder, inputs, token_ids, check)
