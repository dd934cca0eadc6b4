#!/usr/bin/env python3
"""Trains the same model with the same optimizer in plain PyTorch and with `moebench train`, in turn, and prints the ratio of
their speeds.

    python lab/compare_pytorch.py build/release/moebench lab/recipes/world-moe.toml

Needs a Python with torch (pip install torch==2.11.0 numpy); nothing else of the project does. The model is written as one
would for speed in eager mode: tokens sorted by expert, one gather, a matrix product for each expert on a slice, one
index_add; scaled_dot_product_attention; fused AdamW. A step is a forward pass, the losses (text, balance, z), a backward
pass, clipping and the update. Both keep freed memory (glibc's mallopt). PyTorch gets random ids, `moebench` those of its
text; neither time has making them, storing, or scoring of held-out sentences in it. Router noise and capacity are not compared.
"""
import argparse
import ctypes
import json
import os
import pathlib
import statistics
import subprocess
import tempfile
import time
import tomllib

import torch
import torch.nn.functional as F


class Experts(torch.nn.Module):
    """A mixture of SwiGLU experts, or with one expert a dense MLP."""

    def __init__(self, width, hidden, experts, chosen, weights):
        super().__init__()
        self.chosen, self.weights = chosen, weights
        self.inner = torch.nn.Parameter(torch.randn(experts, 2 * hidden, width) / width**0.5)
        self.down = torch.nn.Parameter(torch.randn(experts, width, hidden) / hidden**0.5)
        self.router = torch.nn.Parameter(torch.randn(experts, width) * 0.02) if experts > 1 else None

    def forward(self, x):
        if self.router is None:
            gate, up = F.linear(x, self.inner[0]).chunk(2, -1)
            return F.linear(F.silu(gate) * up, self.down[0]), 0.0
        experts = len(self.router)
        logits = F.linear(x, self.router)
        probabilities = logits.softmax(-1)
        weight, expert = probabilities.topk(self.chosen, -1)
        weight = weight / weight.sum(-1, keepdim=True)
        flat = expert.reshape(-1)
        order = flat.argsort(stable=True)
        token = order // self.chosen
        counts = torch.bincount(flat, minlength=experts)
        rows = counts.tolist()
        inner = torch.cat([F.linear(part, w) for part, w in zip(x[token].split(rows), self.inner.unbind(0)) if len(part)])
        gate, up = inner.chunk(2, -1)
        active = F.silu(gate) * up
        out = torch.cat([F.linear(part, w) for part, w in zip(active.split(rows), self.down.unbind(0)) if len(part)])
        y = torch.zeros_like(x).index_add(0, token, out * weight.reshape(-1)[order].unsqueeze(1))
        share = counts / counts.sum()
        balance = experts * (share * probabilities.mean(0)).sum()
        return y, self.weights[0] * balance + self.weights[1] * logits.logsumexp(-1).square().mean()


class Block(torch.nn.Module):
    def __init__(self, c, weights):
        super().__init__()
        width, self.heads, self.d = c["hidden_size"], c["num_attention_heads"], c["head_dim"]
        self.norm1, self.norm2 = torch.nn.RMSNorm(width, eps=1e-5), torch.nn.RMSNorm(width, eps=1e-5)
        self.q, self.k, self.v = (torch.nn.Linear(width, self.heads * self.d, bias=False) for _ in range(3))
        self.o = torch.nn.Linear(self.heads * self.d, width, bias=False)
        self.feed_forward = Experts(width, c["intermediate_size"], c.get("num_local_experts", 1), c.get("num_experts_per_tok", 1),
                                    weights)

    def forward(self, x, cos, sin):
        rows, tokens, width = x.shape

        def turned(y):
            y = y.view(rows, tokens, self.heads, self.d).transpose(1, 2)
            a, b = y.chunk(2, -1)
            return torch.cat([a * cos - b * sin, b * cos + a * sin], -1)

        h = self.norm1(x)
        v = self.v(h).view(rows, tokens, self.heads, self.d).transpose(1, 2)
        y = F.scaled_dot_product_attention(turned(self.q(h)), turned(self.k(h)), v, is_causal=True)
        x = x + self.o(y.transpose(1, 2).reshape(rows, tokens, -1))
        y, loss = self.feed_forward(self.norm2(x).view(-1, width))
        return x + y.view_as(x), loss


class Model(torch.nn.Module):
    def __init__(self, c, tokens, weights):
        super().__init__()
        self.embedding = torch.nn.Embedding(c["vocab_size"], c["hidden_size"])
        self.blocks = torch.nn.ModuleList(Block(c, weights) for _ in range(c["num_hidden_layers"]))
        self.norm = torch.nn.RMSNorm(c["hidden_size"], eps=1e-5)
        angle = torch.arange(tokens).unsqueeze(1) * c["rope_theta"] ** (-torch.arange(0, c["head_dim"], 2) / c["head_dim"])
        self.register_buffer("cos", angle.cos())
        self.register_buffer("sin", angle.sin())

    def forward(self, ids):
        x, losses = self.embedding(ids[:, :-1]), 0.0
        for block in self.blocks:
            x, loss = block(x, self.cos, self.sin)
            losses = losses + loss
        logits = F.linear(self.norm(x), self.embedding.weight)
        return F.cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten()) + losses


def keep_freed_memory():
    """As lab/trainer.cpp does: M_MMAP_THRESHOLD, M_TRIM_THRESHOLD, M_TOP_PAD."""
    libc = ctypes.CDLL("libc.so.6")
    for parameter, value in ((-3, 1 << 30), (-1, 1 << 30), (-2, 1 << 26)):
        libc.mallopt(parameter, value)


def pytorch_tokens_per_s(config, weights, rows, tokens, steps):
    torch.manual_seed(0)
    model = Model(config, tokens, weights)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, betas=(0.9, 0.95), weight_decay=0.1, fused=True)
    seconds = []
    for _ in range(steps):
        ids = torch.randint(config["vocab_size"], (rows, tokens + 1))
        began = time.perf_counter()
        loss = model(ids)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        seconds.append(time.perf_counter() - began)
    return rows * tokens / statistics.median(seconds[steps // 4:])


def moebench_tokens_per_s(program, recipe, rows, tokens, steps):
    with tempfile.TemporaryDirectory() as folder:
        store = f"{folder}/s.sqlite"
        subprocess.run([program, "train", recipe, "--out", f"{folder}/model", "--db", store,
                        "--set", f"data.tokens={rows * tokens * steps}", "--set", "optimizer.learning_rate=1e-3",
                        "--set", "optimizer.warmup_steps=1", "--set", f"run.evaluate_every={steps}"],
                       check=True, stderr=subprocess.DEVNULL)
        lines = subprocess.run([program, "sql", "SELECT value FROM training_value WHERE metric = 'step_s' ORDER BY step",
                                "--json", "--db", store], check=True, capture_output=True, text=True).stdout.splitlines()
    seconds = [json.loads(line)["value"] for line in lines]
    return rows * tokens / statistics.median(seconds[steps // 4:])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("recipe")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=60, help="of each, in every round")
    arguments = parser.parse_args()
    recipe = pathlib.Path(arguments.recipe)
    settings = tomllib.loads(recipe.read_text())
    config = json.loads((recipe.parent / settings["config"]).read_text())
    rows, tokens = settings["data"]["rows"], settings["data"]["row_tokens"]
    router = settings.get("router", {})
    if router.get("jitter") or router.get("capacity"):
        parser.error(f"{recipe}: has router noise or a capacity, which the model in PyTorch has not")
    weights = router.get("balance", 0.01), router.get("z", 1e-3)
    threads = settings.get("run", {}).get("threads", 1)
    torch.set_num_threads(threads)
    os.environ["OMP_NUM_THREADS"] = str(threads)
    keep_freed_memory()
    ratios = []
    for _ in range(arguments.rounds):
        ours = moebench_tokens_per_s(arguments.program, arguments.recipe, rows, tokens, arguments.steps)
        theirs = pytorch_tokens_per_s(config, weights, rows, tokens, arguments.steps)
        ratios.append(ours / theirs)
        print(f"moebench {ours:,.0f} tokens/s, PyTorch {torch.__version__} {theirs:,.0f}: {ours / theirs:.2f}x", flush=True)
    print(f"median of {arguments.rounds} rounds in turn, {threads} threads: {statistics.median(ratios):.2f}x "
          f"[{min(ratios):.2f}, {max(ratios):.2f}]")


if __name__ == "__main__":
    main()
