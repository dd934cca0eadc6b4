"""The asking side: moebench, launched once a round, and peers that stay loaded and are asked over pipes."""
import json
import os
import pathlib
import subprocess
import sys

import numpy as np
from serving import log_softmax
from shapes import PROMPT_SEED, Contender, Step, random_ids

HERE = pathlib.Path(__file__).resolve().parent
# PyTorch's large temporaries come from freed memory, not from the kernel anew.
KEEP_MEMORY = {"MALLOC_MMAP_THRESHOLD_": str(1 << 30), "MALLOC_TRIM_THRESHOLD_": str(1 << 40)}
SUITE = """kind = "{kind}"
version = 1
title = "one step, as the peers time it"
[axes]
{axes}
[measure]
warmup = {warm_up}
min_samples = {least}
below = 0.02
timeout_s = {seconds}
[require]
max_logit_difference = "dtype"
"""


def measure_of(step: Step) -> dict:
    """Samples of one round: at least so many steps, and more until the time is up."""
    if step.context == 0:
        return {"warm_up": 1, "least": 3, "most": 8, "seconds": 2.0}
    return {"warm_up": 3, "least": 16, "most": 64, "seconds": 1.5}


def prompt_ids(step: Step, vocabulary: int) -> list[list[int]]:
    each = step.context + step.rounds * step.new_tokens
    ids = random_ids(step.batch * each, vocabulary, PROMPT_SEED)
    return [ids[i * each : (i + 1) * each] for i in range(step.batch)]


class Peer:
    """A process of llama_peer.py or transformers_peer.py."""

    def __init__(self, contender: Contender, model: pathlib.Path, threads: int, log: pathlib.Path, *more: str):
        script = {"llama.cpp": "llama_peer.py", "transformers": "transformers_peer.py"}[contender.program]
        self.log = log
        with log.open("w") as stderr:
            self.process = subprocess.Popen(
                [sys.executable, HERE / script, model, "--threads", str(threads), *more], stdin=subprocess.PIPE,
                stdout=subprocess.PIPE, stderr=stderr, text=True,
                env=os.environ | KEEP_MEMORY | {"OMP_NUM_THREADS": str(threads)})
        self.facts = self.read()

    def read(self) -> dict:
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"the peer ended with {self.process.wait()}; its last words are in {self.log}")
        return json.loads(line)

    def ask(self, **request) -> dict:
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        return self.read()

    def log_probabilities(self, ids: list[int]) -> np.ndarray:
        file = self.log.with_suffix(".npy")
        self.ask(do="logits", ids=ids, file=str(file))
        return np.load(file)

    def prepare(self, step: Step, vocabulary: int) -> dict:
        return self.ask(do="prepare", step=vars(step), ids=prompt_ids(step, vocabulary))

    def round(self, steps: list[Step]) -> dict[Step, list[float]]:
        return {step: self.ask(do="time", step=vars(step), **measure_of(step))["step_s"] for step in steps}

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait()


class Moebench:
    def __init__(self, program: pathlib.Path, contender: Contender, model: pathlib.Path, threads: int, work: pathlib.Path):
        self.program, self.work = program, work
        self.target = f"{model}@dtype=bf16,numerics=fast,threads={threads}"
        if contender.weights != "bf16":
            self.target += f",weights={contender.weights}"
        self.facts = {"version": self.version()}

    def run(self, *words: str | pathlib.Path) -> str:
        done = subprocess.run([self.program, *map(str, words)], capture_output=True, text=True, cwd=self.work)
        if done.returncode != 0:
            raise RuntimeError(f"moebench {' '.join(map(str, words))}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    def version(self) -> str:
        return self.run("--version").strip().removeprefix("moebench ")

    def log_probabilities(self, ids: list[int]) -> np.ndarray:
        printed = self.run("inspect", "logits", "--target", self.target, "--json", "--tokens", ",".join(map(str, ids)))
        return log_softmax(np.array(json.loads(printed)["logits"], dtype=np.float64))

    def prepare(self, step: Step, vocabulary: int) -> dict:
        """moebench draws the ids itself: prompt_ids says which."""
        return {"variant": "numerics=fast"}

    def suites(self, steps: list[Step]) -> list[pathlib.Path]:
        files = []
        for kind, of_kind in (("prefill", [s for s in steps if not s.context]), ("decode", [s for s in steps if s.context])):
            second = ("length", [s.new_tokens for s in of_kind]) if kind == "prefill" else ("context", [s.context for s in of_kind])
            axes = f"batch = {sorted({s.batch for s in of_kind})}\n{second[0]} = {sorted(set(second[1]))}"
            files.append(self.work / f"peer_{kind}.toml")
            files[-1].write_text(SUITE.format(kind=kind, axes=axes, **measure_of(of_kind[0])))
        return files

    def round(self, steps: list[Step]) -> dict[Step, list[float]]:
        if self.version() != self.facts["version"]:
            raise RuntimeError(f"{self.program} was built anew: expected {self.facts['version']}, found {self.version()}")
        store = self.work / "round.sqlite"
        for file in self.work.glob("round.sqlite*"):
            file.unlink()
        self.run("run", *self.suites(steps), "--target", self.target, "--launches", "1", "--db", store)
        query = """SELECT c.point, s.value FROM sample s JOIN case_run r ON s.case_run = r.id JOIN "case" c ON r."case" = c.id
                   WHERE s.metric = 'step_s' ORDER BY r.ordinal, s."index\""""
        rows = [json.loads(line) for line in self.run("sql", query, "--json", "--db", store).splitlines()]
        times: dict[Step, list[float]] = {step: [] for step in steps}
        for row in rows:
            point = json.loads(row["point"])
            times[Step(point["batch"], point.get("context", 0), point.get("length", 1))].append(row["value"])
        return times

    def close(self) -> None:
        pass
