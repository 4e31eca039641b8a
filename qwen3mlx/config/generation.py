"""generation_config.json: stop tokens and the model authors' recommended sampling."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from ..errors import CheckpointError, InvalidRequestError
from ..quoting import quoted
from .json_file import number, read_json, token_ids
from .options import SamplingParams


class GenerationConfig(NamedTuple):
    """`generation_config.json`: stop tokens and the model authors' recommended sampling.

    Values that the file omits come from Qwen3's model card, through `sampling_defaults`. `card` has
    those in which a model's own card differs, and `thinking` the modes that the model has.
    """

    eos_token_ids: tuple[int, ...] = ()
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    min_p: float | None = None
    repetition_penalty: float | None = None
    card: Mapping[str, float] = MappingProxyType({})
    thinking: tuple[bool, ...] = (True, False)

    @classmethod
    def from_folder(cls, folder: Path) -> GenerationConfig:
        path = folder / "generation_config.json"
        raw = read_json(path) if path.exists() else {}
        samples = raw.get("do_sample")
        if samples is not None and not isinstance(samples, bool):
            raise CheckpointError(
                f"{path} do_sample is {quoted(samples)}; it must be true or false."
            )
        numbers = {
            key: number(raw[key], f"{path} {key}")
            for key in ("temperature", "top_p", "top_k", "min_p", "repetition_penalty")
            if raw.get(key) is not None
        }
        if numbers.get("top_k") == int(numbers.get("top_k", 0)):
            numbers["top_k"] = int(numbers["top_k"])
        if samples is False:
            numbers["temperature"] = 0.0
        try:
            SamplingParams(**numbers)  # type: ignore[arg-type]
        except InvalidRequestError as error:
            raise CheckpointError(f"{path}: {error}") from None
        eos = token_ids(raw.get("eos_token_id"), f"{path} eos_token_id")
        return cls(eos_token_ids=eos, **numbers)  # type: ignore[arg-type]

    def sampling_defaults(self, *, thinking: bool) -> dict[str, float]:
        """Return temperature, top_p, top_k, min_p and repetition_penalty for one mode.

        Qwen3's card: thinking 0.6 / 0.95 / 20 / 0, non-thinking 0.7 / 0.8 / 20 / 0. The released
        generation_config.json holds the thinking values, so it applies to that mode only. A model
        with one mode has the values of that one.
        """
        thinking = thinking if thinking in self.thinking else self.thinking[0]
        temperature, top_p = (0.6, 0.95) if thinking else (0.7, 0.8)
        card = {"temperature": temperature, "top_p": top_p, "top_k": 20, "min_p": 0.0}
        own = {
            key: value
            for key in (*card, "repetition_penalty")
            if (value := getattr(self, key)) is not None
        }
        if not thinking and (own.get("temperature"), own.get("top_p")) == (0.6, 0.95):
            del own["temperature"], own["top_p"]
        if thinking and own.get("temperature") == 0.0:
            del own["temperature"]  # greedy thinking repeats itself endlessly
        return {**card, "repetition_penalty": 1.0, **self.card, **own}
