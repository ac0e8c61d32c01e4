"""The feature sieve, written for reading and not for speed: the reference of the golden tests.

One training step, on one batch, with three optimisers, in this order (t counts from 0):

  1. readout step     L_aux = -log q_y(sg[f<=k(x)]), mean over the batch; SGD, momentum 0.9, weight decay;
                      changes the readout only.
  2. forgetting step  only if ForgetEvery > 0 and t % ForgetEvery == 0: L_forget = -(1/C) sum_c log q_c(f<=k(x)), mean
                      over the batch, with the readout as step 1 left it; plain SGD, no momentum, no decay; changes
                      stages 1..k only (batch norm's weight and bias included) and no momentum buffer.
  3. main step        always, with the weights as step 2 left them: L_main = -log p_y(x), mean over the batch; SGD,
                      momentum 0.9, weight decay on every parameter (biases and batch norm included); changes every
                      parameter of the network.

SGD is PyTorch's: g += decay * w; buffer = 0.9 * buffer + g (the first buffer is g); w -= rate * buffer.

Every step here has a forward of its own. With the statistics rules below that equals the cheap form, which has ONE
forward of the network on a step without forgetting, and on a forgetting step one forward of stages 1..k (it serves
steps 1 and 2, as no weight below the readout changes between them) and then one forward of the whole network.

Batch norm of the network: eps 1e-5, running statistics move by 0.1 towards the batch mean and unbiased variance.
  frozen   every forward normalises with the stored running statistics, which never change.
  live     every forward normalises with the statistics of the batch. The running statistics
             - move once in the main forward of every step (all stages, weights as they are after forgetting);
             - forgetting_moves: on a forgetting step the forward of stages 1..k, before the forgetting update, moves
               those of stages 1..k once more, before the main forward does;
             - forgetting_keeps: that forward leaves them alone.
           On a step without forgetting the readout's forward is the main forward and moves nothing of its own.
Batch norm of the readout always normalises with the statistics of the batch. Its running statistics move once in step
1, and under forgetting_moves once more in step 2. None of the running statistics of a live network or of a readout
enters training: the two variants end in equal weights.
"""
import torch
from torch import nn
from torch.nn import functional as F


class BatchNorm(nn.Module):
    """mode: "stored" (running statistics), "batch" (the batch's), "moving" (the batch's, and the running ones move)."""

    def __init__(self, channels):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.register_buffer("running_mean", torch.zeros(channels))
        self.register_buffer("running_var", torch.ones(channels))
        self.mode = "stored"

    def forward(self, x):
        stored = (None, None) if self.mode == "batch" else (self.running_mean, self.running_var)
        return F.batch_norm(x, *stored, self.weight, self.bias, self.mode != "stored", momentum=0.1, eps=1e-5)


def use_statistics(module, mode):
    for norm in module.modules():
        if isinstance(norm, BatchNorm):
            norm.mode = mode


def conv3x3(inputs, outputs):
    return nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)


class DenseStage(nn.Linear):
    def forward(self, x):
        return F.relu(super().forward(x))


class ConvStage(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.conv, self.bn = conv3x3(inputs, outputs), BatchNorm(outputs)

    def forward(self, x):
        return F.max_pool2d(F.relu(self.bn(self.conv(x))), 2)


class Network(nn.Module):
    def __init__(self, stage, widths, classes):
        super().__init__()
        self.depth = len(widths) - 1
        for k in range(1, self.depth + 1):
            self.add_module(f"stage{k}", stage(widths[k - 1], widths[k]))
        self.head = nn.Linear(widths[-1], classes)

    def stages(self, last):
        return [getattr(self, f"stage{k}") for k in range(1, last + 1)]

    def until(self, last, x):
        for stage in self.stages(last):
            x = stage(x)
        return x

    def forward(self, x):
        return self.head(pool(self.until(self.depth, x)))


def pool(x):
    return x.mean((2, 3)) if x.dim() == 4 else x


class Block(nn.Module):
    """Basic block at stride 1: 3x3 conv-BN-ReLU-3x3 conv-BN-(+ identity)-ReLU."""

    def __init__(self, inputs, width, skip):
        super().__init__()
        self.conv1, self.bn1 = conv3x3(inputs, width), BatchNorm(width)
        self.conv2, self.bn2 = conv3x3(width, width), BatchNorm(width)
        self.skip = skip

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(y + x if self.skip else y)


class Readout(nn.Module):
    """depth blocks of the given width, the first without skip, global average pool, linear.

    For vectors a block is a linear layer and ReLU, and there is nothing to pool.
    """

    def __init__(self, convolutional, inputs, depth, width, classes):
        super().__init__()
        sizes = [inputs] + [width] * depth
        self.blocks = nn.ModuleList(
            Block(sizes[i], width, skip=i > 0) if convolutional else DenseStage(sizes[i], width) for i in range(depth))
        self.head = nn.Linear(sizes[-1], classes)

    def forward(self, x):
        for block in self.blocks:
            x = block(x)
        return self.head(pool(x))


def forgetting_loss(logits):
    return -F.log_softmax(logits, 1).mean(1).mean()


class Sieve:
    """The algorithm at the head of this file. Keeps the losses of every step."""

    def __init__(self, network, readout, stage, forget_every, frozen, forgetting_moves,
                 rate=0.05, readout_rate=0.1, forget_rate=0.1, decay=1e-4):
        self.network, self.readout, self.stage, self.forget_every = network, readout, stage, forget_every
        self.frozen, self.forgetting_moves = frozen, forgetting_moves
        self.lower = [p for s in network.stages(stage) for p in s.parameters()]
        self.main_optimizer = torch.optim.SGD(network.parameters(), rate, momentum=0.9, weight_decay=decay)
        self.readout_optimizer = torch.optim.SGD(readout.parameters(), readout_rate, momentum=0.9, weight_decay=decay)
        self.forget_optimizer = torch.optim.SGD(self.lower, forget_rate)
        self.losses = {"main": [], "readout": [], "forget_before": [], "forget_after": []}
        self.forget_steps = []

    def statistics(self, moving):
        return "stored" if self.frozen else "moving" if moving else "batch"

    def tap(self, x, moving=False):
        use_statistics(self.network, self.statistics(moving))
        return self.network.until(self.stage, x)

    def update(self, optimizer, loss):
        """One update of the optimizer's own parameters: no other gradient is computed or kept."""
        parameters = [p for group in optimizer.param_groups for p in group["params"]]
        for parameter, gradient in zip(parameters, torch.autograd.grad(loss, parameters)):
            parameter.grad = gradient
        optimizer.step()

    def readout_step(self, x, y):
        use_statistics(self.readout, "moving")
        loss = F.cross_entropy(self.readout(self.tap(x).detach()), y)
        self.update(self.readout_optimizer, loss)
        self.losses["readout"].append(loss.item())

    def forgetting_step(self, x):
        use_statistics(self.readout, "moving" if self.forgetting_moves else "batch")
        loss = forgetting_loss(self.readout(self.tap(x, moving=self.forgetting_moves)))
        self.update(self.forget_optimizer, loss)
        self.losses["forget_before"].append(loss.item())
        use_statistics(self.readout, "batch")
        with torch.no_grad():
            self.losses["forget_after"].append(forgetting_loss(self.readout(self.tap(x))).item())

    def main_step(self, x, y):
        use_statistics(self.network, self.statistics(moving=True))
        loss = F.cross_entropy(self.network(x), y)
        self.update(self.main_optimizer, loss)
        self.losses["main"].append(loss.item())

    def step(self, t, x, y):
        self.readout_step(x, y)
        if self.forget_every > 0 and t % self.forget_every == 0:
            self.forget_steps.append(t)
            self.forgetting_step(x)
        self.main_step(x, y)
