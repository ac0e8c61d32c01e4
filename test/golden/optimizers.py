#!/usr/bin/python3
"""Writes optimizers.json: what PyTorch's own optimisers do to fixed parameters under fixed gradients and changing rates.

Run: python3 test/golden/optimizers.py   (written with Debian 12's python3-torch, 1.13.1, CPU)
"""
import json
import pathlib

import torch

STEPS = 6
SHAPES = {"weight": (3, 4), "bias": (4,), "late": (2,)}
# The third parameter has no gradient in the first two steps and in the fifth.
WITHOUT_LATE = {0, 1, 4}


def numbers(tensor):
    return [float(f"{value:.9g}") for value in tensor.detach().flatten().tolist()]


def case(name, kind, options, max_norm=None):
    generator = torch.Generator().manual_seed(20)
    parameters = {key: torch.nn.Parameter(torch.randn(shape, generator=generator)) for key, shape in SHAPES.items()}
    optimizer = {"sgd": torch.optim.SGD, "adamw": torch.optim.AdamW}[kind](list(parameters.values()), lr=1.0, **options)
    record = {"name": name, "kind": kind, "options": options, "maxNorm": max_norm, "initial": {k: numbers(p) for k, p in parameters.items()}, "steps": []}
    for step in range(STEPS):
        rate = 0.1 / (1 + step)
        for key, parameter in parameters.items():
            missing = key == "late" and step in WITHOUT_LATE
            parameter.grad = None if missing else torch.randn(SHAPES[key], generator=generator)
        gradients = {k: numbers(p.grad) for k, p in parameters.items() if p.grad is not None}
        if max_norm is not None:
            torch.nn.utils.clip_grad_norm_(parameters.values(), max_norm)
        for group in optimizer.param_groups:
            group["lr"] = rate
        optimizer.step()
        record["steps"].append({"rate": rate, "gradients": gradients, "after": {k: numbers(p) for k, p in parameters.items()}})
    return record


cases = [
    case("plain", "sgd", {}),
    case("momentum and decay", "sgd", {"momentum": 0.9, "weight_decay": 0.05}),
    case("decay without momentum", "sgd", {"weight_decay": 0.05}),
    case("clipped", "sgd", {"momentum": 0.5}, max_norm=2.5),
    case("adamw defaults", "adamw", {"weight_decay": 0.0}),
    case("adamw with decay", "adamw", {"betas": [0.8, 0.95], "eps": 1e-6, "weight_decay": 0.1}),
]
path = pathlib.Path(__file__).with_suffix(".json")
path.write_text(json.dumps({"torch": torch.__version__, "shapes": SHAPES, "cases": cases}) + "\n")
