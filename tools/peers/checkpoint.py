"""Writes a model's random weights as a Hugging Face checkpoint: config.json, model.safetensors, tokenizer.json."""
import json
import pathlib
import zlib

import torch
from safetensors.torch import save_file

NORM_STD = 0.1
SEED = 1


def tensor_shapes(config: dict) -> dict[str, tuple[int, ...]]:
    """Names and shapes as on the hub. A vector is a norm's weight."""
    width, hidden, vocabulary = (config[key] for key in ("hidden_size", "intermediate_size", "vocab_size"))
    kv = width // config["num_attention_heads"] * config["num_key_value_heads"]
    shapes: dict[str, tuple[int, ...]] = {"model.embed_tokens.weight": (vocabulary, width)}
    for layer in range(config["num_hidden_layers"]):
        at = f"model.layers.{layer}."
        for name, rows in (("q_proj", width), ("k_proj", kv), ("v_proj", kv), ("o_proj", width)):
            shapes[f"{at}self_attn.{name}.weight"] = (rows, width)
        mlps = [f"{at}mlp."]
        if "num_experts" in config:
            shapes |= {f"{at}self_attn.q_norm.weight": (width,), f"{at}self_attn.k_norm.weight": (kv,),
                       f"{at}mlp.gate.weight": (config["num_experts"], width)}
            mlps = [f"{at}mlp.experts.{expert}." for expert in range(config["num_experts"])]
        for mlp in mlps:
            shapes |= {f"{mlp}gate_proj.weight": (hidden, width), f"{mlp}up_proj.weight": (hidden, width),
                       f"{mlp}down_proj.weight": (width, hidden)}
        shapes |= {f"{at}input_layernorm.weight": (width,), f"{at}post_attention_layernorm.weight": (width,)}
    return shapes | {"model.norm.weight": (width,), "lm_head.weight": (vocabulary, width)}


def random_tensor(name: str, shape: tuple[int, ...]) -> torch.Tensor:
    """Drawn by name, so that a matrix keeps its input's spread: no part's result vanishes beside another's. Norms differ
    from one: a program that leaves one out computes something else."""
    generator = torch.Generator().manual_seed(zlib.crc32(name.encode()) + SEED)
    mean, std = (1.0, NORM_STD) if len(shape) == 1 else (0.0, shape[1] ** -0.5)
    return torch.empty(shape).normal_(mean, std, generator=generator).to(torch.bfloat16)


def byte_alphabet() -> list[str]:
    """GPT-2's character for each byte: itself where it is visible, else the next one from U+0100 on."""
    visible = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    hidden = (chr(0x100 + i) for i in range(256))
    return [chr(byte) if byte in visible else next(hidden) for byte in range(256)]


def tokenizer(vocabulary: int) -> dict:
    """Bytes, and names that no text contains for the other ids: only ids are ever asked."""
    tokens = byte_alphabet() + [f"<{i}>" for i in range(256, vocabulary)]
    byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    return {"version": "1.0", "truncation": None, "padding": None, "added_tokens": [], "normalizer": None,
            "pre_tokenizer": byte_level, "post_processor": None, "decoder": byte_level,
            "model": {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
                      "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False,
                      "vocab": {token: i for i, token in enumerate(tokens)}, "merges": []}}


def write_checkpoint(config: dict, folder: pathlib.Path) -> None:
    """Not where it lies there already: config.json is written last."""
    text = json.dumps(config | {"_weights": {"seed": SEED, "norm_std": NORM_STD, "std": "columns ** -0.5"}}, indent=1)
    if (folder / "config.json").is_file() and (folder / "config.json").read_text() == text:
        return
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").unlink(missing_ok=True)
    tensors = {name: random_tensor(name, shape) for name, shape in tensor_shapes(config).items()}
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer(config["vocab_size"])))
    (folder / "config.json").write_text(text)
