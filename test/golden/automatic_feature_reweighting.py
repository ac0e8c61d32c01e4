"""Writes automatic_feature_reweighting.safetensors: the second stage of AFR, as its authors released it, in PyTorch.

For 2 and 3 classes: embeddings of 60 rows of 12 features, their classes (unequally many), and a linear layer that is
sure of most of them. Row weights are exp(-gamma * p_y), each class's times rows / rows of the class, divided by their
sum. The layer is trained from its own weights by torch.optim.SGD without momentum on all rows at once: the sum of
weight * cross-entropy, plus penalty * the squared distance from where it started; gradients are clipped to norm 1
(clip_grad_norm_).

Tensors, float32 and int64: <classes>/embeddings (60, 12), labels (60), weight (C, 12), bias (C); for each case
<classes>/<gamma>/weights (60); and for each step count <classes>/<gamma>/<penalty>/<rate>/<steps>/weight, bias.
"""
import pathlib

import numpy as np
import torch

import safetensors_file

FOLDER = pathlib.Path(__file__).parent
ROWS, FEATURES, STEPS = 60, 12, [1, 10, 200]
CASES = [(0.0, 0.0, 0.02), (1.8, 0.0, 0.01), (10.0, 0.2, 0.02), (4.0, 0.1, 1.0)]  # gamma, penalty, rate


def draw(classes, random):
    shares = np.array([6.0, 3.0, 1.0][:classes])
    labels = random.choice(classes, size=ROWS, p=shares / shares.sum())
    directions = random.normal(size=(classes, FEATURES))
    embeddings = np.maximum(directions[labels] + random.normal(size=(ROWS, FEATURES)) + 0.5, 0)
    weight = directions * 0.6 + random.normal(size=(classes, FEATURES)) * 0.2
    return (torch.tensor(embeddings, dtype=torch.float32), torch.tensor(labels), torch.tensor(weight, dtype=torch.float32),
            torch.tensor(random.normal(size=classes) * 0.1, dtype=torch.float32))


def row_weights(logits, labels, gamma):
    p = logits.softmax(-1)[torch.arange(len(labels)), labels]
    weights = (-gamma * p).exp()
    for c in labels.unique():
        weights[labels == c] *= len(labels) / (labels == c).sum()
    return weights / weights.sum()


def train(embeddings, labels, weights, weight, bias, penalty, rate):
    layer = torch.nn.Linear(FEATURES, len(bias))
    layer.weight.data, layer.bias.data = weight.clone(), bias.clone()
    optimizer = torch.optim.SGD(layer.parameters(), lr=rate, momentum=0.0, weight_decay=0.0)
    clipped = 0
    for step in range(1, max(STEPS) + 1):
        optimizer.zero_grad()
        loss = (weights * torch.nn.functional.cross_entropy(layer(embeddings), labels, reduction="none")).sum()
        loss = loss + penalty * ((layer.weight - weight).pow(2).sum() + (layer.bias - bias).pow(2).sum())
        loss.backward()
        clipped += int(torch.nn.utils.clip_grad_norm_(layer.parameters(), 1.0) > 1)
        optimizer.step()
        if step in STEPS:
            yield step, clipped, layer.weight.detach().clone(), layer.bias.detach().clone()


def main():
    torch.set_num_threads(1)
    random = np.random.RandomState(20230719)
    tensors, clipped_in_all = {}, 0
    for classes in (2, 3):
        embeddings, labels, weight, bias = draw(classes, random)
        assert len(labels.unique()) == classes
        tensors |= {f"{classes}/{name}": value for name, value in
                    {"embeddings": embeddings, "labels": labels, "weight": weight, "bias": bias}.items()}
        for gamma, penalty, rate in CASES:
            weights = row_weights(embeddings @ weight.T + bias, labels, gamma)
            tensors[f"{classes}/{gamma}/weights"] = weights
            for step, clipped, now, shift in train(embeddings, labels, weights, weight, bias, penalty, rate):
                tensors[f"{classes}/{gamma}/{penalty}/{rate}/{step}/weight"] = now
                tensors[f"{classes}/{gamma}/{penalty}/{rate}/{step}/bias"] = shift
            assert torch.dist(now, weight) > 0.02
            clipped_in_all += clipped
    assert clipped_in_all > 0  # the clipping is part of what is compared
    safetensors_file.save(FOLDER / "automatic_feature_reweighting.safetensors", {name: value.numpy() for name, value in tensors.items()})


if __name__ == "__main__":
    main()
