"""Writes a checkpoint's weights as GGUF, as llama.cpp's own converter does, and lets llama.cpp quantise them."""
import dataclasses
import json
import pathlib
import sys

import gguf
import llama_cpp
import torch
from safetensors import safe_open

LOG_LEVEL_ERROR = 4  # ggml.h
FILE_TYPES = {"Q8_0": llama_cpp.LLAMA_FTYPE_MOSTLY_Q8_0, "Q4_K_M": llama_cpp.LLAMA_FTYPE_MOSTLY_Q4_K_M}
WHOLE = {"token_embd": "model.embed_tokens", "output_norm": "model.norm", "output": "lm_head"}
BLOCK = {"attn_norm": "input_layernorm", "attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj",
         "attn_v": "self_attn.v_proj", "attn_output": "self_attn.o_proj", "ffn_norm": "post_attention_layernorm"}
DENSE = ("ffn_gate", "ffn_up", "ffn_down")
EXPERTS = ("ffn_gate_exps", "ffn_up_exps", "ffn_down_exps")
OLMOE_NORMS = {"attn_q_norm": "self_attn.q_norm", "attn_k_norm": "self_attn.k_norm"}


@dataclasses.dataclass(frozen=True)
class Family:
    architecture: str  # llama.cpp's
    experts_key: str = ""  # of config.json; "": dense
    mlp: str = "mlp"
    matrices: tuple[str, str, str] = ("gate_proj", "up_proj", "down_proj")
    norms: dict[str, str] = dataclasses.field(default_factory=dict)
    # llama.cpp's llama turns neighbouring elements of a head, Hugging Face's turns halves: rows change places.
    interleaved: bool = True


FAMILIES = {"llama": Family("llama"),
            "mixtral": Family("llama", "num_local_experts", "block_sparse_moe", ("w1", "w3", "w2")),
            "olmoe": Family("olmoe", "num_experts", norms=OLMOE_NORMS, interleaved=False)}


# What write_gguf reads of config.json, and what changes no result.
TRANSLATED = {"model_type", "vocab_size", "max_position_embeddings", "hidden_size", "num_hidden_layers", "intermediate_size",
              "num_attention_heads", "num_key_value_heads", "rms_norm_eps", "rope_theta", "num_experts_per_tok",
              "tie_word_embeddings"}
INERT = {"architectures", "torch_dtype", "dtype", "bos_token_id", "eos_token_id", "pad_token_id", "attention_dropout",
         "router_aux_loss_coef", "output_router_logits", "use_cache", "initializer_range", "transformers_version"}
# What llama.cpp takes for granted of these families.
ASSUMED = {"hidden_act": "silu", "attention_bias": False, "mlp_bias": False, "clip_qkv": None, "norm_topk_prob": False,
           "rope_scaling": None, "sliding_window": None}


def check_translated(config: dict, file: pathlib.Path) -> Family:
    """A key that is not translated would give the weights of this model and the results of another."""
    family = FAMILIES.get(config["model_type"])
    if family is None:
        raise RuntimeError(f"{file}: model_type: expected one of {', '.join(FAMILIES)}, found {config['model_type']}")
    assumed = ASSUMED | {"head_dim": config["hidden_size"] // config["num_attention_heads"]}
    for key, value in config.items():
        if key in assumed and value != assumed[key]:
            raise RuntimeError(f"{file}: {key}: not translated to GGUF; expected {assumed[key]}, found {value}")
        if not (key in TRANSLATED | INERT | assumed.keys() | {family.experts_key} or key.startswith("_")):
            raise RuntimeError(f"{file}: {key}: not translated to GGUF; found {value}")
    return family


def add_keys(writer: gguf.GGUFWriter, config: dict, experts: int) -> None:
    writer.add_vocab_size(config["vocab_size"])
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_head_count_kv(config["num_key_value_heads"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_rope_freq_base(config["rope_theta"])
    writer.add_rope_dimension_count(config["hidden_size"] // config["num_attention_heads"])
    if experts:
        writer.add_expert_count(experts)
        writer.add_expert_used_count(config["num_experts_per_tok"])
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_BF16)
    writer.add_tokenizer_model("none")


def add_tensor(writer: gguf.GGUFWriter, name: str, tensor: torch.Tensor) -> None:
    """Norms and the router are float32 in every GGUF file."""
    if tensor.dim() == 1 or "ffn_gate_inp" in name:
        writer.add_tensor(name, tensor.float().numpy())
    else:
        bf16 = tensor.to(torch.bfloat16).contiguous()
        writer.add_tensor(name, bf16.view(torch.uint8).numpy(), raw_dtype=gguf.GGMLQuantizationType.BF16)


def interleaved(weight: torch.Tensor, heads: int) -> torch.Tensor:
    return weight.reshape(heads, 2, -1, weight.shape[1]).transpose(1, 2).reshape(weight.shape)


def add_block(writer: gguf.GGUFWriter, read, config: dict, family: Family, layer: int) -> None:
    at, to = f"model.layers.{layer}.", f"blk.{layer}."
    heads = {"attn_q": config["num_attention_heads"], "attn_k": config["num_key_value_heads"]}
    for name, source in (BLOCK | family.norms).items():
        tensor = read(f"{at}{source}.weight")
        if name in heads and family.interleaved:
            tensor = interleaved(tensor, heads[name])
        add_tensor(writer, f"{to}{name}.weight", tensor)
    mlp = f"{at}{family.mlp}."
    if not family.experts_key:
        for name, source in zip(DENSE, family.matrices, strict=True):
            add_tensor(writer, f"{to}{name}.weight", read(f"{mlp}{source}.weight"))
        return
    add_tensor(writer, f"{to}ffn_gate_inp.weight", read(f"{mlp}gate.weight"))
    for name, source in zip(EXPERTS, family.matrices, strict=True):
        experts = [read(f"{mlp}experts.{e}.{source}.weight") for e in range(config[family.experts_key])]
        add_tensor(writer, f"{to}{name}.weight", torch.stack(experts))


def write_gguf(checkpoint: pathlib.Path, file: pathlib.Path) -> None:
    config = json.loads((checkpoint / "config.json").read_text())
    family = check_translated(config, checkpoint / "config.json")
    writer = gguf.GGUFWriter(file, family.architecture)
    add_keys(writer, config, config[family.experts_key] if family.experts_key else 0)
    with safe_open(checkpoint / "model.safetensors", "pt") as tensors:
        for name, source in WHOLE.items():
            if name != "output" or not config["tie_word_embeddings"]:  # else llama.cpp takes the embedding
                add_tensor(writer, f"{name}.weight", tensors.get_tensor(f"{source}.weight"))
        for layer in range(config["num_hidden_layers"]):
            add_block(writer, tensors.get_tensor, config, family, layer)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
    writer.close()


@llama_cpp.llama_log_callback
def print_errors(level: int, text: bytes, user_data) -> None:
    if level == LOG_LEVEL_ERROR:
        sys.stderr.write(text.decode())


def quantise(source: pathlib.Path, file: pathlib.Path, weights: str, threads: int) -> None:
    llama_cpp.llama_log_set(print_errors, None)
    params = llama_cpp.llama_model_quantize_default_params()
    params.ftype, params.nthread = FILE_TYPES[weights], threads
    code = llama_cpp.llama_model_quantize(str(source).encode(), str(file).encode(), params)
    if code != 0:
        raise RuntimeError(f"llama_model_quantize to {weights}: expected 0, found {code}")
