"""The asking side: programs that stay loaded and are asked over pipes, one JSON line for another (serving.py)."""
import contextlib
import json
import pathlib
import subprocess
import sys

import numpy as np
from instructions import check_limits, environment
from serving import SLOW_S, log_softmax
from shapes import PROMPT_SEED, Contender, Step, random_ids

HERE = pathlib.Path(__file__).resolve().parent
# PyTorch's large temporaries come from freed memory, not from the kernel anew.
KEEP_MEMORY = {"MALLOC_MMAP_THRESHOLD_": str(1 << 30), "MALLOC_TRIM_THRESHOLD_": str(1 << 40)}
SCRIPTS = {"llama.cpp": "llama_peer.py", "transformers": "transformers_peer.py", "ggml": "ggml_peer.py"}
CEILING_PASSES = 5  # of some hundredths of a second each
DTYPES = {"bf16": "bfloat16", "float32": "float32"}


def measure_of(step: Step, tried_s: float) -> dict:
    """Steps of one round: at least so many, and more until the time is up. Slow ones are taken once."""
    if tried_s > SLOW_S:
        return {"warm_up": 0, "least": 1, "most": 1, "seconds": 0.0}
    if step.context == 0:
        return {"warm_up": 0, "least": 2, "most": 8, "seconds": 1.5}
    return {"warm_up": 2, "least": 8, "most": 64, "seconds": 1.0}


def prompt_ids(step: Step, vocabulary: int) -> list[list[int]]:
    each = step.context + step.rounds * step.new_tokens
    ids = random_ids(step.batch * each, vocabulary, PROMPT_SEED)
    return [ids[i * each : (i + 1) * each] for i in range(step.batch)]


def moebench_target(weights: str, model: pathlib.Path, threads: int) -> str:
    return f"{model}@dtype=bf16,numerics=fast,threads={threads}" + ("" if weights == "bf16" else f",weights={weights}")


def in_turn(order: list, number: int) -> list:
    """Another one first each time."""
    return order[number % len(order) :] + order[: number % len(order)]


class Process:
    """One that answers lines. The first says what it is: its facts."""

    def __init__(self, command: list, log: pathlib.Path, instructions: str, **more: str):
        self.log = log
        with log.open("w") as stderr:
            self.process = subprocess.Popen([*map(str, command)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr,
                                            text=True, env=environment(instructions) | more)
        self.facts = self.read()

    def read(self) -> dict:
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.log.stem} ended with {self.process.wait()}; its last words are in {self.log}")
        return json.loads(line)

    def ask(self, **request) -> dict:
        """One that ended before does not take the question: read() says so."""
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.write(json.dumps(request) + "\n")
            self.process.stdin.flush()
        return self.read()

    def close(self) -> None:
        for pipe in (self.process.stdin, self.process.stdout):
            with contextlib.suppress(OSError):  # what it did not take any more
                pipe.close()
        self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *raised) -> None:
        self.close()


class Program(Process):
    """A contender with its model."""

    def __init__(self, contender: Contender, model: pathlib.Path, options):
        self.contender, self.threads, self.tried_s = contender, options.threads, {}
        log = options.work / f"{contender.program}-{contender.weights}.log"
        if contender.program == "moebench":
            command = [options.program, "serve-steps", moebench_target(contender.weights, model, options.threads)]
        else:
            command = [sys.executable, HERE / SCRIPTS[contender.program], model, "--threads", options.threads]
        if contender.program == "transformers":
            command += ["--dtype", DTYPES[contender.weights]]
        super().__init__(command, log, options.instructions, OMP_NUM_THREADS=str(options.threads),
                         **(KEEP_MEMORY if contender.program != "moebench" else {}))
        try:
            check_limits(options.instructions, contender.program, self.facts)
        except BaseException:
            self.close()
            raise

    def log_probabilities(self, ids: list[int]) -> np.ndarray:
        file = self.log.with_suffix(".logits")
        self.ask(do="logits", ids=ids, file=str(file))
        logits = np.fromfile(file, dtype=np.float32).reshape(len(ids), -1)
        file.unlink()
        return log_softmax(logits.astype(np.float64))

    def prepare(self, step: Step, vocabulary: int) -> dict:
        prepared = self.ask(do="prepare", step=vars(step), ids=prompt_ids(step, vocabulary))
        self.tried_s[step] = min(prepared["tried"].values())
        return prepared

    def ceilings(self) -> dict[str, float]:
        """What moebench finds the machine to read and multiply at most, in this minute."""
        return self.ask(do="ceilings", threads=self.threads, passes=CEILING_PASSES)

    def round(self, steps: list[Step]) -> dict[Step, list[float]]:
        return {step: self.ask(do="time", step=vars(step), **measure_of(step, self.tried_s[step]))["step_s"] for step in steps}
