"""Writes small files of the kinds that people give for safetensors files: what PyTorch, NumPy and ONNX write.

foreign/torch.pt           torch.save: a pickle in a zip archive
foreign/torch_before_1_6.pt  torch.save as before PyTorch 1.6: a bare pickle
foreign/torchscript.pt     torch.jit.save
foreign/numpy.npz, foreign/numpy.npy
foreign/model.onnx         two layers, exported by torch.onnx
"""
import os

import numpy as np
import torch

os.makedirs("foreign", exist_ok=True)
torch.manual_seed(1)
network = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.ReLU(), torch.nn.Linear(3, 2)).eval()
torch.save(network.state_dict(), "foreign/torch.pt")
torch.save(network.state_dict(), "foreign/torch_before_1_6.pt", _use_new_zipfile_serialization=False)
torch.jit.save(torch.jit.trace(network, torch.zeros(1, 4)), "foreign/torchscript.pt")
arrays = {name: tensor.numpy() for name, tensor in network.state_dict().items()}
np.savez("foreign/numpy.npz", **arrays)
np.save("foreign/numpy.npy", arrays["0.weight"])
torch.onnx.export(network, torch.zeros(1, 4), "foreign/model.onnx", opset_version=13)
