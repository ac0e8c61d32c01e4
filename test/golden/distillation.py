"""Writes distillation_mlp.safetensors, distillation_convnet.safetensors and distillation.json.

Trains the two networks of feature_sieve.py, from its data and its initial weights (stage1_depth1), for 25 steps of 16
rows with

    L_i = (1 - lambda) * CE(s_i, y_i) + lambda * w_i * T^2 * KL( softmax(t_i / T) || softmax(s_i / T) )

averaged over the batch (w multiplies the labels' term too where both_terms), from stored teacher logits and weights,
in float32 on one thread; SGD with momentum 0.9 and weight decay as in sieve_reference.py. Batch norm is live: it
normalises by the batch, and the running statistics move by 0.1 once a step.

Tensors: data/teacher (25, 16, C), data/weights (25, 16) float32; final/<case>/<name> as in feature_sieve.py.
distillation.json gives for every case its options, its losses by step and how far float64 ends from float32.
"""
import copy
import json

import numpy as np
import torch
from torch.nn import functional as F

import safetensors_file
from feature_sieve import FOLDER, STEPS, distance, short
from sieve_reference import ConvStage, DenseStage, Network, use_statistics

CASES = {
    "teacher_term": dict(share=0.9, temperature=3.0, both_terms=False, probabilities=False),
    "both_terms": dict(share=0.5, temperature=2.0, both_terms=True, probabilities=False),
    "teacher_alone": dict(share=1.0, temperature=3.0, both_terms=False, probabilities=False),
    "probabilities": dict(share=0.9, temperature=3.0, both_terms=False, probabilities=True),
}


def train(network, inputs, labels, teacher, weights, share, temperature, both_terms, probabilities, dtype=torch.float32):
    network = copy.deepcopy(network).to(dtype)
    use_statistics(network, "moving")
    optimiser = torch.optim.SGD(network.parameters(), lr=0.005, momentum=0.9, weight_decay=1e-4)
    losses = []
    for t in range(STEPS):
        logits = teacher[t].to(dtype)
        if probabilities:
            logits = F.softmax(logits, 1).clamp_min(1e-12).log()
        student = network(inputs[t].to(dtype))
        by_label = F.cross_entropy(student, labels[t], reduction="none")
        divergence = F.kl_div(F.log_softmax(student / temperature, 1), F.log_softmax(logits / temperature, 1), reduction="none", log_target=True)
        by_teacher = divergence.sum(1) * temperature ** 2
        w = weights[t].to(dtype)
        loss = ((1 - share) * by_label * (w if both_terms else 1) + share * w * by_teacher).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    return {name: tensor.detach().numpy().copy() for name, tensor in network.state_dict().items()}, losses


def run(name, network, source, classes, random):
    stored = safetensors_file.load(FOLDER / f"feature_sieve_{source}.safetensors")
    network.load_state_dict({key: torch.from_numpy(stored[f"initial/stage1_depth1/{key}"].copy()) for key in network.state_dict()})
    labels = torch.from_numpy(stored["data/labels"].copy())
    if source == "mlp":
        inputs = torch.from_numpy(stored["data/features"].copy())
    else:
        inputs = (torch.from_numpy(stored["data/pixels"].astype(np.float32)) - 127.5) / 127.5
    teacher = random.normal(size=(STEPS, 16, classes)).astype(np.float32)
    teacher += 2 * np.eye(classes, dtype=np.float32)[labels.numpy()]
    weights = np.where(random.uniform(size=(STEPS, 16)) < 0.3, random.uniform(1, 50, (STEPS, 16)), 1).astype(np.float32)
    tensors, cases = {"data/teacher": teacher, "data/weights": weights}, {}
    for case, options in CASES.items():
        arguments = (network, inputs, labels, torch.from_numpy(teacher), torch.from_numpy(weights))
        final, losses = train(*arguments, **options)
        exact, _ = train(*arguments, dtype=torch.float64, **options)
        tensors |= {f"final/{case}/{key}": value for key, value in final.items()}
        cases[case] = {"lambda": options["share"], **{key: value for key, value in options.items() if key != "share"},
                       "rate": 0.005, "decay": 1e-4, "losses": short(losses), "float64_distance": float(f"{distance(exact, final):.2g}")}
        assert distance(exact, final) < 2e-5, (name, case)
    safetensors_file.save(FOLDER / f"distillation_{name}.safetensors", tensors)
    return cases


if __name__ == "__main__":
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    torch.backends.mkldnn.enabled = False
    random = np.random.RandomState(20231016)
    result = {"mlp": run("mlp", Network(DenseStage, [8, 16, 16, 16], 3), "mlp", 3, random),
              "convnet": run("convnet", Network(ConvStage, [3, 8, 16, 16], 4), "convnet", 4, random)}
    (FOLDER / "distillation.json").write_text(json.dumps(result, indent=1) + "\n")
