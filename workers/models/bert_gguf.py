"""Writes BERT models as GGUF files that llama.cpp reads: what the converters beside this file share."""

import sys
import zipfile
from dataclasses import dataclass

try:
    import gguf
    import numpy  # noqa: F401 (the converters need it)
except ImportError as missing:
    sys.exit(f"{sys.executable} has no {missing.name}: `make setup` installs numpy and gguf into .ruche/venv")


class Unusable(Exception):
    """The wheel is not what the converter can convert."""


@dataclass(frozen=True)
class Shape:
    """The sizes of a BERT."""

    wide: int
    inner: int
    layers: int
    heads: int
    vocabulary: int
    places: int
    types: int
    epsilon: float


def read(wheel, name):
    """The bytes of a file of the wheel."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            return archive.read(name)
    except KeyError:
        raise Unusable(f"{wheel} has no {name}") from None
    except zipfile.BadZipFile as error:
        raise Unusable(f"{wheel} is not a whole wheel: {error}") from None


def layout(shape, names, layer, endings):
    """Each tensor: its name in the wheel, its name in GGUF, its shape.

    `names` has the wheel's names of tables and parts by those of GGUF, `layer` what comes before a part of a layer, with {}
    for its number, `endings` the wheel's words for weight and bias.
    """
    wide, inner = shape.wide, shape.inner
    for table, rows in {"token_embd": shape.vocabulary, "position_embd": shape.places, "token_types": shape.types}.items():
        yield names[table], f"{table}.weight", (rows, wide)
    sizes = {
        "attn_q": (wide, wide),
        "attn_k": (wide, wide),
        "attn_v": (wide, wide),
        "attn_output": (wide, wide),
        "attn_output_norm": (wide,),
        "ffn_up": (inner, wide),
        "ffn_down": (wide, inner),
        "layer_output_norm": (wide,),
    }
    parts = [(names["token_embd_norm"], "token_embd_norm", (wide,))]
    for index in range(shape.layers):
        before = layer.format(index)
        parts += [(before + names[part], f"blk.{index}.{part}", size) for part, size in sizes.items()]
    weight, bias = endings
    for theirs, ours, size in parts:
        yield f"{theirs}.{weight}", f"{ours}.weight", size
        yield f"{theirs}.{bias}", f"{ours}.bias", size[:1]


def describe(writer, about, file_type, shape, trained_on):
    """Writes what llama.cpp has to know besides the weights and the tokenizer."""
    writer.add_type(gguf.GGUFType.MODEL)
    for key, value in about.items():
        getattr(writer, f"add_{key}")(value)
    writer.add_file_type(file_type)
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)
    writer.add_block_count(shape.layers)
    # As many as there are positions: llama.cpp takes the size of that tensor from here.
    writer.add_context_length(shape.places)
    if trained_on is not None:
        # How many the model was trained on is another matter, and nothing that llama.cpp asks for.
        writer.add_uint32("sentence_transformers.max_seq_length", trained_on)
    writer.add_embedding_length(shape.wide)
    writer.add_feed_forward_length(shape.inner)
    writer.add_head_count(shape.heads)
    writer.add_layer_norm_eps(shape.epsilon)
    writer.add_causal_attention(False)
    writer.add_pooling_type(gguf.PoolingType.MEAN)


def write(target, about, file_type, shape, tokenizer, tensors, trained_on=None):
    """Writes the model to `target`.

    `tokenizer` writes the tokenizer's part of the description; `tensors` gives names in GGUF, numbers, and their type
    where they are blocks.
    """
    writer = gguf.GGUFWriter(target, "bert")
    describe(writer, about, file_type, shape, trained_on)
    tokenizer(writer)
    for name, numbers, kind in tensors:
        writer.add_tensor(name, numbers, raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def run(main, disk):
    """Runs a converter. The last line of what it prints says why nothing was made."""
    try:
        main()
    except Unusable as error:
        sys.exit(f"no model was made: {error}")
    except OSError as error:
        what = f"{error.filename}: {error.strerror}" if error.filename else error
        sys.exit(f"no model was made: {what}. It takes {disk}")
