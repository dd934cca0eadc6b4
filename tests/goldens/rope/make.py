#!/usr/bin/env python3
"""Frequencies of real models' rotary positions, as transformers computes them.

    pip install torch==2.11.0 transformers==5.24.0
    python make.py > frequencies.json

Each entry has the keys of its config.json that matter, what ROPE_INIT_FUNCTIONS makes of them, and for
longrope what it makes of them for a sequence beyond the original context.
"""
import json
import sys

import torch
import transformers
from transformers import LlamaConfig
from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS

PHI3_SHORT = [1.05, 1.05, 1.05, 1.1, 1.1, 1.1, 1.2500000000000002, 1.2500000000000002, 1.4000000000000004,
              1.4500000000000004, 1.5500000000000005, 1.8500000000000008, 1.9000000000000008, *[2.000000000000001] * 19,
              2.1000000000000005, 2.1000000000000005, 2.2, *[2.3499999999999996] * 4, *[2.3999999999999995] * 2,
              2.6499999999999986, 2.6999999999999984, 2.8999999999999977, 2.9499999999999975, *[3.049999999999997] * 3]
PHI3_LONG = [1.0299999713897705, 1.0499999523162842, 1.0499999523162842, 1.0799999237060547, 1.2299998998641968,
             1.2299998998641968, 1.2999999523162842, 1.4499999284744263, 1.5999999046325684, 1.6499998569488525,
             1.8999998569488525, 2.859999895095825, 3.68999981880188, 5.419999599456787, 5.489999771118164,
             5.489999771118164, 9.09000015258789, 11.579999923706055, 15.65999984741211, 15.769999504089355,
             15.789999961853027, 18.360000610351562, 21.989999771118164, 23.079999923706055, 30.009998321533203,
             32.35000228881836, 32.590003967285156, 35.56000518798828, 39.95000457763672, 53.840003967285156,
             56.20000457763672, 57.95000457763672, 59.29000473022461, 59.77000427246094, 59.920005798339844,
             61.190006256103516, 61.96000671386719, 62.50000762939453, 63.3700065612793, 63.48000717163086,
             63.48000717163086, 63.66000747680664, 63.850006103515625, 64.08000946044922, 64.760009765625,
             64.80001068115234, 64.81001281738281, 64.81001281738281]


def model(head_dim, max_positions, theta, scaling, **keys):
    return dict(head_dim=head_dim, max_position_embeddings=max_positions, rope_theta=theta, rope_scaling=scaling) | keys


MODELS = {
    "Llama-3.1-8B": model(128, 131072, 500000.0, dict(
        rope_type="llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=8192)),
    "Llama-3.2-1B": model(64, 131072, 500000.0, dict(
        rope_type="llama3", factor=32.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=8192)),
    "gpt-oss-20b": model(64, 131072, 150000, dict(
        rope_type="yarn", factor=32.0, beta_fast=32.0, beta_slow=1.0, truncate=False, original_max_position_embeddings=4096)),
    "DeepSeek-V2-Lite": model(64, 163840, 10000, dict(
        type="yarn", factor=40, beta_fast=32, beta_slow=1, mscale=0.707, mscale_all_dim=0.707,
        original_max_position_embeddings=4096)),
    "Qwen3-8B, extended": model(128, 131072, 1000000, dict(
        rope_type="yarn", factor=4.0, original_max_position_embeddings=32768)),
    "Phi-3-mini-128k": model(96, 131072, 10000.0, dict(
        type="longrope", short_factor=PHI3_SHORT, long_factor=PHI3_LONG), original_max_position_embeddings=4096),
    "deepseek-coder-6.7b": model(128, 16384, 100000, dict(type="linear", factor=4.0)),
    "internlm2-chat-7b": model(128, 32768, 1000000, dict(type="dynamic", factor=2.0)),
    "a quarter of the pairs": model(64, 8192, 1000000.0, dict(
        rope_type="proportional", partial_rotary_factor=0.25, factor=8.0)),
    "yarn with all keys": model(64, 65536, 10000.0, dict(
        rope_type="yarn", factor=16.0, attention_factor=1.25, beta_fast=24.0, beta_slow=2.0, mscale=1.0,
        mscale_all_dim=0.5, truncate=True, original_max_position_embeddings=4096)),
    "yarn with two scales": model(64, 65536, 10000.0, dict(
        rope_type="yarn", factor=16.0, mscale=1.0, mscale_all_dim=0.5, original_max_position_embeddings=4096)),
}


def computed(keys, seq_len=None):
    scaling = dict(keys["rope_scaling"])
    config = LlamaConfig(num_attention_heads=2, hidden_size=2 * keys["head_dim"], **{**keys, "rope_scaling": scaling})
    function = ROPE_INIT_FUNCTIONS[config.rope_parameters["rope_type"]]
    frequency, factor = function(config, torch.device("cpu"), seq_len=seq_len)
    return dict(frequency=[float(f) for f in frequency], attention_factor=float(factor))


def main():
    transformers.logging.set_verbosity_error()
    models = {}
    for name, keys in MODELS.items():
        models[name] = dict(config=keys, **computed(keys))
        if "long_factor" in keys["rope_scaling"]:
            models[name]["long"] = computed(keys, keys["original_max_position_embeddings"] + 1)
    about = dict(transformers=transformers.__version__, torch=torch.__version__)
    lines = [json.dumps("about") + ": " + json.dumps(about)]
    lines += [json.dumps(name) + ": " + json.dumps(value) for name, value in models.items()]
    sys.stdout.write("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
