"""Images a second of a plain training step in Python torch (eager), on the networks and batches of `Speed device`."""

import contextlib
import statistics
import time

import torch
import torch.nn.functional as F
from torch import nn

WARM_UP, ROUNDS, LONG_ENOUGH = 15, 3, 1.0
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


def measure(name, create, side, rows, bfloat16, channels_last):
    torch.manual_seed(1)
    layout = torch.channels_last if channels_last else torch.contiguous_format
    network = create().to(DEVICE, memory_format=layout).train()
    optimizer = torch.optim.SGD(network.parameters(), 1e-3, momentum=0.9, weight_decay=1e-4)
    pixels = torch.randint(0, 256, (rows, 3, side, side), dtype=torch.uint8, device=DEVICE)
    labels = torch.randint(0, 10, (rows,), device=DEVICE)
    arithmetic = torch.autocast(DEVICE, torch.bfloat16) if bfloat16 else contextlib.nullcontext()

    def steps(count):
        for _ in range(count):
            images = (pixels.float() / 255).contiguous(memory_format=layout)
            with arithmetic:
                loss = F.cross_entropy(network(images), labels)
            loss.backward()
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        synchronize()

    steps(WARM_UP)
    rates = []
    for _ in range(ROUNDS):
        start, done = time.perf_counter(), 0
        while time.perf_counter() - start < LONG_ENOUGH:
            steps(5)
            done += 5
        rates.append(done * rows / (time.perf_counter() - start))
    rate = statistics.median(rates)
    kind = "bfloat16" if bfloat16 else "float32"
    memory = f", {torch.cuda.max_memory_allocated() / 2**20:.0f} MiB at most" if DEVICE == "cuda" else ""
    print(f"{name} {side} px, batch {rows}, {kind:8} {'channels last' if channels_last else '':13} {rate:9.0f} img/s, "
          f"{1e3 * rows / rate:7.2f} ms a step{memory}", flush=True)


print(f"Python torch {torch.__version__} on {torch.cuda.get_device_name() if DEVICE == 'cuda' else 'cpu'}")
small = DEVICE == "cpu"
for bfloat16 in (False,) if small else (False, True):
    for channels_last in (False, True):
        measure("ConvNet", lambda: conv_net([32, 64, 128]), 28, 32, bfloat16, channels_last)
        measure("ResNet18", resnet18, 64 if small else 224, 4 if small else 64, bfloat16, channels_last)
