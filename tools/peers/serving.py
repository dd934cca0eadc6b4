"""The peer's side of a comparison: a process that keeps its model loaded and answers one JSON line with another.

    {"do": "logits", "ids": [...], "file": F}           writes logits of every position to F, row by row, as float32
    {"do": "prepare", "step": {...}, "ids": [...]}      fills the cache, tries the variants, keeps the fastest
    {"do": "time", "step": {...}, "steps": N, ...}      seconds of each step
"""
import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np

TRIED = 3  # steps of each variant, behind one to warm up; one that takes longer than this is not tried again:
SLOW_S = 2.0


class Loop(Protocol):
    """One timed step, prepared. `run(round)` gives its seconds and leaves the cache as it was. One that was held against
    a definition has a `difference`."""

    def run(self, round: int) -> float: ...


class Program(Protocol):
    def facts(self) -> dict: ...
    def logits(self, ids: list[int]) -> np.ndarray: ...
    def variants(self, step: dict) -> Sequence[str]: ...
    def loop(self, step: dict, ids: list[list[int]], variant: str) -> Loop: ...


def seconds_of(action: Callable[[], object]) -> float:
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def fastest(program: Program, step: dict, ids: list[list[int]]) -> tuple[str, Loop, dict[str, float]]:
    medians, best = {}, None
    for variant in program.variants(step):
        loop = program.loop(step, ids, variant)
        first = loop.run(0)
        medians[variant] = first if first > SLOW_S else statistics.median(loop.run(1 + i) for i in range(TRIED))
        if best is None or medians[variant] < medians[best[0]]:
            best = (variant, loop)
    return *best, medians


def timed(loop: Loop, warm_up: int, least: int, most: int, seconds: float) -> list[float]:
    for i in range(warm_up):
        loop.run(i)
    times = []
    while len(times) < least or (len(times) < most and sum(times) < seconds):
        times.append(loop.run(len(times)))
    return times


def log_softmax(logits: np.ndarray) -> np.ndarray:
    shifted = logits - logits.max(-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))


def answer(program: Program, loops: dict[str, Loop], request: dict) -> dict:
    if request["do"] == "logits":
        program.logits(request["ids"]).astype(np.float32).tofile(request["file"])
        return {}
    name = json.dumps(request["step"])
    if request["do"] == "prepare":
        variant, loops[name], medians = fastest(program, request["step"], request["ids"])
        return {"variant": variant, "tried": medians, "checked": getattr(loops[name], "difference", None)}
    return {"step_s": timed(loops[name], request["warm_up"], request["least"], request["most"], request["seconds"])}


def serve(load: Callable[[], Program]) -> None:
    """What libraries print goes to stderr; stdout has the answers only."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    program, loops = load(), {}
    print(json.dumps(program.facts()), file=answers, flush=True)
    for line in sys.stdin:
        print(json.dumps(answer(program, loops, json.loads(line))), file=answers, flush=True)
