"""Writes small residual networks as torch.onnx exports them, and their weights by PyTorch's names.

residual/basic.onnx            basic blocks [2, 1], 3 classes, with the ImageNet stem; batch norm kept
residual/bottleneck.onnx       bottlenecks [1, 2], without a head; batch norm kept
residual/half.onnx             the first one in float16
residual/folded.onnx           the first one as torch.onnx exports it by default: batch norm folded into the convolutions
residual/weights.safetensors   basic.<name>, bottleneck.<name>: every parameter and statistic
The tensors in the models have the names t0, t1, ... in random order, so that nothing can be told by a name.
"""
import os
import random

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import nn

import safetensors_file


def conv(inputs, outputs, kernel, stride=1):
    return nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False)


class Block(nn.Module):
    def __init__(self, inputs, width, stride, bottleneck):
        super().__init__()
        outputs = 4 * width if bottleneck else width
        if bottleneck:
            self.conv1, self.conv2, self.conv3 = conv(inputs, width, 1), conv(width, width, 3, stride), conv(width, outputs, 1)
            self.bn1, self.bn2, self.bn3 = nn.BatchNorm2d(width), nn.BatchNorm2d(width), nn.BatchNorm2d(outputs)
        else:
            self.conv1, self.conv2 = conv(inputs, width, 3, stride), conv(width, width, 3)
            self.bn1, self.bn2 = nn.BatchNorm2d(width), nn.BatchNorm2d(width)
        self.layers = 3 if bottleneck else 2
        self.outputs = outputs
        if stride > 1 or inputs != outputs:
            self.downsample = nn.Sequential(conv(inputs, outputs, 1, stride), nn.BatchNorm2d(outputs))

    def forward(self, x):
        y = x
        for i in range(1, self.layers + 1):
            y = getattr(self, f"bn{i}")(getattr(self, f"conv{i}")(y))
            y = y if i == self.layers else y.relu()
        return (y + (self.downsample(x) if hasattr(self, "downsample") else x)).relu()


class Network(nn.Module):
    def __init__(self, blocks, bottleneck, classes):
        super().__init__()
        self.conv1, self.bn1, self.maxpool = conv(3, 4, 7, 2), nn.BatchNorm2d(4), nn.MaxPool2d(3, 2, 1)
        inputs = 4
        self.stages = []
        for k, count in enumerate(blocks, 1):
            stage = []
            for i in range(count):
                stage.append(Block(inputs, 4 * k, 2 if k > 1 and i == 0 else 1, bottleneck))
                inputs = stage[-1].outputs
            setattr(self, f"layer{k}", nn.Sequential(*stage))
            self.stages.append(stage)
        self.fc = nn.Linear(inputs, classes) if classes else None

    def forward(self, x):
        x = self.maxpool(self.bn1(self.conv1(x)).relu())
        for stage in self.stages:
            for block in stage:
                x = block(x)
        x = nn.functional.adaptive_avg_pool2d(x, 1)
        return x if self.fc is None else self.fc(x.flatten(1))


def export(network, name, keep):
    path = f"residual/{name}.onnx"
    options = {"training": torch.onnx.TrainingMode.PRESERVE, "do_constant_folding": False} if keep else {}
    torch.onnx.export(network, torch.zeros(1, 3, 32, 32), path, opset_version=13, **options)
    model = onnx.load(path)
    tensors = list(model.graph.initializer)
    random.Random(1).shuffle(tensors)
    names = {tensor.name: f"t{i}" for i, tensor in enumerate(tensors)}
    for tensor in tensors:
        tensor.name = names[tensor.name]
    del model.graph.initializer[:]
    model.graph.initializer.extend(tensors)
    for node in model.graph.node:
        node.input[:] = [names.get(value, value) for value in node.input]
    onnx.checker.check_model(model)
    onnx.save(model, path)
    return model


os.makedirs("residual", exist_ok=True)
torch.manual_seed(1)
networks = {"basic": Network([2, 1], False, 3), "bottleneck": Network([1, 2], True, 0)}
weights = {}
for name, network in networks.items():
    for key, tensor in network.state_dict().items():
        if tensor.dtype == torch.float32:
            tensor.uniform_(0.5, 1.5) if tensor.dim() == 1 else tensor.normal_(0, 0.2)
            weights[f"{name}.{key}"] = tensor.numpy()
    network.eval()
basic = export(networks["basic"], "basic", keep=True)
export(networks["bottleneck"], "bottleneck", keep=True)
export(networks["basic"], "folded", keep=False)
for tensor in basic.graph.initializer:
    tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor).astype(np.float16), tensor.name))
onnx.save(basic, "residual/half.onnx")
safetensors_file.save("residual/weights.safetensors", weights)
