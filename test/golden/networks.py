"""Writes networks.safetensors: what torchvision's networks give in evaluation mode.

Networks with formula weights: resnet18, resnet34, resnet50, squeezenet1_1, each with 5 classes. Every parameter and
buffer except num_batches_tracked is filled by a formula of its name n and its flat (row-major) index i = 0, 1, 2, ...,
computed in float64 and then rounded to float32:
  h(n)   = (sum of the bytes of n in UTF-8, mod 97) / 97 * 6.28
  v(n,i) = cos(0.37 * i + 0.001 * (i * i mod 9973) + h(n))       i * i in 64-bit integers
  two or more dimensions    gain / sqrt(fan_in) * v,  fan_in = product of all dimensions but the first;
                            gain = 1.5 for the resnets, 2 for squeezenet1_1
  name ends in running_var  1 + 0.2 * v
  name ends in bias or running_mean  0.1 * v
  else (batch norm weight)  1 + 0.1 * v
(Without the quadratic term every weight matrix would have rank 2, and wrong wirings could give nearly right logits.)
Input: input.pixels (2, 3, 64, 64) uint8, RGB, pixel(n, c, y, x) = (50c + 3y + 5x + n * (37 + 7y + xy)) mod 256;
the network sees (pixel / 255 - mean) / std, mean = (0.485, 0.456, 0.406), std = (0.229, 0.224, 0.225).
  <network>.logits (2, 5)
  <network>.stages.mean, .stages.std   of the whole output of each stage, standard deviation of the population:
      resnets (5): after maxpool, layer1, layer2, layer3, layer4;  squeezenet1_1 (13): after features.0 ... features.12
  <network>.head.weight.first (16)     first values of the last layer's weight, to check the filling
  squeezenet1_1.logits_62 (2, 5)       of the top left 62 x 62 pixels, where max pooling in ceil mode differs from floor

Network with real weights: squeezenet1_1 without classifier, from the folder squeezenet1_1-imagenet under MLSIEVE_DATA.
Input: one RGB image, pixel(c, y, x) = (50c + 3y + 5x) mod 256, 128 x 128; the network sees the channels in the order
blue, green, red, as 0..255 minus (103.939, 116.779, 123.68). Its output (1, 512, 7, 7) is that of features.12.
  squeezenet1_1_imagenet.stages.mean, .stages.std (13)
  squeezenet1_1_imagenet.slice (16), .slice.index (16) int64   values of the output, and their flat (row-major) index
                                       in it, spread over those above 0.1 (most are 0)
  squeezenet1_1_imagenet.pooled (512)  mean over height and width
"""
import math
import os
import pathlib

import numpy as np
import torch
from torchvision import models

import safetensors_file

FOLDER = pathlib.Path(__file__).parent
GAINS = {"resnet18": 1.5, "resnet34": 1.5, "resnet50": 1.5, "squeezenet1_1": 2.0}


def value(name, shape, gain):
    index = np.arange(math.prod(shape), dtype=np.int64)
    phase = sum(name.encode()) % 97 / 97 * 6.28
    wave = np.cos(0.37 * index + 0.001 * (index * index % 9973) + phase).reshape(shape)
    if len(shape) >= 2:
        return gain / math.sqrt(math.prod(shape[1:])) * wave
    if name.endswith("running_var"):
        return 1 + 0.2 * wave
    if name.endswith(("bias", "running_mean")):
        return 0.1 * wave
    return 1 + 0.1 * wave


def fill(network, gain):
    for name, tensor in network.state_dict().items():
        if not name.endswith("num_batches_tracked"):
            tensor.copy_(torch.from_numpy(value(name, tuple(tensor.shape), gain).astype(np.float32)))


def record_stages(stages, figures):
    def hook(_module, _inputs, output):
        figures.append((output.double().mean().item(), output.double().std(unbiased=False).item()))
    return [stage.register_forward_hook(hook) for stage in stages]


def stages_of(network):
    if isinstance(network, models.ResNet):
        return [network.maxpool, network.layer1, network.layer2, network.layer3, network.layer4]
    return list(network.features)


def float32(values):
    return np.asarray(values, dtype=np.float32)


def formula_networks(pixels):
    mean, std = (np.array(v)[:, None, None] for v in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
    inputs = torch.from_numpy(float32((pixels / 255 - mean) / std))
    tensors = {}
    for name, gain in GAINS.items():
        network = getattr(models, name)(num_classes=5).eval()
        fill(network, gain)
        figures = []
        hooks = record_stages(stages_of(network), figures)
        logits = network(inputs)
        for hook in hooks:
            hook.remove()
        head = network.fc if name.startswith("resnet") else network.classifier[1]
        tensors[f"{name}.logits"] = logits.numpy()
        tensors[f"{name}.stages.mean"], tensors[f"{name}.stages.std"] = float32(figures).T
        tensors[f"{name}.head.weight.first"] = head.weight.flatten()[:16].numpy().copy()
        if name == "squeezenet1_1":
            tensors[f"{name}.logits_62"] = network(inputs[:, :, :62, :62]).numpy()
        check(name, logits, network.double()(inputs.double()))
    return tensors


def check(name, logits, exact):
    """Logits that vanish, explode or ignore the image would prove little; rounding must not blur them either."""
    size = exact.abs().max()
    assert 0.5 < size < 100, (name, logits)
    assert (exact[0] - exact[1]).abs().max() > 0.02 * size, (name, logits)
    assert exact.abs().min() > 1e-3 * size, (name, logits)
    assert (logits - exact).abs().max() < 1e-5 * size, (name, logits - exact)


def imagenet_squeezenet(folder):
    weights = safetensors_file.load(folder / "squeezenet1_1-imagenet" / "squeezenet1_1-imagenet-notop.safetensors")
    network = models.squeezenet1_1().eval()
    missing, unexpected = network.load_state_dict(
        {name: torch.from_numpy(tensor.copy()) for name, tensor in weights.items()}, strict=False)
    assert not unexpected and all(name.startswith("classifier.") for name in missing), (missing, unexpected)
    c, y, x = np.indices((3, 128, 128))
    bgr = ((50 * c + 3 * y + 5 * x) % 256)[::-1] - np.array([103.939, 116.779, 123.68])[:, None, None]
    figures = []
    record_stages(stages_of(network), figures)
    output = network.features(torch.from_numpy(float32(bgr))[None])
    assert tuple(output.shape) == (1, 512, 7, 7)
    mean, std = float32(figures).T
    exact = network.double().features(torch.from_numpy(bgr)[None])
    assert (output - exact).abs().max() < 1e-5 * exact.abs().max()
    flat = output.flatten().numpy()
    index = np.flatnonzero(flat > 0.1)
    index = index[::len(index) // 16][:16]
    return {"squeezenet1_1_imagenet.stages.mean": mean, "squeezenet1_1_imagenet.stages.std": std,
            "squeezenet1_1_imagenet.slice": flat[index], "squeezenet1_1_imagenet.slice.index": index,
            "squeezenet1_1_imagenet.pooled": output[0].mean((1, 2)).numpy()}


@torch.no_grad()
def main():
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    torch.backends.mkldnn.enabled = False
    n, c, y, x = np.indices((2, 3, 64, 64))
    pixels = ((50 * c + 3 * y + 5 * x + n * (37 + 7 * y + x * y)) % 256).astype(np.uint8)
    tensors = {"input.pixels": pixels, **formula_networks(pixels),
               **imagenet_squeezenet(pathlib.Path(os.environ["MLSIEVE_DATA"]))}
    safetensors_file.save(FOLDER / "networks.safetensors", tensors)


if __name__ == "__main__":
    main()
