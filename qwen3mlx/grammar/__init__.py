"""What an answer must look like, held token by token in a process of its own.

Schemas, patterns and grammars come from anyone, and no library bounds what each of them costs. So
the engine's process reads none: `GrammarProcess` has a child compile a request's demands, and the
`AnswerConstraint` it gives asks that child what may come next. The child ends with its answer, or
where it takes too much.
"""

from .process import AnswerConstraint, GrammarProcess
from .wire import Demand

__all__ = ["AnswerConstraint", "Demand", "GrammarProcess"]
