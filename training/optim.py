"""Muon for the matrices: momentum whose singular values are pulled to one (Newton-Schulz).

This replaces `torch.optim.Muon`, because stacked experts are 3-D here, and matrices of one shape go
through the iteration together, which on a CPU is several times faster.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

# Quintic coefficients of Keller Jordan's Muon: https://kellerjordan.github.io/posts/muon/
A, B, C = 3.4445, -4.7750, 2.0315


def orthogonalized(stack: Tensor, steps: int = 5) -> Tensor:
    """Return each matrix of the stack with its singular values near one."""
    tall = stack.size(-2) > stack.size(-1)
    x = (stack.mT if tall else stack).bfloat16()
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    for _ in range(steps):
        gram = x @ x.mT
        x = A * x + (B * gram + C * gram @ gram) @ x
    return (x.mT if tall else x).to(stack.dtype)


class Muon(torch.optim.Optimizer):
    """Matrices (2-D) and stacks of matrices (3-D)."""

    def __init__(
        self,
        params: Iterable[Tensor],
        lr: float,
        momentum: float = 0.95,
        weight_decay: float = 0.05,
    ) -> None:
        super().__init__(params, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:
        for group in self.param_groups:
            by_shape: dict[tuple[int, ...], list[Tensor]] = defaultdict(list)
            for param in group["params"]:
                by_shape[tuple(param.shape[-2:])].append(param)
            for params in by_shape.values():
                self._update(params, group)

    def _update(self, params: list[Tensor], group: dict[str, Any]) -> None:
        moved = []
        for param in params:
            state = self.state[param]
            buffer = state.setdefault("momentum", torch.zeros_like(param))
            buffer.lerp_(param.grad, 1 - group["momentum"])
            update = param.grad.lerp(buffer, group["momentum"])
            moved.append(update.reshape(-1, *param.shape[-2:]))
        updates = orthogonalized(torch.cat(moved))
        # The scale at which AdamW's learning rates and weight decay carry over (Moonlight).
        scale = 0.2 * max(params[0].shape[-2:]) ** 0.5
        for param, update in zip(params, updates.split([len(m) for m in moved]), strict=True):
            param.mul_(1 - group["lr"] * group["weight_decay"])
            param.add_(update.view_as(param), alpha=-group["lr"] * scale)
