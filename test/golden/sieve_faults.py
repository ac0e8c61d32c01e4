"""Plausible mistakes in the sieve: golden weights are worth something only if each mistake moves them visibly."""
import torch
from torch.nn import functional as F

import sieve_reference as reference
from sieve_reference import Sieve, use_statistics


class ReadoutGradientReachesNetwork(Sieve):
    def readout_step(self, x, y):
        use_statistics(self.readout, "moving")
        self.leak = torch.autograd.grad(F.cross_entropy(self.readout(self.tap(x)), y), self.lower)
        super().readout_step(x, y)

    def main_step(self, x, y):
        use_statistics(self.network, self.statistics(moving=True))
        parameters = list(self.network.parameters())
        gradients = list(torch.autograd.grad(F.cross_entropy(self.network(x), y), parameters))
        for parameter, gradient in zip(parameters, gradients):
            parameter.grad = gradient
        for parameter, gradient in zip(self.lower, self.leak):
            parameter.grad = parameter.grad + gradient
        self.main_optimizer.step()


class SoftmaxTwice(Sieve):
    def forgetting_step(self, x):
        loss = reference.forgetting_loss(F.softmax(self.readout(self.tap(x)), 1))
        self.update(self.forget_optimizer, loss)


class ForgettingSkipsMainStep(Sieve):
    def main_step(self, x, y):
        if not self.forget_steps or self.forget_steps[-1] != self.t:
            super().main_step(x, y)

    def step(self, t, x, y):
        self.t = t
        super().step(t, x, y)


class ForgettingMovesReadout(Sieve):
    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.forget_optimizer.add_param_group({"params": list(self.readout.parameters())})


class ForgettingMovesUpperStages(Sieve):
    """Gradients above the readout are zero instead of absent: the main momentum moves those stages once more."""

    def forgetting_step(self, x):
        super().forgetting_step(x)
        lower = {id(parameter) for parameter in self.lower}
        for parameter in self.network.parameters():
            parameter.grad = None if id(parameter) in lower else torch.zeros_like(parameter)
        self.main_optimizer.step()


class ForgettingThroughMainOptimizer(Sieve):
    """Momentum and weight decay act on the forgetting gradient, and its trace stays in the main buffers."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.forget_optimizer = self.main_optimizer

    def forgetting_step(self, x):
        self.main_optimizer.zero_grad(set_to_none=True)
        use_statistics(self.readout, "batch")
        gradients = torch.autograd.grad(reference.forgetting_loss(self.readout(self.tap(x))), self.lower)
        for parameter, gradient in zip(self.lower, gradients):
            parameter.grad = gradient
        self.main_optimizer.step()


class ForgettingBeforeReadout(Sieve):
    def step(self, t, x, y):
        if self.forget_every > 0 and t % self.forget_every == 0:
            self.forgetting_step(x)
        self.readout_step(x, y)
        self.main_step(x, y)


class MainGradientFromBeforeForgetting(Sieve):
    """One forward for everything: the main gradient belongs to the weights that forgetting has already changed."""

    def step(self, t, x, y):
        use_statistics(self.network, self.statistics(moving=True))
        parameters = list(self.network.parameters())
        gradients = torch.autograd.grad(F.cross_entropy(self.network(x), y), parameters)
        self.readout_step(x, y)
        if self.forget_every > 0 and t % self.forget_every == 0:
            self.forgetting_step(x)
        for parameter, gradient in zip(parameters, gradients):
            parameter.grad = gradient
        self.main_optimizer.step()


class ForgettingStartsLate(Sieve):
    """(t + 1) % ForgetEvery: the first forgetting step is missed."""

    def step(self, t, x, y):
        super().step(t + 1, x, y)


class NoDecayOnVectors(Sieve):
    """Biases and batch norm's weights are spared from weight decay, as is common elsewhere."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        for optimizer in (self.main_optimizer, self.readout_optimizer):
            group = optimizer.param_groups[0]
            vectors = [p for p in group["params"] if p.dim() == 1]
            group["params"] = [p for p in group["params"] if p.dim() > 1]
            optimizer.add_param_group({"params": vectors, "weight_decay": 0})


class ReadoutForgetsOnStoredStatistics(Sieve):
    """The readout is frozen by evaluation mode, which also takes its batch norm off the statistics of the batch."""

    def forgetting_step(self, x):
        use_statistics(self.readout, "stored")
        self.update(self.forget_optimizer, reference.forgetting_loss(self.readout(self.tap(x))))


FAULTS = [ReadoutGradientReachesNetwork, SoftmaxTwice, ForgettingSkipsMainStep, ForgettingMovesReadout,
          ForgettingMovesUpperStages, ForgettingThroughMainOptimizer, ForgettingBeforeReadout,
          MainGradientFromBeforeForgetting, ForgettingStartsLate, NoDecayOnVectors]
CONVNET_FAULTS = FAULTS + [ReadoutForgetsOnStoredStatistics]
