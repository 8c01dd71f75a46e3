"""Adam as TensorFlow computes it, and SGD with groups whose rates stay."""

from collections.abc import Callable
from typing import Any

from torch.optim import SGD, Adam


class TensorFlowAdam(Adam):
    """Adam with TensorFlow's "epsilon-hat": lr sqrt(1 - b2^t) / (1 - b1^t) * m / (sqrt(v) + eps).

    torch adds epsilon after the bias correction of v, TensorFlow before it. The two agree if torch's epsilon is
    divided by sqrt(1 - b2^t) at step t, which is what this class does. With eps = 1 the difference is a factor of 31
    at the first step.

    The learning rate falls by stairs, lr decay^floor(t / decay_steps) with t from 0, as `exponential_decay` of
    TensorFlow with `staircase=True`.
    """

    def __init__(self, params: Any, lr: float, eps: float, decay: float = 1.0, decay_steps: int = 1) -> None:
        super().__init__(params, lr=lr)
        self.epsilon_hat, self.decay, self.decay_steps = eps, decay, decay_steps
        for group in self.param_groups:
            group["initial_lr"], group["steps"] = group["lr"], 0

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Take one step."""
        for group in self.param_groups:
            group["lr"] = group["initial_lr"] * self.decay ** (group["steps"] // self.decay_steps)
            group["steps"] += 1
            group["eps"] = self.epsilon_hat / (1 - group["betas"][1] ** group["steps"]) ** 0.5
        return super().step(closure)


class HashStages(SGD):
    """SGD in which the learning rate of groups that do not fall stays what it was, whatever the epoch's share."""

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Take one step."""
        for group in self.param_groups:
            if not group["falls"]:
                group["lr"] = group["initial_lr"]
        return super().step(closure)
