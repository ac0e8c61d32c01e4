"""Writes feature_matching.safetensors and feature_matching.json: SimKD with spatial feature maps.

A student of two stages, 3x12x12 -> conv 3x3 (8), batch norm, ReLU, max pool -> conv 3x3 (12), batch norm, ReLU ->
12x6x6. Its projection to the teacher's 6 channels: 1x1 convolution to 3, 3x3, 1x1 to 6, all without bias, each with
batch norm, and ReLU after each (the last one left out in the case "negative", whose teacher goes below 0). If the
student's side is larger it is adaptively average-pooled to the teacher's, else the teacher's to the student's. 8 steps
of 8 rows: mean over the batch of w_i times the mean squared difference of row i; SGD, rate 0.01, momentum 0.9, weight
decay 1e-4 on stages and projection, batch norm live.

Tensors, float32: data/features (8, 8, 3, 12, 12), data/weights (8, 8); initial/<student or projector name>, the same
for all cases; for each case teacher (8, 8, 6, h, w), classifier/weight (4, 6), classifier/bias (4), final/<name>, and
logits (8, 4): what the first batch gets in evaluation, through projection, mean over the map, and classifier. The
projector's names count from the pool where there is one. The json has the losses, and how far float64 ends from float32.
"""
import copy
import json

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

import safetensors_file
from feature_sieve import FOLDER, distance, short

STEPS, ROWS, CHANNELS, CLASSES = 8, 8, 6, 4
CASES = {"equal": (6, 6, True, False), "smaller_teacher": (4, 4, True, False), "larger_teacher": (9, 9, True, False),
         "one_pixel": (1, 1, True, False), "weighted": (4, 4, True, True), "negative": (6, 6, False, False)}


def stage(inputs, outputs, pool):
    layers = [("conv", nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)), ("bn", nn.BatchNorm2d(outputs)), ("relu", nn.ReLU())]
    result = nn.Sequential()
    for name, layer in layers + ([("pool", nn.MaxPool2d(2))] if pool else []):
        result.add_module(name, layer)
    return result


def projection(layers, side):
    layers = copy.deepcopy(layers)
    return nn.Sequential(*([nn.AdaptiveAvgPool2d(side)] if side < 6 else []), *layers)


def train(student, projector, inputs, teacher, weights, dtype):
    student, projector = copy.deepcopy(student).to(dtype), copy.deepcopy(projector).to(dtype)
    optimiser = torch.optim.SGD([*student.parameters(), *projector.parameters()], lr=0.01, momentum=0.9, weight_decay=1e-4)
    losses = []
    for t in range(STEPS):
        projected = projector(student(inputs[t].to(dtype)))
        target = F.adaptive_avg_pool2d(teacher[t].to(dtype), projected.shape[2:])
        loss = (weights[t].to(dtype) * F.mse_loss(projected, target, reduction="none").mean((1, 2, 3))).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    return student.eval(), projector.eval(), losses


def state(student, projector):
    named = [*student.state_dict().items(), *(("projector." + name, value) for name, value in projector.state_dict().items())]
    return {name: value.detach().numpy().copy() for name, value in named if not name.endswith("num_batches_tracked")}


def main():
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    torch.backends.mkldnn.enabled = False
    torch.manual_seed(20220607)
    random = np.random.RandomState(20220608)
    student = nn.Sequential()
    student.add_module("stage1", stage(3, 8, True))
    student.add_module("stage2", stage(8, 12, False))
    layers = [nn.Conv2d(12, 3, 1, bias=False), nn.BatchNorm2d(3), nn.ReLU(), nn.Conv2d(3, 3, 3, padding=1, bias=False), nn.BatchNorm2d(3), nn.ReLU(),
              nn.Conv2d(3, CHANNELS, 1, bias=False), nn.BatchNorm2d(CHANNELS), nn.ReLU()]
    features = random.normal(size=(STEPS, ROWS, 3, 12, 12)).astype(np.float32)
    row_weights = np.where(random.uniform(size=(STEPS, ROWS)) < 0.3, 5, 0.5).astype(np.float32)
    tensors = {"data/features": features, "data/weights": row_weights}
    tensors |= {f"initial/{name}": value for name, value in state(student, nn.Sequential(*layers)).items()}
    cases = {}
    for case, (height, width, rectified, weighted) in CASES.items():
        teacher = random.normal(size=(STEPS, ROWS, CHANNELS, height, width)).astype(np.float32)
        teacher = np.maximum(teacher, 0) if rectified else teacher
        classifier = nn.Linear(CHANNELS, CLASSES)
        projector = projection(layers if rectified else layers[:-1], height)
        weights = row_weights if weighted else np.ones_like(row_weights)
        arguments = (student, projector, torch.from_numpy(features), torch.from_numpy(teacher), torch.from_numpy(weights))
        trained, projected, losses = train(*arguments, torch.float32)
        exact_student, exact_projector, _ = train(*arguments, torch.float64)
        final = state(trained, projected)
        apart = distance(state(exact_student, exact_projector), final)
        assert apart < 5e-5, (case, apart)
        with torch.no_grad():
            logits = classifier(projected(trained(torch.from_numpy(features[0]))).mean((2, 3)))
        tensors |= {f"{case}/teacher": teacher, f"{case}/classifier/weight": classifier.weight.detach().numpy().copy(),
                    f"{case}/classifier/bias": classifier.bias.detach().numpy().copy(), f"{case}/logits": logits.numpy()}
        tensors |= {f"{case}/final/{name}": value for name, value in final.items()}
        cases[case] = {"rectified": rectified, "weighted": weighted, "losses": short(losses), "float64_distance": float(f"{apart:.2g}")}
    safetensors_file.save(FOLDER / "feature_matching.safetensors", tensors)
    (FOLDER / "feature_matching.json").write_text(json.dumps(cases, indent=1) + "\n")


if __name__ == "__main__":
    main()
