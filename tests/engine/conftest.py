from __future__ import annotations

import pytest

from qwen3mlx.engine.scheduler import Scheduler
from qwen3mlx.generate import Decoder
from tests.engine.support import scheduler_for
from tests.support.models import decoder, model

__all__ = ["decoder", "model"]


@pytest.fixture
def scheduler(decoder: Decoder) -> Scheduler:
    return scheduler_for(decoder)
