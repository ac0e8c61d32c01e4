#!/usr/bin/python3
"""Writes averaged_weights.safetensors: a small network that PyTorch trains, and its AveragedModel with a moving average that warms up.

step/N/NAME      parameters and running statistics after N steps, 0 being the start
average/N/NAME   the same of torch.optim.swa_utils.AveragedModel, which averages buffers too, for N from 1

Run: python3 test/golden/averaged_weights.py   (written with Debian 12's python3-torch, 1.13.1, CPU)
"""
import pathlib

import torch

from safetensors_file import save

STEPS = 12
DECAY = 0.4  # reached in the fifth step, so that both parts of the rule are run


def state(module):
    return {name: tensor.detach().clone() for name, tensor in module.state_dict().items() if tensor.is_floating_point()}


def moving(average, weight, count):
    step = int(count) - 1  # the start has been counted as one
    decay = min(DECAY, (1 + step) / (10 + step))
    return decay * average + (1 - decay) * weight


class Pool(torch.nn.Module):
    def forward(self, maps):
        return maps.mean([2, 3])


torch.manual_seed(4)
network = torch.nn.Sequential(
    torch.nn.Conv2d(3, 4, 3, bias=False), torch.nn.BatchNorm2d(4), torch.nn.ReLU(), Pool(), torch.nn.Linear(4, 3))
optimizer = torch.optim.SGD(network.parameters(), lr=0.2, momentum=0.9)
averaged = torch.optim.swa_utils.AveragedModel(network, avg_fn=moving, use_buffers=True)
averaged.update_parameters(network)  # the first call copies: the average begins at the start
tensors = {f"step/0/{name}": tensor for name, tensor in state(network).items()}
for step in range(1, STEPS + 1):
    optimizer.zero_grad()
    torch.nn.functional.cross_entropy(network(torch.randn(8, 3, 5, 5)), torch.randint(3, (8,))).backward()
    optimizer.step()
    averaged.update_parameters(network)
    tensors.update({f"step/{step}/{name}": tensor for name, tensor in state(network).items()})
    tensors.update({f"average/{step}/{name}": tensor for name, tensor in state(averaged.module).items()})

save(pathlib.Path(__file__).with_suffix(".safetensors"), {name: tensor.numpy() for name, tensor in tensors.items()})
