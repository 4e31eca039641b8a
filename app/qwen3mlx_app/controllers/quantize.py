"""Quantization: one conversion at a time, which can be paused, and its quality loss."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QCoreApplication, QObject, Signal

from ..domain import Notice, Undo
from ..models import ListModel
from ..quantization import Quality, QuantizeJob, QuantizeState
from ..services.command import Command
from ..services.private import make_folder
from ..services.quantize_file import QuantizeFile, quality_from
from ..services.server_errors import system_reason

translate = QCoreApplication.translate

# Names of `qwen3mlx quantize`, in the order of the choices.
RECIPES = ("4bit", "8bit", "6bit", "5bit", "mixed-4-8", "3bit", "mxfp4", "mxfp8", "nvfp4")
METHODS = ("mse", "gptq", "autoround", "rtn")


class QuantizeController(QObject):
    """`state_changed(state)`; `estimated(bytes, bits per weight)`, both None where it cannot be.

    `made(folder)`: a checkpoint is ready. A conversion that was under way at the end of the program
    waits at its next start.
    """

    state_changed = Signal(object)
    estimated = Signal(object, object, str)
    made = Signal(str)
    notice = Signal(object)

    def __init__(
        self,
        file: QuantizeFile,
        folder: Path,
        program: Sequence[str],
        parent: QObject | None = None,
    ) -> None:
        """Results go into `folder`; `program` is the command that starts `qwen3mlx`."""
        super().__init__(parent)
        self._file = file
        self._folder = folder
        self._program = program
        self._command: Command | None = None
        self._estimate: Command | None = None
        self._is_ours = False  # whether the conversion made the result's folder
        self.qualities = ListModel[Quality](
            lambda one: (one.source, one.name), lambda one: one.name, self
        )
        job, qualities = file.read()
        job = job if job is not None and self._is_ours_to_go_on_with(job) else None
        self.qualities.reset(qualities)
        self.state = QuantizeState(phase="paused", job=job) if job else QuantizeState()

    def output_for(self, source: str, recipe: str, method: str) -> str:
        """The result's folder, named after source, recipe and method."""
        name = Path(source).name
        if name and Path(source).parent.name == "snapshots":  # in the Hugging Face cache
            name = Path(source).parents[1].name.rpartition("--")[2]
        suffix = recipe if method in ("mse", "rtn") else f"{recipe}-{method}"
        return str(self._folder / f"{name}-{suffix}")

    def estimate(self, source: str, recipe: str) -> None:
        """Estimate the result's size without converting anything."""
        if self._estimate is not None:
            self._estimate.stop()
            self._estimate.deleteLater()
        output = str(Path(self.output_for(source, recipe, "mse")).with_suffix(".estimate"))
        words = ["quantize", source, "-o", output, "--recipe", recipe, "--dry-run", "--events"]
        command = self._estimate = Command(words, self._program, self)
        command.said.connect(
            lambda told: self.estimated.emit(told["size_bytes"], told["bits_per_weight"], "")
        )
        command.ended.connect(self._on_estimate_ended)

    def start(self, job: QuantizeJob) -> None:
        if self.state.phase == "running":
            return
        make_folder(self._folder)
        self._is_ours = not Path(job.output).exists()
        self._run(job, resume=False)

    def pause(self) -> None:
        """Free the memory, and keep what has been written."""
        if self.state.phase == "running":
            self._stop()
            self._set(replace(self.state, phase="paused", left_s=None))

    def resume(self) -> None:
        if self.state.phase == "paused" and self.state.job is not None:
            self._run(self.state.job, resume=True)

    def cancel(self) -> None:
        """Stop the conversion and delete what it has written; idle once that is done."""
        job = self.state.job
        self._stop()
        if job is None or self.state.phase not in ("running", "paused"):
            self._set(QuantizeState())
            return
        if self._is_ours:  # it finished just before
            shutil.rmtree(job.output, ignore_errors=True)
        words = ["quantize", "--discard", "-o", job.output]
        command = self._command = Command(words, self._program, self)
        command.ended.connect(self._on_discarded)

    def dismiss(self) -> None:
        """Clear the card of a conversion that has ended."""
        if self.state.phase in ("done", "failed"):
            self._set(QuantizeState())

    def forget(self, quality: Quality) -> None:
        """Take a measurement off the list, which can be undone."""
        before = self.qualities.values()
        self.qualities.remove((quality.source, quality.name))
        self._save()
        text = translate("quantize", "The measurement of {name} was removed.")
        undo = Undo("remove_measurement", partial(self._remember, quality, before.index(quality)))
        self.notice.emit(Notice(text=text.format(name=quality.name), action=undo))

    def _remember(self, quality: Quality, place: int) -> bool:
        values = self.qualities.values()
        self.qualities.set_values([*values[:place], quality, *values[place:]])
        self._save()
        return True

    def stop(self) -> None:
        """Pause the conversion until the next start of the program."""
        self.pause()
        if self._estimate is not None:
            self._estimate.stop()

    def _is_ours_to_go_on_with(self, job: QuantizeJob) -> bool:
        """Whether this page started the job: canceling a job deletes its output."""
        output = Path(job.output)
        return (
            output.parent == self._folder
            and not output.name.startswith(".")
            and Path(job.source).is_absolute()
            and job.recipe in RECIPES
            and job.method in METHODS
        )

    def _run(self, job: QuantizeJob, *, resume: bool) -> None:
        words = ["quantize", job.source, "-o", job.output, "--recipe", job.recipe]
        words += ["--method", job.method, "--events"]
        words += ["--evaluate"] if job.measures else []
        command = self._command = Command(
            [*words, "--resume"] if resume else words, self._program, self
        )
        command.said.connect(self._on_event)
        command.ended.connect(self._on_ended)
        self._set(QuantizeState(phase="running", job=job, done=self.state.done if resume else 0.0))

    def _on_estimate_ended(self, error: str | None) -> None:
        if error is not None:
            self.estimated.emit(None, None, error)

    def _on_event(self, event: dict[str, Any]) -> None:
        if "doing" in event:
            self._set(replace(self.state, done=event["done"], left_s=event["left_s"]), save=False)
        elif "quality" in event and self.state.job is not None:
            self.qualities.put(quality_from(self.state.job.source, event["quality"]))

    def _on_ended(self, error: str | None) -> None:
        self._command = None
        if error is not None:
            self._set(replace(self.state, phase="failed", error=error, left_s=None))
            return
        job = self.state.job
        assert job is not None
        self._set(replace(self.state, phase="done", done=1.0, left_s=None))
        self.made.emit(job.output)

    def _on_discarded(self, error: str | None) -> None:
        self._command = None
        failed = replace(self.state, phase="failed", error=error or "", left_s=None)
        self._set(QuantizeState() if error is None else failed)

    def _stop(self) -> None:
        if self._command is not None:
            self._command.stop()
            self._command.deleteLater()
            self._command = None

    def _set(self, state: QuantizeState, *, save: bool = True) -> None:
        self.state = state
        self.state_changed.emit(state)
        if save:
            self._save()

    def _save(self) -> None:
        waits = self.state.phase in ("running", "paused")
        try:
            self._file.write(self.state.job if waits else None, self.qualities.values())
        except OSError as error:
            text = translate("quantize", "The measurements cannot be saved: {reason}.").format(
                reason=system_reason(error)
            )
            self.notice.emit(Notice(text=text, kind="error"))
