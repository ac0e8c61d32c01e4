"""Computes loss and gradients of the network that `Speed parity FILE` wrote, in Python torch on the CPU and on a GPU, and compares.

Exit code 1 where the losses, or all gradients as one vector (by the norm of the difference over the norm), differ by more than 1e-4.
"""

import json
import os
import sys

import torch
import torch.nn.functional as F

LIMIT = 1e-4

os.environ.setdefault("NVIDIA_TF32_OVERRIDE", "0")
torch.backends.cuda.matmul.allow_tf32 = False
torch.backends.cudnn.allow_tf32 = False


def tensor(values, device):
    return torch.tensor(values["numbers"], dtype=torch.float32).reshape(values["shape"]).to(device)


def compute(case, device):
    weights = {name: tensor(values, device).requires_grad_(True) for name, values in case["weights"].items()}
    x = tensor(case["input"], device)
    stage = 1
    while f"stage{stage}.conv.weight" in weights:
        x = F.conv2d(x, weights[f"stage{stage}.conv.weight"], padding=1)
        mean, variance = torch.zeros(x.shape[1], device=device), torch.ones(x.shape[1], device=device)
        x = F.batch_norm(x, mean, variance, weights[f"stage{stage}.bn.weight"], weights[f"stage{stage}.bn.bias"], True, 0.1, 1e-5)
        x = F.max_pool2d(F.relu(x), 2, 2)
        stage += 1
    logits = F.linear(x.mean((2, 3)), weights["head.weight"], weights["head.bias"])
    loss = F.cross_entropy(logits, torch.tensor(case["labels"], device=device))
    loss.backward()
    return loss.item(), {name: weight.grad.cpu() for name, weight in weights.items()}


def difference(names, ours, theirs):
    """The norm of the difference over the norm, of some gradients as one vector."""
    a, b = (torch.cat([gradients[name].flatten() for name in names]) for gradients in (ours, theirs))
    return ((a - b).norm() / b.norm()).item()


def main():
    with open(sys.argv[1]) as file:
        case = json.load(file)
    worst = 0.0
    for python in ["cpu"] + [f"cuda:{i}" for i in range(torch.cuda.device_count())]:
        loss, gradients = compute(case, python)
        for ours, result in case["devices"].items():
            others = {name: tensor(values, "cpu") for name, values in result["gradients"].items()}
            off = max(abs(result["loss"] - loss) / abs(loss), difference(gradients, others, gradients))
            worst = max(worst, off) if off == off else float("inf")
            parts = {name: difference([name], others, gradients) for name in gradients}
            name = max(parts, key=parts.get)
            print(f"ours on {ours}, Python torch {torch.__version__} on {python}: loss {result['loss']:.7f} and {loss:.7f}, "
                  f"gradients differ by {difference(gradients, others, gradients):.1e}, {name} by {parts[name]:.1e}")
    print("within" if worst <= LIMIT else "NOT within", LIMIT)
    return 0 if worst <= LIMIT else 1


sys.exit(main())
