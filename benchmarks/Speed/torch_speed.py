"""Plain training steps in Python torch (eager), in turns with those of `Speed -- steps`, which starts this program and talks to it.

A line of the input names a network, the side of its images, the rows of a batch and a number of steps. The answer is the seconds that they
take: processor time of one thread on the CPU, the wall clock on a GPU.
"""

import sys
import time

import torch
import torch.nn.functional as F
from torch import nn

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"


def conv_net(channels):
    layers, width = [], 3
    for outputs in channels:
        layers += [nn.Conv2d(width, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(), nn.MaxPool2d(2, 2)]
        width = outputs
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(width, 10))


class Block(nn.Module):
    """A basic block of a residual network."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        same = stride == 1 and inputs == outputs
        self.skip = nn.Identity() if same else nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)), inplace=True)
        return F.relu(self.bn2(self.conv2(y)) + self.skip(x), inplace=True)


def resnet18():
    layers, width = [nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, 1)], 64
    for outputs in [64, 128, 256, 512]:
        layers += [Block(width, outputs, 1 if outputs == 64 else 2), Block(outputs, outputs, 1)]
        width = outputs
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(width, 10))


def synchronize():
    if DEVICE == "cuda":
        torch.cuda.synchronize()


class Training:
    def __init__(self, create, side, rows):
        self.network = create().to(DEVICE).train()
        self.optimizer = torch.optim.SGD(self.network.parameters(), 1e-3, momentum=0.9, weight_decay=1e-4)
        self.pixels = torch.randint(0, 256, (rows, 3, side, side), dtype=torch.uint8, device=DEVICE)
        self.labels = torch.randint(0, 10, (rows,), device=DEVICE)

    def run(self, steps):
        for _ in range(steps):
            loss = F.cross_entropy(self.network(self.pixels.float() / 255), self.labels)
            loss.backward()
            self.optimizer.step()
            self.optimizer.zero_grad(set_to_none=True)
        synchronize()


def main():
    torch.set_num_threads(1)
    clock = time.perf_counter if DEVICE == "cuda" else time.process_time
    networks = {"ConvNet": lambda: conv_net([32, 64, 128]), "ResNet-18": resnet18}
    trainings = {}
    print(f"{torch.__version__} on {torch.cuda.get_device_name() if DEVICE == 'cuda' else 'cpu'}", flush=True)
    for line in sys.stdin:
        name, side, rows, steps = line.split()
        key = name, int(side), int(rows)
        if key not in trainings:
            trainings[key] = Training(networks[name], key[1], key[2])
        start = clock()
        trainings[key].run(int(steps))
        print(clock() - start, flush=True)


main()
