"""Train one demo model: `python -m training.train --model dense`.

The schedule is warm-up, constant, linear cool-down to zero. Its clock is the step count or, if
`--minutes` is given and ends sooner, the time: however the run ends, it ends cooled down. A run
continues from its last checkpoint.
"""

from __future__ import annotations

import argparse
import json
import shutil
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from tokenizers import Tokenizer
from torch import Tensor

from training import tokenizer
from training.corpus import DRILL_BATCHES, TOKENS_PER_BATCH, Batch, Stream
from training.model import SHAPES, Qwen3
from training.optim import Muon
from training.paths import CONFIG_FILE, DEMO, RUNS, WEIGHTS_FILE

# A constant, so that a token counts equally in every step; about the mean of a batch's tokens.
LEARNED_SHARE = 0.37
# On a GPU, a step with more rows costs about the same.
GPU_TOKENS_PER_BATCH, GPU_WORKERS = 4 * TOKENS_PER_BATCH, 4
MUON_RATE, ADAM_RATE = 6e-3, 3e-3
WARMUP_STEPS = 60
COOLDOWN = 0.6
BALANCE_WEIGHT = 0.01
SAVE_SECONDS = 180
LOG_STEPS = 20


@dataclass
class Progress:
    """The progress of the run; the fraction drives the learning rate."""

    steps: int
    minutes: float | None
    peak: float = 1.0
    step: int = 0
    batches: int = 0
    seconds: float = 0.0
    seed: int = 0

    def fraction(self) -> float:
        by_time = self.seconds / (60 * self.minutes) if self.minutes else 0.0
        return min(1.0, max(self.step / self.steps, by_time))

    def rate(self) -> float:
        """Return the factor on the peak learning rates."""
        left = (1 - self.fraction()) / COOLDOWN
        return self.peak * min(1.0, (self.step + 1) / WARMUP_STEPS, left)


class Trainer:
    """A model, its two optimizers and its stream."""

    def __init__(self, name: str, folder: Path, progress: Progress) -> None:
        torch.manual_seed(progress.seed)
        self.folder, self.progress = folder, progress
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.tokens = TOKENS_PER_BATCH if self.device.type == "cpu" else GPU_TOKENS_PER_BATCH
        self.model = Qwen3(SHAPES[name]).to(self.device)
        if shutil.which("g++"):
            # One graph for all layers and row lengths: 1.4 times faster than eager on two cores.
            for layer in self.model.layers:
                layer.compile(dynamic=True)
        matrices = [p for p in self.model.layers.parameters() if p.dim() > 1 and p.size(-2) > 8]
        taken = set(map(id, matrices))
        others = [p for p in self.model.parameters() if id(p) not in taken]
        self.optimizers: list[torch.optim.Optimizer] = [
            Muon(matrices, MUON_RATE),
            torch.optim.AdamW(others, ADAM_RATE, betas=(0.9, 0.98), weight_decay=0.0),
        ]
        self._peaks = [MUON_RATE, ADAM_RATE]
        self._ropes: dict[int, tuple[Tensor, Tensor]] = {}

    def _rope(self, length: int) -> tuple[Tensor, Tensor]:
        if length not in self._ropes:
            cos, sin = self.model.rope(length, torch.bfloat16)
            self._ropes[length] = (cos.to(self.device), sin.to(self.device))
        return self._ropes[length]

    def _loss(self, batch: Batch) -> Tensor:
        """Return the loss over all learned tokens, and compute their gradients."""
        ids = torch.from_numpy(batch.ids).to(self.device)
        # The host knows which they are, so it need not wait for the device.
        places = np.flatnonzero(batch.learned)
        targets = torch.from_numpy(batch.targets.reshape(-1)[places]).to(self.device)
        with torch.autocast(self.device.type, torch.bfloat16):
            hidden, balance = self.model(ids, *self._rope(ids.size(1)))
            learned = hidden.flatten(0, 1)[torch.from_numpy(places).to(self.device)]
            logits = self.model.logits(learned)
        loss = F.cross_entropy(logits.float(), targets, reduction="sum")
        (loss / (LEARNED_SHARE * self.tokens) + BALANCE_WEIGHT * balance).backward()
        return loss.detach() / len(places)

    def step(self, batch: Batch) -> Tensor:
        """Run one update; return the loss per learned token."""
        loss = self._loss(batch)
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        for optimizer, peak in zip(self.optimizers, self._peaks, strict=True):
            for group in optimizer.param_groups:
                group["lr"] = peak * self.progress.rate()
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        self.progress.step += 1
        self.progress.batches += 1
        return loss

    def save(self) -> None:
        state = {
            "model": self.model.state_dict(),
            "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
            "step": self.progress.step,
            "batches": self.progress.batches,
            "seconds": self.progress.seconds,
        }
        part = self.folder / "checkpoint.part"
        torch.save(state, part)
        part.replace(self.folder / "checkpoint.pt")
        weights = {name: weight.cpu().numpy() for name, weight in state["model"].items()}
        np.savez(self.folder / WEIGHTS_FILE, **weights)

    def begin(self, weights: Path) -> None:
        """Start from a float checkpoint (`training/weights/MODEL`) instead of from scratch."""
        from training.export import run_weights  # needs mlx, which training does not

        state = {name: torch.from_numpy(value) for name, value in run_weights(weights).items()}
        self.model.load_state_dict(state)

    def restore(self) -> None:
        file = self.folder / "checkpoint.pt"
        if not file.exists():
            return
        # The model and the optimizers move it to their device; AdamW's step counts stay on the
        # host, to avoid waiting for each of them in every step.
        state = torch.load(file, weights_only=True, map_location="cpu")
        self.model.load_state_dict(state["model"])
        for optimizer, saved in zip(self.optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(saved)
        progress = self.progress
        progress.step, progress.seconds = state["step"], state["seconds"]
        progress.batches = state.get("batches", 2 * state["step"])


def _log(trainer: Trainer, loss: float) -> None:
    progress = trainer.progress
    values = {"loss": loss, "rate": progress.rate(), "seconds": progress.seconds}
    line = json.dumps({"step": progress.step} | {k: round(v, 4) for k, v in values.items()})
    print(line, flush=True)
    with (trainer.folder / "log.jsonl").open("a") as log:
        log.write(line + "\n")


def run(trainer: Trainer, stream: Stream) -> None:
    """Step until the schedule is finished, saving every few minutes."""
    progress = trainer.progress
    saved = tick = time.monotonic()
    losses: list[Tensor] = []
    while progress.fraction() < 1:
        losses.append(trainer.step(stream.next()))
        now = time.monotonic()
        progress.seconds, tick = progress.seconds + now - tick, now
        if progress.step % LOG_STEPS == 0:
            _log(trainer, float(sum(losses)) / len(losses))
            losses.clear()
        if now - saved > SAVE_SECONDS:
            trainer.save()
            saved = now


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--model", choices=SHAPES, required=True)
    parser.add_argument("--steps", type=int, default=5000)
    parser.add_argument("--minutes", type=float, help="cool down earlier, to end after this time")
    parser.add_argument("--start", type=Path, help="start from these float weights (a folder)")
    parser.add_argument("--peak", type=float, default=1.0, help="factor on the learning rates")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, help="folder of the run (default training/runs/MODEL)")
    options = parser.parse_args()
    torch.set_num_threads(1)
    folder = options.out or RUNS / options.model
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "tokenizer.json").exists():
        known = Tokenizer.from_file(str(DEMO / options.model / "tokenizer.json"))
        tokenizer.save(known, folder)
    config = json.dumps(SHAPES[options.model].config(), indent=2, sort_keys=True)
    (folder / CONFIG_FILE).write_text(config + "\n", encoding="utf-8")
    progress = Progress(options.steps, options.minutes, options.peak, seed=options.seed)
    trainer = Trainer(options.model, folder, progress)
    if options.start:
        # The drills are over.
        progress.batches = DRILL_BATCHES
        trainer.begin(options.start)
    trainer.restore()
    stream = Stream(
        folder / "tokenizer.json",
        options.seed,
        start=progress.batches,
        workers=1 if trainer.device.type == "cpu" else GPU_WORKERS,
        tokens=trainer.tokens,
    )
    # Saving here means that even a terminated run loses nothing.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        run(trainer, stream)
    finally:
        trainer.save()
        stream.close()


if __name__ == "__main__":
    main()
