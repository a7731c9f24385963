#!/usr/bin/env python3
"""Makes a model that ranks, for the tests, of all-minilm-l6-v2.gguf: the same weights, with a head of known numbers.

    python to_reranker.py all-minilm-l6-v2.gguf tests-reranker.gguf

The head was never trained: its scores tell nothing of texts, and are always the same. They are held against those that
reference.py computes in numpy, so that all around the weights is tested: how pairs are read, cut, batched and pooled.
The file appears whole or not at all, and one that is there already is left alone.
"""

import os
import sys
from pathlib import Path

try:
    import gguf
    import numpy as np
except ImportError as missing:
    sys.exit(f"{sys.executable} has no {missing.name}: `make setup` installs numpy and gguf into .ruche/venv")

# Written by GGUFWriter itself, or of no use to it.
OWN = ("GGUF.", "general.architecture")


def head(wide):
    """The head by its names in GGUF: a dense layer, whose tanh goes through a layer of one number."""
    signs = np.where(np.arange(wide) % 3 == 0, 1, -1)
    return {
        "cls.weight": np.eye(wide, dtype=np.float32),
        "cls.bias": (signs / 100).astype(np.float32),
        "cls.output.weight": (signs / 8).astype(np.float32).reshape(1, wide),
        "cls.output.bias": np.array([0.25], dtype=np.float32),
    }


def convert(source, target):
    """Writes the model with its head."""
    reader = gguf.GGUFReader(source)
    architecture = reader.fields["general.architecture"].contents()
    writer = gguf.GGUFWriter(target, architecture)
    for name, field in reader.fields.items():
        if name.startswith(OWN) or name == f"{architecture}.pooling_type":
            continue
        kind = field.types[0]
        element = field.types[-1] if kind == gguf.GGUFValueType.ARRAY else None
        value = "tests-reranker" if name == "general.name" else field.contents()
        writer.add_key_value(name, value, kind, element)
    writer.add_pooling_type(gguf.PoolingType.RANK)
    for tensor in reader.tensors:
        writer.add_tensor(tensor.name, tensor.data, raw_dtype=tensor.tensor_type)
    for name, numbers in head(reader.fields[f"{architecture}.embedding_length"].contents()).items():
        writer.add_tensor(name, numbers)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def main(source, target):
    """Makes the file, unless it is there."""
    if not target.exists():
        half = Path(f"{target}.{os.getpid()}")
        try:
            convert(source, half)
            os.replace(half, target)
        finally:
            half.unlink(missing_ok=True)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(Path(sys.argv[1]), Path(sys.argv[2]))
