#!/usr/bin/python3
"""Writes training_options.safetensors: a small network that PyTorch trains, once for each option of training.

start/NAME       parameters and running statistics at the start
features/N       (8, 3, 8, 8), float32: the batch of step N
labels/N         (8), int64: its classes
weights          (64), float32: the weight of each row of all batches, of mean 1
CASE/NAME        parameters and running statistics after all steps

Cases: what sgd and adamw have in common is the rate of each stage and the vectors without weight decay; frozen is the first stage.

Run: python3 test/golden/training_options.py   (written with Debian 12's python3-torch, 1.13.1, CPU)
"""
import collections
import pathlib

import torch

from safetensors_file import save

STEPS, ROWS, CLASSES = 8, 8, 3
RATE, DECAY, STAGE_DECAY = 0.05, 0.1, 0.5


class Pool(torch.nn.Module):
    def forward(self, maps):
        return maps.mean([2, 3])


def stage(inputs, outputs):
    return torch.nn.Sequential(collections.OrderedDict(
        conv=torch.nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), bn=torch.nn.BatchNorm2d(outputs),
        relu=torch.nn.ReLU(), pool=torch.nn.MaxPool2d(2, 2)))


def build():
    torch.manual_seed(11)
    network = torch.nn.Sequential(collections.OrderedDict(
        stage1=stage(3, 4), stage2=stage(4, 5), pool=Pool(), head=torch.nn.Linear(5, CLASSES)))
    for name, tensor in network.state_dict().items():
        if ".bn." in name and tensor.is_floating_point():
            tensor.uniform_(0.5, 1.5)  # what is not 0 or 1 shows whether it moves
    return network


def state(module):
    return {name: tensor.detach().clone() for name, tensor in module.state_dict().items() if tensor.is_floating_point()}


def groups(network, decay_vectors, stage_decay):
    """One parameter group each, as BEiT's layer-wise rate decay does: the head at the full rate, each stage below at a part of it."""
    power = {"head": 0, "stage2": 1, "stage1": 2}
    return [
        {"params": [parameter], "lr": RATE * stage_decay ** power[name.split(".")[0]],
         "weight_decay": DECAY if decay_vectors or parameter.ndim > 1 else 0.0}
        for name, parameter in network.named_parameters() if parameter.requires_grad]


def train(kind, decay_vectors=True, stage_decay=1.0, frozen=False, smoothing=0.0, weighted=False):
    network = build()
    network.train()
    if frozen:
        network.stage1.requires_grad_(False)
        network.stage1.eval()
    chosen = groups(network, decay_vectors, stage_decay)
    optimizer = torch.optim.SGD(chosen, lr=RATE, momentum=0.9) if kind == "sgd" else torch.optim.AdamW(chosen, lr=RATE)
    for step in range(STEPS):
        optimizer.zero_grad()
        losses = torch.nn.functional.cross_entropy(
            network(features[step]), labels[step], label_smoothing=smoothing, reduction="none")
        (losses * weights[ROWS * step:ROWS * (step + 1)] if weighted else losses).mean().backward()
        optimizer.step()
    return state(network)


generator = torch.Generator().manual_seed(12)
features = [torch.randn(ROWS, 3, 8, 8, generator=generator) for _ in range(STEPS)]
labels = [torch.randint(CLASSES, (ROWS,), generator=generator) for _ in range(STEPS)]
weights = torch.rand(STEPS * ROWS, generator=generator) ** 2
weights /= weights.mean()
tensors = {f"start/{name}": tensor for name, tensor in state(build()).items()}
tensors.update({f"features/{step}": batch for step, batch in enumerate(features)})
tensors.update({f"labels/{step}": batch for step, batch in enumerate(labels)})
tensors["weights"] = weights
CASES = {
    "plain": dict(kind="sgd"),
    "sgd": dict(kind="sgd", decay_vectors=False, stage_decay=STAGE_DECAY),
    "adamw": dict(kind="adamw", decay_vectors=False, stage_decay=STAGE_DECAY),
    "frozen": dict(kind="sgd", frozen=True),
    "smoothed": dict(kind="sgd", smoothing=0.2),
    "weighted": dict(kind="sgd", weighted=True),
}
results = {case: train(**options) for case, options in CASES.items()}
for case, result in results.items():
    tensors.update({f"{case}/{name}": tensor for name, tensor in result.items()})
    others = [other for other in results if other != case]
    assert all(any((result[name] - results[other][name]).abs().max() > 0.01 for name in result) for other in others), case

save(pathlib.Path(__file__).with_suffix(".safetensors"), {name: tensor.numpy() for name, tensor in tensors.items()})
