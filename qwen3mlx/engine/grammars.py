"""Translates a request's constraints for the process that enforces them."""

from __future__ import annotations

from ..grammar import Demand
from ..request import GenerationRequest, NamedTool
from ..text import Tokenizer
from ..thought import ReasoningStart


def demand_of(
    request: GenerationRequest, tokenizer: Tokenizer, reasoning: ReasoningStart
) -> Demand | None:
    """Return the constraints of the request's answer, or None if it has none."""
    if not request.is_bound:
        return None
    choice = request.tool_choice
    return Demand(
        tools=request.tools,
        tool_choice="required" if isinstance(choice, NamedTool) else choice,
        tool_name=choice.name if isinstance(choice, NamedTool) else None,
        parallel=request.parallel_tool_calls,
        json_schema=request.json_schema,
        strict=request.json_schema_strict,
        form=request.form,
        call_format=tokenizer.call_format,
        call_ids=tokenizer.call_ids,
        think_ids=tokenizer.think_ids,
        reasoning=reasoning,
    )
