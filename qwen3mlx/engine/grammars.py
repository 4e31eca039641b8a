"""What a request demands of its answer's form, in the words of the process that follows it."""

from __future__ import annotations

from ..grammar import Demand
from ..request import GenerationRequest, NamedTool
from ..text import ReasoningStart, Tokenizer


def demand_of(
    request: GenerationRequest, tokenizer: Tokenizer, reasoning: ReasoningStart
) -> Demand | None:
    """None where the answer is free."""
    if not request.is_bound:
        return None
    token_id = tokenizer.token_id
    choice = request.tool_choice
    return Demand(
        tools=request.tools,
        tool_choice="required" if isinstance(choice, NamedTool) else choice,
        tool_name=choice.name if isinstance(choice, NamedTool) else None,
        parallel=request.parallel_tool_calls,
        json_schema=request.json_schema,
        strict=request.json_schema_strict,
        form=request.form,
        call_ids=(token_id("<tool_call>"), token_id("</tool_call>")),
        think_ids=(token_id("<think>"), token_id("</think>")),
        reasoning=reasoning,
    )
