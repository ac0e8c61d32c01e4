"""Reads and writes the safetensors format, as far as the golden files need it.

A file is: 8 bytes little-endian header length, a JSON header padded with spaces to a multiple of 8, then the
tensors without gaps. The widest types come first, so that every tensor is aligned to its own element size.
"""
import json

import numpy as np

_TYPES = {"int64": "I64", "float32": "F32", "uint8": "U8"}


def save(path, tensors):
    """Writes name -> array (int64, float32 or uint8). Equal tensors give equal bytes."""
    arrays = {name: np.ascontiguousarray(array) for name, array in tensors.items()}
    order = sorted(arrays, key=lambda name: (-arrays[name].itemsize, name))
    header, end = {}, 0
    for name in order:
        array, start = arrays[name], end
        end += array.nbytes
        header[name] = {"dtype": _TYPES[array.dtype.name], "shape": list(array.shape), "data_offsets": [start, end]}
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for name in order:
            file.write(arrays[name].astype(arrays[name].dtype.newbyteorder("<")).tobytes())


def load(path):
    """Reads every tensor of a file written as above (or by any other writer, in these three types)."""
    types = {code: np.dtype(name).newbyteorder("<") for name, code in _TYPES.items()}
    with open(path, "rb") as file:
        data = file.read()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8:8 + length])
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        start, end = (8 + length + offset for offset in entry["data_offsets"])
        tensors[name] = np.frombuffer(data[start:end], types[entry["dtype"]]).reshape(entry["shape"])
    return tensors
