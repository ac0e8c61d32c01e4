#!/usr/bin/python3
"""Writes augmentation.safetensors and augmentation.json: images that torchvision rotates, crops and colours by numbers that are given.

images           (6, 3, 12, 17), float32 from 0 to 1; the last has grey pixels, black and white ones
grays            (6, 1, 12, 17)
squares          (4, 3, 12, 12)
NAME             what torchvision makes of them; augmentation.json has the numbers: one an image

rotated          F.rotate, bilinear, black outside
cropped          F.resized_crop to the image's own size, bilinear
turned           squares rotated by quarters, which moves whole pixels, and then cropped
brightness, contrast, saturation, hue    F.adjust_*, by a number each
gray_contrast    F.adjust_contrast of grays
middles          for sizes (height, width), the middle that RandomResizedCrop falls back to

Run: python3 test/golden/augmentation.py   (written with Debian 12's python3-torch, 1.13.1, and python3-torchvision, 0.14.1)
"""
import json
import pathlib

import torch
import torchvision.transforms.functional as F
from torchvision.transforms import InterpolationMode, RandomResizedCrop

from safetensors_file import save

BILINEAR = InterpolationMode.BILINEAR

generator = torch.Generator().manual_seed(21)
images = torch.rand(6, 3, 12, 17, generator=generator)
images[5, 1:] = images[5, :1]
images[5, :, :2] = 0
images[5, :, 2:4] = 1
grays = torch.rand(6, 1, 12, 17, generator=generator)
squares = torch.rand(4, 3, 12, 12, generator=generator)
numbers = {
    "rotated": [0.0, 10.0, -33.5, 90.0, 145.0, -180.0],
    "cropped": [[0, 0, 12, 17], [3, 5, 6, 9], [11, 16, 1, 1], [0, 9, 12, 8], [4, 0, 5, 17], [2, 2, 9, 11]],
    "turned": [[90, [0, 0, 12, 12]], [180, [3, 2, 6, 7]], [-90, [1, 5, 11, 3]], [0, [4, 4, 5, 5]]],
    "brightness": [0.0, 0.5, 1.0, 1.3, 2.0, 1.7],
    "contrast": [0.0, 0.5, 1.0, 1.3, 2.0, 1.7],
    "saturation": [0.0, 0.5, 1.0, 1.3, 2.0, 1.7],
    "hue": [-0.5, -0.2, 0.0, 0.1, 0.37, 0.5],
    "middles": [[12, 17], [10, 30], [30, 10], [12, 12], [9, 12], [101, 40]],
}


def each(batch, values, change):
    return torch.stack([change(image, value) for image, value in zip(batch, values)])


tensors = {
    "images": images, "grays": grays, "squares": squares,
    "rotated": each(images, numbers["rotated"], lambda image, angle: F.rotate(image, angle, BILINEAR)),
    "cropped": each(images, numbers["cropped"], lambda image, box: F.resized_crop(image, *box, list(image.shape[1:]), BILINEAR)),
    "turned": each(squares, numbers["turned"], lambda image, both: F.resized_crop(
        F.rotate(image, both[0], BILINEAR), *both[1], list(image.shape[1:]), BILINEAR)),
    "brightness": each(images, numbers["brightness"], F.adjust_brightness),
    "contrast": each(images, numbers["contrast"], F.adjust_contrast),
    "saturation": each(images, numbers["saturation"], F.adjust_saturation),
    "hue": each(images, numbers["hue"], F.adjust_hue),
    "gray_contrast": each(grays, numbers["contrast"], F.adjust_contrast),
}
# No part is as large as a scale of 1000 asks for, so that all tries fail.
numbers["boxes_of_middles"] = [
    list(RandomResizedCrop.get_params(torch.zeros(3, *size), scale=(1000, 1000), ratio=(3 / 4, 4 / 3))) for size in numbers["middles"]]

for name in ("rotated", "cropped", "brightness", "contrast", "saturation", "hue"):
    assert (tensors[name] - images).abs().amax([1, 2, 3]).gt(0.05).sum() >= 4, name

path = pathlib.Path(__file__)
save(path.with_suffix(".safetensors"), {name: tensor.contiguous().numpy() for name, tensor in tensors.items()})
path.with_suffix(".json").write_text(json.dumps(numbers, indent=1) + "\n")
