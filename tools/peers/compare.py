"""Times moebench, llama.cpp and transformers on the same weights and tokens, in turn, and prints the table.

    build/peers/venv/bin/python tools/peers/compare.py [--all] [--instructions avx2] [--smoke]
"""
import argparse
import json
import pathlib

import ceilings
from instructions import CHOICES, NATIVE, llama_folder
from kernels import time_kernels
from kl import divergences
from report import FEWEST_ROUNDS, report
from shapes import FLOAT32_PAIR, PAIRS, ROOT, SMOKE_STEPS, STEPS, Pair, models
from timing import time_model


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", type=pathlib.Path, default=ROOT / "build/release/moebench")
    parser.add_argument("--benchmarks", type=pathlib.Path, default=ROOT / "build/release/tests/moe_bench")
    parser.add_argument("--work", type=pathlib.Path, default=ROOT / "build/peers", help="checkpoints, logs and results")
    parser.add_argument("--threads", type=int, help="missing: as many as cores that moebench may use")
    parser.add_argument("--rounds", type=int, default=FEWEST_ROUNDS)
    parser.add_argument("--all", action="store_true", help="all of the next three")
    parser.add_argument("--quantised", action="store_true", help="models with quantised weights as well")
    parser.add_argument("--kernels", action="store_true", help="the experts alone, beside ggml's mul_mat_id")
    parser.add_argument("--kl", action="store_true", help="what quantising does to trained models' probabilities")
    parser.add_argument("--model", choices=("mixture", "dense"), help="only this one")
    parser.add_argument("--float32", action="store_true", help="beside transformers in float32 too")
    parser.add_argument("--instructions", choices=CHOICES, default=NATIVE, help="what everybody is held to")
    parser.add_argument("--smoke", action="store_true", help="tiny models, to see that all of it works")
    options = parser.parse_args()
    options.models = options.all or options.quantised or not (options.kernels or options.kl)
    for part in ("quantised", "kernels", "kl"):
        setattr(options, part, getattr(options, part) or options.all)
    options.program, options.benchmarks = options.program.resolve(), options.benchmarks.resolve()
    options.work = (options.work / ("smoke" if options.smoke else "")).resolve()
    return options


class Results:
    """Written after every round, so that a run that is stopped leaves what it has."""

    def __init__(self, options: argparse.Namespace, machine: dict, measured: dict):
        self.options = options
        built_with = llama_folder(options.instructions) / "llama_cmake_args"
        self.result = {"date": measured["at"], "machine": machine, "ceilings": [measured],
                       "threads": options.threads, "rounds": options.rounds, "instructions": options.instructions,
                       "llama_cmake_args": built_with.read_text().strip(), "models": [], "kernels": [], "kl": []}

    def save(self, part: str, entry: dict) -> None:
        """Takes the place of what an earlier round knew."""
        self.result[part] = [e for e in self.result[part] if e["title"] != entry["title"]] + [entry]
        self.write()

    def end(self, measured: dict) -> None:
        self.result["ceilings"].append(measured)
        self.write()

    def write(self) -> None:
        name = "peers" if self.options.instructions == NATIVE else f"peers-{self.options.instructions}"
        (self.options.work / f"{name}.json").write_text(json.dumps(self.result, indent=1))
        (self.options.work / f"{name}.md").write_text(report(self.result))


def parts_of(options: argparse.Namespace) -> list[list[Pair]]:
    """Pairs whose programs are in memory together: all at once might not fit, and files would be read again in steps."""
    parts = [[pair for pair in PAIRS if not pair.optional] + ([FLOAT32_PAIR] if options.float32 else [])]
    return parts + ([[pair for pair in PAIRS if pair.optional]] if options.quantised else [])


def main() -> None:
    options = parsed()
    options.work.mkdir(parents=True, exist_ok=True)
    machine, measured = ceilings.machine(options), ceilings.measured(options)
    options.threads = options.threads or ceilings.cores(measured["rows"])
    results = Results(options, machine, measured)
    if options.kernels:
        time_kernels(options, lambda entry: results.save("kernels", entry))
    if options.kl:
        divergences(options, lambda entry: results.save("kl", entry))
    for model in models(options.smoke) if options.models else []:
        for pairs in parts_of(options) if options.model in (None, model.name) else []:
            steps = list(SMOKE_STEPS if options.smoke else STEPS)
            time_model(model, pairs, steps, options, lambda entry: results.save("models", entry))
    results.end(ceilings.measured(options))
    print(report(results.result), end="")


if __name__ == "__main__":
    main()
