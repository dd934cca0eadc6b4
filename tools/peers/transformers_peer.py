"""Hugging Face transformers as a peer: eager PyTorch on the CPU."""
import argparse
import pathlib

import numpy as np
import torch
import transformers
from serving import seconds_of, serve

EXPERTS = ("grouped_mm", "eager", "batched_mm")  # the first fills contexts
MOST_GATHERED = 4  # tokens; batched_mm copies the weights of every expert of every token


class Loop:
    """Contexts stand in a cache that grows (dynamic) or one of fixed size (static)."""

    def __init__(self, model, experts: str, static: bool, step: dict, ids: torch.Tensor,
                 filled: transformers.DynamicCache | None):
        self.model, self.experts, self.context, self.new = model, experts, step["context"], step["new_tokens"]
        self.ids = ids
        self.sets = (self.ids.shape[1] - self.context) // self.new
        self.static = static
        self.cache = self.empty()
        for number, layer in enumerate(filled.layers if filled else ()):
            self.cache.update(layer.keys, layer.values, number)

    def use(self, experts: str) -> None:
        if self.experts:
            self.model.set_experts_implementation(experts)

    def empty(self):
        if self.static:
            return transformers.StaticCache(config=self.model.config, max_cache_len=self.context + self.new)
        return transformers.DynamicCache(config=self.model.config)

    @torch.inference_mode()
    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        return self.model(ids, cache=self.cache, use_cache=True, logits_to_keep=1).logits

    @torch.inference_mode()
    def run(self, round: int) -> float:
        self.use(self.experts)
        if self.context == 0:
            self.cache = self.empty()
        begin = self.context + round % self.sets * self.new
        ids = self.ids[:, begin : begin + self.new].contiguous()
        seconds = seconds_of(lambda: self.forward(ids))
        if self.context:
            self.cache.crop(-self.new)
        return seconds


class Transformers:
    def __init__(self, path: pathlib.Path, threads: int, dtype: str):
        torch.set_num_threads(threads)
        self.model = transformers.AutoModelForCausalLM.from_pretrained(path, dtype=getattr(torch, dtype)).eval()
        self.filled: tuple[dict, transformers.DynamicCache] | None = None  # of the step that was asked for last

    def facts(self) -> dict:
        return {"transformers": transformers.__version__, "torch": torch.__version__,
                "capability": torch.backends.cpu.get_cpu_capability(),
                "onednn_bf16": torch.ops.mkldnn._is_mkldnn_bf16_supported()}

    @torch.inference_mode()
    def logits(self, ids: list[int]) -> np.ndarray:
        return self.model(torch.tensor([ids]), use_cache=False).logits[0].float().numpy()

    def variants(self, step: dict) -> list[str]:
        caches = ["dynamic cache"] if step["context"] == 0 else ["dynamic cache", "static cache"]
        if not hasattr(self.model.config, "num_experts"):
            return caches
        few = step["batch"] * step["new_tokens"] <= MOST_GATHERED
        return [f"{experts}, {cache}" for experts in EXPERTS if few or experts != "batched_mm" for cache in caches]

    @torch.inference_mode()
    def context(self, step: dict, ids: torch.Tensor) -> transformers.DynamicCache | None:
        """Filled once for all variants of a step."""
        if step["context"] == 0:
            return None
        if self.filled is None or self.filled[0] != step:
            if hasattr(self.model.config, "num_experts"):
                self.model.set_experts_implementation(EXPERTS[0])
            cache = transformers.DynamicCache(config=self.model.config)
            self.model(ids[:, : step["context"]], cache=cache, use_cache=True, logits_to_keep=1)
            self.filled = (step, cache)
        return self.filled[1]

    def loop(self, step: dict, ids: list[list[int]], variant: str) -> Loop:
        *experts, cache = variant.split(", ")
        tokens = torch.tensor(ids)
        return Loop(self.model, experts[0] if experts else "", cache == "static cache", step, tokens, self.context(step, tokens))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--dtype", default="bfloat16", choices=("bfloat16", "float32"))
    options = parser.parse_args()
    serve(lambda: Transformers(options.model, options.threads, options.dtype))
