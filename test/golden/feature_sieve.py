"""Writes feature_sieve_mlp.safetensors, feature_sieve_convnet.safetensors and feature_sieve.json.

Trains two small networks for 25 steps of 16 rows with the algorithm of sieve_reference.py (its docstring is the
specification) from stored data and stored initial weights, in float32 on one thread.

  mlp      8 -> 16 -> 16 -> 16 (stages 1..3: linear-ReLU) -> linear to 3 classes.
  convnet  3 x 12 x 12 -> channels 8, 16, 16 (stages 1..3: 3x3 conv, padding 1, no bias - batch norm - ReLU - 2x2 max
           pool, floor) -> global average pool -> linear to 4 classes. Pixels are stored as uint8; the network sees
           (pixel - 127.5) / 127.5.

Tensors (linear: (out, in); convolution: (out, in, height, width)):
  data/features (25, 16, 8) float32 or data/pixels (25, 16, 3, 12, 12) uint8; data/labels (25, 16) int64
  initial/<readout>/<name>            weights and running statistics before the first step
  final/<case>/<name>                 the same after the last step
  final/<case>/logits.main, logits.readout (16, C)   of batch 0, all batch norm on its running statistics
Names: stage1.weight, stage1.bias | stage1.conv.weight, stage1.bn.{weight,bias,running_mean,running_var}; head.weight,
head.bias; readout.blocks.0.{weight,bias} | readout.blocks.0.{conv1.weight,bn1.*,conv2.weight,bn2.*};
readout.head.weight, readout.head.bias.
A case is <readout>/<every5|never> for the mlp and <readout>/<statistics>/<every5|never> for the convnet; <readout> is
stage<k>_depth<d>; <statistics> is frozen or live, and where there is forgetting one of frozen_forgetting_moves,
frozen_forgetting_keeps, live_forgetting_moves, live_forgetting_keeps. The pairs differ in running statistics only (in
a frozen network: in the readout's only); an implementation that moves one network's and keeps the other's takes each
from its own case.

feature_sieve.json gives for every case its options, its losses by step (forget_before and forget_after only for the
steps in forget_steps), how far float64 ends from float32, and how far each mistake of sieve_faults.py would end from
the truth: distance = max over tensors of max|a - b| / max|b|, over all weights of network and readout.
"""
import copy
import json
import pathlib

import numpy as np
import torch

import safetensors_file
from sieve_faults import CONVNET_FAULTS, FAULTS
from sieve_reference import ConvStage, DenseStage, Network, Readout, Sieve, use_statistics

FOLDER = pathlib.Path(__file__).parent
STEPS, ROWS = 25, 16


def mlp_data(random):
    """Feature 0 is the simple cue (right for 9 rows in 10); features 1..3 carry the class less simply."""
    labels = random.randint(0, 3, (STEPS, ROWS))
    cue = np.where(random.uniform(size=labels.shape) < 0.9, labels, random.randint(0, 3, labels.shape))
    features = random.normal(size=(STEPS, ROWS, 8))
    features[..., 0] += 2.0 * (cue - 1)
    features[..., 1] += np.where(labels == 0, 1.5, -0.5) * np.sign(features[..., 2])
    features[..., 3] += np.where(labels == 2, 1.0, -1.0)
    return features.astype(np.float32), labels.astype(np.int64)


def image_data(random):
    """The tint is the simple cue (right for 9 images in 10); a bright quarter of the image is the class."""
    labels = random.randint(0, 4, (STEPS, ROWS))
    cue = np.where(random.uniform(size=labels.shape) < 0.9, labels, random.randint(0, 4, labels.shape))
    pixels = random.normal(110, 40, (STEPS, ROWS, 3, 12, 12))
    tints = np.array([[45, -25, -25], [-25, 45, -25], [-25, -25, 45], [20, 20, -45]])
    pixels += tints[cue][..., None, None]
    for batch, row in np.ndindex(labels.shape):
        top, left = 6 * (labels[batch, row] // 2), 6 * (labels[batch, row] % 2)
        pixels[batch, row, :, top:top + 6, left:left + 6] += 35
    return np.clip(np.rint(pixels), 0, 255).astype(np.uint8), labels.astype(np.int64)


def initialise(module, random):
    """Nothing stays at a value that would hide a mistake: batch norm and its statistics included."""
    for name, tensor in list(module.named_parameters()) + list(module.named_buffers()):
        if tensor.dim() > 1:
            bound = (6.0 / tensor[0].numel()) ** 0.5
            value = random.uniform(-bound, bound, tensor.shape)
        elif name.endswith("running_var"):
            value = random.uniform(0.5, 1.5, tensor.shape)
        elif ".bn" in name and name.endswith("weight"):
            value = random.uniform(0.8, 1.2, tensor.shape)
        else:
            value = random.uniform(-0.2, 0.2, tensor.shape)
        tensor.data = torch.from_numpy(value.astype(np.float32))


def state(network, readout):
    tensors = {**network.state_dict(), **{f"readout.{name}": t for name, t in readout.state_dict().items()}}
    return {name: tensor.numpy().copy() for name, tensor in tensors.items()}


def train(network, readout, inputs, labels, algorithm=Sieve, dtype=torch.float32, **options):
    network, readout = copy.deepcopy(network).to(dtype), copy.deepcopy(readout).to(dtype)
    sieve = algorithm(network, readout, **options)
    for t in range(STEPS):
        sieve.step(t, inputs[t].to(dtype), labels[t])
    use_statistics(network, "stored")
    use_statistics(readout, "stored")
    with torch.no_grad():
        logits = {"logits.main": network(inputs[0].to(dtype)).numpy(),
                  "logits.readout": readout(network.until(sieve.stage, inputs[0].to(dtype))).numpy()}
    return sieve, state(network, readout), logits


def distance(tensors, truth):
    weights = [name for name in truth if "running" not in name]
    return max(np.abs(tensors[name] - truth[name]).max() / np.abs(truth[name]).max() for name in weights)


def short(values):
    """Nine digits tell every float32 from its neighbours."""
    return [float(f"{value:.9g}") for value in values]


def run_cases(network, readouts, inputs, labels, statistics, mistakes):
    """readouts: name -> (readout, stage); statistics: suffix -> (frozen, forgetting_moves, forget_every)."""
    tensors, cases = {}, {}
    for readout_name, (readout, stage) in readouts.items():
        for name, tensor in state(network, readout).items():
            tensors[f"initial/{readout_name}/{name}"] = tensor
        for suffix, (frozen, moves, forget_every) in statistics.items():
            options = dict(stage=stage, forget_every=forget_every, frozen=frozen, forgetting_moves=moves)
            sieve, final, logits = train(network, readout, inputs, labels, **options)
            exact = train(network, readout, inputs, labels, dtype=torch.float64, **options)[1]
            faults = {fault.__name__: train(network, readout, inputs, labels, fault, **options)[1]
                      for fault in (mistakes if forget_every > 0 else [])}
            case = f"{readout_name}/{suffix}"
            for name, tensor in {**final, **logits}.items():
                tensors[f"final/{case}/{name}"] = tensor
            cases[case] = {
                "stage": stage, "readout_depth": len(readout.blocks), "forget_every": forget_every,
                "frozen_batch_norm": frozen, "forgetting_moves_statistics": moves,
                "rate": 0.05, "readout_rate": 0.1, "forget_rate": 0.1, "decay": 1e-4, "momentum": 0.9,
                "forget_steps": sieve.forget_steps,
                "losses": {name: short(values) for name, values in sieve.losses.items()},
                "float64_distance": float(f"{distance(exact, final):.2g}"),
                "fault_distance": {name: float(f"{distance(wrong, final):.2g}") for name, wrong in faults.items()},
            }
    return tensors, cases


def check(cases):
    for name, case in cases.items():
        # An implementation is asked to agree within 1e-4: rounding must stay well below that, every mistake well above.
        assert case["float64_distance"] < 2e-5, (name, case["float64_distance"])
        assert all(value > 5e-4 for value in case["fault_distance"].values()), (name, case["fault_distance"])


def main():
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    torch.backends.mkldnn.enabled = False

    random = np.random.RandomState(20230719)
    features, labels = mlp_data(random)
    network = Network(DenseStage, [8, 16, 16, 16], 3)
    readouts = {"stage1_depth1": (Readout(False, 16, 1, 12, 3), 1), "stage2_depth0": (Readout(False, 16, 0, 12, 3), 2)}
    for module in [network] + [readout for readout, _ in readouts.values()]:
        initialise(module, random)
    mlp, mlp_cases = run_cases(network, readouts, torch.from_numpy(features), torch.from_numpy(labels),
                               {"every5": (False, False, 5), "never": (False, False, 0)}, FAULTS)
    mlp.update({"data/features": features, "data/labels": labels})

    random = np.random.RandomState(20230720)
    pixels, labels = image_data(random)
    network = Network(ConvStage, [3, 8, 16, 16], 4)
    readouts = {"stage1_depth1": (Readout(True, 8, 1, 8, 4), 1), "stage1_depth2": (Readout(True, 8, 2, 8, 4), 1)}
    for module in [network] + [readout for readout, _ in readouts.values()]:
        initialise(module, random)
    images = (torch.from_numpy(pixels).float() - 127.5) / 127.5
    statistics = {f"{kind}_forgetting_{verb}/every5": (kind == "frozen", verb == "moves", 5)
                  for kind in ("frozen", "live") for verb in ("moves", "keeps")}
    statistics.update({f"{kind}/never": (kind == "frozen", False, 0) for kind in ("frozen", "live")})
    convnet, convnet_cases = run_cases(network, readouts, images, torch.from_numpy(labels), statistics, CONVNET_FAULTS)
    convnet.update({"data/pixels": pixels, "data/labels": labels})

    check(mlp_cases)
    check(convnet_cases)
    safetensors_file.save(FOLDER / "feature_sieve_mlp.safetensors", mlp)
    safetensors_file.save(FOLDER / "feature_sieve_convnet.safetensors", convnet)
    with open(FOLDER / "feature_sieve.json", "w") as file:
        json.dump({"mlp": mlp_cases, "convnet": convnet_cases}, file, indent=1)
        file.write("\n")


if __name__ == "__main__":
    main()
