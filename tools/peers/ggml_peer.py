"""ggml's experts as a peer: the graph that llama.cpp builds for a mixture layer, behind its router."""
import argparse

import numpy as np
from ggml_library import SUCCESS, TYPES, InitParams, facts, load
from serving import seconds_of, serve

NODES = 64  # more than the graph has
CHECKED = 4  # tokens
# Of the root mean square difference from float64, as a share of the result's. bf16: x, gate x, up x and what they give
# are rounded to 2^-9 at most, a ninth of a percent each in the mean. q8_0: a step is a 127th of a block's largest, some
# 2.3 times its spread, so half a percent for weights and for what is multiplied, in two products behind each other.
BOUNDS = {"bf16": 0.01, "q8_0": 0.03}


class Weights:
    """Three matrices for all experts; each has their rows turned by its number, so that no two are the same."""

    def __init__(self, ggml: dict, type_name: str, shape: dict):
        random = np.random.default_rng(1)
        dim, hidden = shape["dim"], shape["hidden"]
        self.experts, self.matrices, self.stored = shape["experts"], {}, {}
        for name, rows, columns in (("gate", hidden, dim), ("up", hidden, dim), ("down", dim, hidden)):
            matrix = (random.standard_normal((rows, columns)) * columns**-0.5).astype(np.float32)
            stored = np.empty((rows, ggml["row_size"](TYPES[type_name], columns)), dtype=np.uint8)
            if type_name == "bf16":
                ggml["fp32_to_bf16_row"](matrix.ctypes.data, stored.ctypes.data, matrix.size)
                matrix = (stored.view(np.uint16).astype(np.uint32) << 16).view(np.float32)
            else:
                ggml["quantize_chunk"](TYPES[type_name], matrix.ctypes.data, stored.ctypes.data, 0, rows, columns, None)
            self.matrices[name], self.stored[name] = matrix.astype(np.float64), stored

    def of(self, name: str) -> np.ndarray:
        return np.stack([np.roll(self.stored[name], expert, axis=0) for expert in range(self.experts)])

    def result(self, x_D: np.ndarray, experts: np.ndarray) -> np.ndarray:
        """By the definition, in float64."""
        gate, up, down = (self.matrices[name] for name in ("gate", "up", "down"))
        gated, y_D = gate @ x_D, 0
        hidden = gated / (1 + np.exp(-gated)) * (up @ x_D)
        for expert in experts:
            y_D = y_D + np.roll(down @ np.roll(hidden, expert), expert) / len(experts)
        return y_D


class Loop:
    def __init__(self, ggml: dict, backend, weights: Weights, type_name: str, shape: dict):
        self.ggml, self.backend, self.weights, self.shape = ggml, backend, weights, shape
        dim, hidden, experts, choices = (shape[key] for key in ("dim", "hidden", "experts", "choices"))
        self.tokens = shape["rows"] * experts // choices
        memory = NODES * ggml["tensor_overhead"]() + ggml["graph_overhead"]()
        self.context = ggml["init"](InitParams(memory, None, True))
        new = ggml["new_tensor_3d"]
        matrices = {name: new(self.context, TYPES[type_name], *sizes, experts)
                    for name, sizes in (("gate", (dim, hidden)), ("up", (dim, hidden)), ("down", (hidden, dim)))}
        self.x = new(self.context, TYPES["f32"], dim, 1, self.tokens)
        chosen = ggml["new_tensor_2d"](self.context, TYPES["i32"], choices, self.tokens)
        share = new(self.context, TYPES["f32"], 1, choices, self.tokens)
        self.graph = ggml["new_graph"](self.context)
        self.y = self.layer(matrices, chosen, share)
        if not ggml["backend_alloc_ctx_tensors"](self.context, backend):
            raise RuntimeError("ggml_backend_alloc_ctx_tensors: no memory")
        for name, tensor in matrices.items():
            self.set(tensor, weights.of(name))
        self.x_TD = np.random.default_rng(2).standard_normal((self.tokens, dim)).astype(np.float32)
        self.expert_TK = (np.arange(self.tokens * choices, dtype=np.int32) % experts).reshape(self.tokens, choices)
        self.set(self.x, self.x_TD)
        self.set(chosen, self.expert_TK)
        self.set(share, np.full((self.tokens, choices), 1 / choices, dtype=np.float32))
        self.check(BOUNDS[type_name])

    def layer(self, matrices: dict, chosen, share):
        """llama.cpp's build_moe_ffn, from the choice of experts on."""
        ggml, context, float_bytes = self.ggml, self.context, 4
        up = ggml["mul_mat_id"](context, matrices["up"], self.x, chosen)
        gate = ggml["mul_mat_id"](context, matrices["gate"], self.x, chosen)
        down = ggml["mul_mat_id"](context, matrices["down"], ggml["swiglu_split"](context, gate, up), chosen)
        weighted = ggml["mul"](context, down, share)
        ggml["build_forward_expand"](self.graph, weighted)
        row = self.shape["dim"] * float_bytes
        sum_TD = None
        for choice in range(self.shape["choices"]):
            view = ggml["view_2d"](context, weighted, self.shape["dim"], self.tokens, row * self.shape["choices"], row * choice)
            sum_TD = view if sum_TD is None else ggml["add"](context, sum_TD, view)
            ggml["build_forward_expand"](self.graph, sum_TD)
        return sum_TD

    def set(self, tensor, values: np.ndarray) -> None:
        expected = self.ggml["nbytes"](tensor)
        if values.nbytes != expected:
            raise RuntimeError(f"a tensor of {expected} bytes, {values.nbytes} given")
        values = np.ascontiguousarray(values)
        self.ggml["backend_tensor_set"](tensor, values.ctypes.data, 0, values.nbytes)

    def compute(self) -> None:
        status = self.ggml["backend_graph_compute"](self.backend, self.graph)
        if status != SUCCESS:
            raise RuntimeError(f"ggml_backend_graph_compute: expected {SUCCESS}, found {status}")

    def check(self, bound: float) -> None:
        """Some tokens of the very graph that is timed."""
        self.compute()
        y_TD = np.empty((self.tokens, self.shape["dim"]), dtype=np.float32)
        self.ggml["backend_tensor_get"](self.y, y_TD.ctypes.data, 0, y_TD.nbytes)
        tokens = np.linspace(0, self.tokens - 1, CHECKED).astype(int)
        truth = np.stack([self.weights.result(self.x_TD[t].astype(np.float64), self.expert_TK[t]) for t in tokens])
        self.difference = float(np.sqrt(((y_TD[tokens] - truth) ** 2).mean() / (truth**2).mean()))
        if not self.difference <= bound:
            raise RuntimeError(f"ggml computes something else: {self.difference:.2%} off, expected at most {bound:.0%}")

    def run(self, round: int) -> float:
        return seconds_of(self.compute)


class Ggml:
    def __init__(self, threads: int):
        self.ggml = load()
        self.backend = self.ggml["backend_cpu_init"]()
        self.ggml["backend_cpu_set_n_threads"](self.backend, threads)
        self.weights: dict[str, Weights] = {}

    def facts(self) -> dict:
        return facts()

    def logits(self, ids: list[int]) -> np.ndarray:
        raise RuntimeError("a layer has no logits")

    def variants(self, step: dict) -> list[str]:
        return ["mul_mat_id"]

    def loop(self, step: dict, ids: list[list[int]], variant: str) -> Loop:
        type_name = step["weights"]
        if type_name not in self.weights:
            self.weights[type_name] = Weights(self.ggml, type_name, step)
        return Loop(self.ggml, self.backend, self.weights[type_name], type_name, step)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, required=True)
    options = parser.parse_args()
    serve(lambda: Ggml(options.threads))
