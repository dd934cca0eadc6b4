"""Times moebench, llama.cpp and transformers on the same weights and tokens, in turn, and prints the table.

    build/peers/venv/bin/python tools/peers/compare.py [--all] [--smoke]
"""
import argparse
import dataclasses
import datetime
import json
import os
import pathlib
import platform
import sys
import time

from agreement import agreement, check
from checkpoint import write_checkpoint
from gguf_file import FILE_TYPES, quantise, write_gguf
from programs import Moebench, Peer
from shapes import PAIRS, ROOT, SMOKE_STEPS, STEPS, Contender, Model, Pair, Step, models, random_ids
from table import Rounds, groups, markdown, median_interval, ratios, speeds

PROMPT_TOKENS = 48  # of the check
FEWEST_ROUNDS = 6  # whose extremes hold the median with 95 %
REFERENCE = Contender("transformers", "float32")


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


class Files:
    """Where a model's weights lie, written when they are first asked for."""

    def __init__(self, model: Model, folder: pathlib.Path, threads: int):
        self.model, self.threads = model, threads
        self.checkpoint = folder / model.name
        if write_checkpoint(model.config, self.checkpoint):
            for stale in self.checkpoint.glob("*.gguf"):
                stale.unlink()

    def of(self, contender: Contender) -> pathlib.Path:
        return self.gguf(contender.weights) if contender.program == "llama.cpp" else self.checkpoint

    def gguf(self, weights: str) -> pathlib.Path:
        file = self.checkpoint / f"{weights}.gguf"
        if not file.is_file():
            say(f"writing {file}")
            if weights in FILE_TYPES:
                quantise(self.gguf("bf16"), file, weights, self.threads)
            else:
                write_gguf(self.checkpoint, file)
        return file


def opened(contender: Contender, files: Files, options: argparse.Namespace) -> Moebench | Peer:
    path, work = files.of(contender), options.work
    if contender.program == "moebench":
        return Moebench(options.program, contender, path, options.threads, work)
    log = work / f"{contender.program}-{contender.weights}.log"
    return Peer(contender, path, options.threads, log, *(["--dtype", "float32"] if contender == REFERENCE else []))


def check_all(programs: dict[Contender, Moebench | Peer], files: Files, options: argparse.Namespace) -> dict:
    ids = random_ids(PROMPT_TOKENS, files.model.config["vocab_size"], 1)
    reference = opened(REFERENCE, files, options)
    truth = reference.log_probabilities(ids)
    reference.close()
    found = {}
    for contender, program in programs.items():
        found[contender.title] = agreement(program.log_probabilities(ids), truth)
        say(f"{files.model.name}: {contender.title} against transformers float32: {found[contender.title].text}")
        check(found[contender.title], contender.weights, contender.title)
    return found


def measure(programs: dict[Contender, Moebench | Peer], steps: list[Step], count: int, name: str) -> Rounds:
    """Round by round, each program alone on the machine, another one first each time."""
    rounds: Rounds = {contender: {step: [] for step in steps} for contender in programs}
    order = list(programs)
    for number in range(count):
        for contender in order[number % len(order) :] + order[: number % len(order)]:
            began = time.monotonic()
            for step, times in programs[contender].round(steps).items():
                rounds[contender][step].append(times)
            say(f"{name}: round {number + 1} of {count}, {contender.title}: {time.monotonic() - began:.0f} s")
    return rounds


def compare(model: Model, pairs: list[Pair], steps: list[Step], options: argparse.Namespace) -> dict:
    files = Files(model, options.work, options.threads)
    contenders = dict.fromkeys(c for pair in pairs for c in (pair.ours, pair.theirs))
    programs = {contender: opened(contender, files, options) for contender in contenders}
    try:
        agreed = check_all(programs, files, options)
        prepared = {}
        for contender, program in programs.items():
            prepared[contender.title] = {s.title: program.prepare(s, model.config["vocab_size"]) for s in steps}
            say(f"{model.name}: {contender.title}: " + json.dumps({s: p["variant"] for s, p in prepared[contender.title].items()}))
        rounds = measure(programs, steps, options.rounds, model.name)
    finally:
        for program in programs.values():
            program.close()
    return {"model": model.title, "config": model.config, "facts": {c.title: p.facts for c, p in programs.items()},
            "agreement": {title: dataclasses.asdict(a) | {"text": a.text} for title, a in agreed.items()}, "prepared": prepared,
            "step_s": {c.title: {s.title: rounds[c][s] for s in steps} for c in rounds},
            "tokens_per_s": {c.title: {s.title: vars(median_interval(speeds(s, rounds[c][s]))) for s in steps} for c in rounds},
            "ratios": [{"ours": p.ours.title, "theirs": p.theirs.title, "step": s.title, "rounds": ratios(p, s, rounds),
                        **vars(median_interval(ratios(p, s, rounds)))} for p in pairs for s in steps],
            "tables": [markdown(model.title, group, steps, rounds) for group in groups(pairs)]}


def machine() -> dict:
    lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return {"cpu": names[0] if names else platform.machine(), "cores": len(os.sched_getaffinity(0)),
            "kernel": platform.release(), "load_before": os.getloadavg()[0]}


def head(result: dict) -> str:
    facts = result["models"][0]["facts"]
    llama, torch = facts["llama.cpp bf16"], facts["transformers bf16"]
    where = result["machine"]
    brackets = "95 % intervals" if result["rounds"] >= FEWEST_ROUNDS else "extremes (too few rounds for intervals)"
    return "\n".join([
        f"{where['cpu']}, {where['cores']} cores, Linux {where['kernel']}; {result['threads']} threads; {result['date']}; "
        f"load before the run {where['load_before']:.2f}; medians of {result['rounds']} interleaved rounds, in brackets their {brackets}.", "",
        f"* {facts['moebench bf16']['version']}; `numerics=fast`",
        f"* llama.cpp of llama-cpp-python {llama['llama_cpp_python']} (ggml {llama['ggml']}, {llama['commit']}), built with "
        f"`{result['llama_cmake_args']}`: {llama['system']}",
        f"* transformers {torch['transformers']}, torch {torch['torch']}, {torch['capability']}"])


def notes(model: dict) -> str:
    lines = [f"Against transformers in float32, {PROMPT_TOKENS} positions:"]
    lines += [f"* {title}: {found['text']}" for title, found in model["agreement"].items()]
    chosen = {title: sorted({step["variant"] for step in steps.values()}) for title, steps in model["prepared"].items()}
    lines += ["", "Fastest settings: " + "; ".join(f"{title}: {' / '.join(v)}" for title, v in chosen.items()) + "."]
    return "\n".join(lines)


def report(result: dict) -> str:
    parts = [head(result)]
    for model in result["models"]:
        parts += [*model["tables"], notes(model)]
    return "\n\n".join(parts) + "\n"


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", type=pathlib.Path, default=ROOT / "build/release/moebench")
    parser.add_argument("--work", type=pathlib.Path, default=ROOT / "build/peers", help="checkpoints, logs and results")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--rounds", type=int, default=FEWEST_ROUNDS)
    parser.add_argument("--all", action="store_true", help="quantised weights as well")
    parser.add_argument("--smoke", action="store_true", help="tiny models, to see that all of it works")
    options = parser.parse_args()
    options.program = options.program.resolve()
    options.work = (options.work / ("smoke" if options.smoke else "")).resolve()
    return options


def main() -> None:
    options = parsed()
    options.work.mkdir(parents=True, exist_ok=True)
    pairs = [pair for pair in PAIRS if options.all or not pair.optional]
    steps = list(SMOKE_STEPS if options.smoke else STEPS)
    built_with = pathlib.Path(sys.prefix) / "llama_cmake_args"
    result = {"date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"), "machine": machine(),
              "threads": options.threads, "rounds": options.rounds, "llama_cmake_args": built_with.read_text().strip()}
    result["models"] = []
    for model in models(options.smoke):
        result["models"].append(compare(model, pairs, steps, options))
        (options.work / "peers.json").write_text(json.dumps(result, indent=1))
        (options.work / "peers.md").write_text(report(result))
    print(report(result), end="")


if __name__ == "__main__":
    main()
