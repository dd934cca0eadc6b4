"""llama.cpp as a peer: its low-level interface, one context for each timed step."""
import argparse
import pathlib

import ggml_library
import llama_cpp
import numpy as np
from serving import seconds_of, serve

CELLS = 256  # llama.cpp pads a sequence's part of the cache to this


class Batch:
    """A llama_batch of (token, position, sequence, wants logits) rows."""

    def __init__(self, rows: list[tuple[int, int, int, bool]]):
        self.batch = llama_cpp.llama_batch_init(len(rows), 0, 1)
        self.batch.n_tokens = len(rows)
        for i, (token, position, sequence, logits) in enumerate(rows):
            self.batch.token[i], self.batch.pos[i] = token, position
            self.batch.n_seq_id[i], self.batch.seq_id[i][0] = 1, sequence
            self.batch.logits[i] = logits

    def __del__(self):
        llama_cpp.llama_batch_free(self.batch)


class Context:
    def __init__(self, model, threads: int, sequences: int, length: int, unified: bool):
        params = llama_cpp.llama_context_default_params()
        params.n_ctx = sequences * -(-length // CELLS) * CELLS
        params.n_batch = params.n_ubatch = 512
        params.n_seq_max = sequences
        params.n_threads = params.n_threads_batch = threads
        params.kv_unified = unified
        self.context = llama_cpp.llama_init_from_model(model, params)
        if not self.context:
            raise RuntimeError(f"llama_init_from_model: no context of {sequences} sequences of {length}")
        self.memory = llama_cpp.llama_get_memory(self.context)

    def decode(self, batch: Batch) -> None:
        code = llama_cpp.llama_decode(self.context, batch.batch)
        if code != 0:
            raise RuntimeError(f"llama_decode: expected 0, found {code}")
        llama_cpp.llama_synchronize(self.context)

    def logits(self, count: int, vocabulary: int) -> np.ndarray:
        pointer = llama_cpp.llama_get_logits(self.context)
        return np.ctypeslib.as_array(pointer, shape=(count, vocabulary)).copy()

    def __del__(self):
        if getattr(self, "context", None):
            llama_cpp.llama_free(self.context)


class Loop:
    def __init__(self, context: Context, step: dict, ids: list[list[int]]):
        self.context, self.batch, self.length = context, step["batch"], step["context"]
        for sequence, tokens in enumerate(ids):
            if self.length:
                context.decode(Batch([(tokens[i], i, sequence, False) for i in range(self.length)]))
        new = step["new_tokens"]
        self.batches = []
        for begin in range(self.length, len(ids[0]), new):
            self.batches.append(Batch([(ids[s][begin + i], self.length + i, s, i == new - 1)
                                       for s in range(self.batch) for i in range(new)]))

    def run(self, round: int) -> float:
        batch = self.batches[round % len(self.batches)]
        seconds = seconds_of(lambda: self.context.decode(batch))
        for sequence in range(self.batch):
            llama_cpp.llama_memory_seq_rm(self.context.memory, sequence, self.length, -1)
        return seconds


class Llama:
    def __init__(self, path: pathlib.Path, threads: int):
        llama_cpp.llama_backend_init()
        params = llama_cpp.llama_model_default_params()
        params.n_gpu_layers = 0
        params.load_mode = llama_cpp.LLAMA_LOAD_MODE_MMAP
        self.threads = threads
        self.model = llama_cpp.llama_model_load_from_file(str(path).encode(), params)
        if not self.model:
            raise RuntimeError(f"llama.cpp does not load {path}")
        self.vocabulary = llama_cpp.llama_vocab_n_tokens(llama_cpp.llama_model_get_vocab(self.model))

    def facts(self) -> dict:
        return ggml_library.facts()

    def logits(self, ids: list[int]) -> np.ndarray:
        context = Context(self.model, self.threads, 1, len(ids), True)
        context.decode(Batch([(token, i, 0, True) for i, token in enumerate(ids)]))
        return context.logits(len(ids), self.vocabulary)

    def variants(self, step: dict) -> list[str]:
        return ["one cache"] if step["batch"] == 1 else ["one cache", "a cache for each sequence"]

    def loop(self, step: dict, ids: list[list[int]], variant: str) -> Loop:
        length = step["context"] + step["new_tokens"]
        return Loop(Context(self.model, self.threads, step["batch"], length, variant == "one cache"), step, ids)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("--threads", type=int, required=True)
    options = parser.parse_args()
    serve(lambda: Llama(options.model, options.threads))
