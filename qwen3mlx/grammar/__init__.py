"""Constraints on the form of an answer, enforced token by token in a separate process.

Schemas, patterns and grammars are untrusted, and no library bounds the cost of each. So the
engine's process parses none: `GrammarProcess` has a child process compile a request's constraints,
and the `AnswerConstraint` it returns asks that child which tokens may come next. The child exits
with its answer, or is killed when it takes too much.
"""

from .process import AnswerConstraint, GrammarProcess
from .wire import Demand

__all__ = ["AnswerConstraint", "Demand", "GrammarProcess"]
