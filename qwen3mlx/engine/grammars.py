"""What a request demands of its answer's form, compiled for one model's vocabulary."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from functools import partial

from ..generate import Constraint, Grammar, GrammarTokenizer
from ..request import GenerationRequest, NamedTool
from ..request_warnings import warn
from ..text import AnswerCheck, ReasoningStart, Tokenizer, answer_grammar


class Grammars:
    """Builds the vocabulary once, when the first grammar needs it; any thread may ask."""

    def __init__(self, tokenizer: Tokenizer, vocab_size: int, stop_ids: Collection[int]) -> None:
        self._tokenizer = tokenizer
        self._vocab_size = vocab_size
        self._stop_ids = stop_ids
        self._backend: GrammarTokenizer | None = None
        self._lock = threading.Lock()

    def constraint(
        self, request: GenerationRequest, reasoning: ReasoningStart
    ) -> Callable[[], Constraint] | None:
        """Makes the constraint of each of its answers; None where the answer is free.

        Raises InvalidRequestError for schemas and forms that cannot be followed.
        """
        token_id = self._tokenizer.token_id
        call_ids = (token_id("<tool_call>"), token_id("</tool_call>"))
        choice = request.tool_choice
        source = answer_grammar(
            request.tools,
            tool_choice="required" if isinstance(choice, NamedTool) else choice,
            tool_name=choice.name if isinstance(choice, NamedTool) else None,
            parallel=request.parallel_tool_calls,
            json_schema=request.json_schema,
            strict=request.json_schema_strict,
            form=request.form,
            call_ids=call_ids,
        )
        if source is None:
            return None
        for warning in source.warnings:
            warn(warning)
        grammar = Grammar(
            self._vocabulary(),
            source.lark,
            fields=source.fields,
            trigger_id=source.trigger_id,
            repeats=source.repeats,
        )
        check = None
        if source.answer is not None or source.calls:
            check = AnswerCheck(source.answer, source.calls)
        return partial(
            Constraint,
            grammar,
            thinking=reasoning,
            open_id=token_id("<think>"),
            close_id=token_id("</think>"),
            check=check,
            call_ids=call_ids,
        )

    def _vocabulary(self) -> GrammarTokenizer:
        with self._lock:
            if self._backend is None:
                self._backend = GrammarTokenizer(
                    [self._tokenizer.token_bytes(i) for i in range(self._vocab_size)],
                    marker_ids=self._tokenizer.added_ids,
                    stop_ids=self._stop_ids,
                    encode=self._tokenizer.encode,
                )
            return self._backend
