"""The experts of one OLMoE layer alone: moebench's (its own benchmark) beside ggml's mul_mat_id, in turn."""
import argparse
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable

from files import say
from instructions import LIMITS, check_limits, variables
from programs import HERE, SCRIPTS, Process
from table import median_interval, shown

OURS = "bf16"
THEIRS = ("bf16", "q8_0")
ROWS, SMOKE_ROWS = (8, 64), (8,)  # of each expert
SHAPE = {"experts": 64, "choices": 8, "dim": 2048, "hidden": 1024}  # as tests/kernels/expert_gemm_bench.cpp has it
OUR_SECONDS = 1.0
MEASURE = {"warm_up": 1, "least": 3, "most": 12, "seconds": 1.0}
TITLE = "Experts of one OLMoE layer: 64 of width 1024 on rows of width 2048, 8 a token, even routing"

Times = dict[str, dict[int, list[float]]]  # seconds by program and rows, a number for each round


def flops(rows: int) -> float:
    return 2.0 * 3 * SHAPE["experts"] * rows * SHAPE["dim"] * SHAPE["hidden"]


def name_of(rows: int, threads: int) -> str:
    return f"expert_gemm/packed/{OURS}/experts{SHAPE['experts']}/rows{rows}/threads{threads}"


def our_round(all_rows: tuple[int, ...], options: argparse.Namespace) -> tuple[dict[int, float], str]:
    """Mean seconds of some steps by rows, and the instructions used."""
    command = [options.benchmarks, f"--benchmark_filter=^({'|'.join(name_of(r, options.threads) for r in all_rows)})(/|$)",
               f"--benchmark_min_time={OUR_SECONDS}", "--benchmark_format=json"]
    environment = {name: value for name, value in os.environ.items() if name not in LIMITS}
    done = subprocess.run(command, capture_output=True, text=True, env=environment | variables(options.instructions))
    if done.returncode != 0:
        raise RuntimeError(f"{options.benchmarks}: exit code {done.returncode}\n{done.stderr}")
    printed = json.loads(done.stdout)
    seconds = {}
    for rows in all_rows:
        found = [b for b in printed["benchmarks"] if b["name"].startswith(name_of(rows, options.threads) + "/")]
        if len(found) != 1 or found[0]["time_unit"] != "ms":
            raise RuntimeError(f"{options.benchmarks}: expected one {name_of(rows, options.threads)} in ms, found {found}")
        seconds[rows] = found[0]["real_time"] / 1e3
    return seconds, printed["context"]["packed_target"]


def step_of(weights: str, rows: int) -> dict:
    return SHAPE | {"weights": weights, "rows": rows}


def table(times: Times) -> str:
    head = ["GFLOP/s", f"moebench {OURS}"]
    for weights in THEIRS:
        head += [f"ggml {weights}", "ours ÷ theirs"]
    lines = [f"**{TITLE}**", "", "| " + " | ".join(head) + " |", "|---" + "|---:" * (len(head) - 1) + "|"]
    for rows in next(iter(times.values())):
        def speed(who: str) -> str:
            return shown(median_interval([flops(rows) / 1e9 / s for s in times[who][rows]]))
        row = [f"{rows} rows an expert ({rows * SHAPE['experts'] // SHAPE['choices']} tokens)", speed(f"moebench {OURS}")]
        for weights in THEIRS:
            row += [speed(f"ggml {weights}"), shown(median_interval(ratios(times, weights, rows)), "×")]
        lines.append("| " + " | ".join(row) + " |")
    return "\n".join(lines)


def ratios(times: Times, weights: str, rows: int) -> list[float]:
    ours = times[f"moebench {OURS}"][rows]
    return [theirs / mine for mine, theirs in zip(ours, times[f"ggml {weights}"][rows], strict=True)]


def entry(times: Times, facts: dict, checked: dict) -> dict:
    found = [{"ours": f"moebench {OURS}", "theirs": f"ggml {weights}", "rows": rows, "rounds": ratios(times, weights, rows),
              **vars(median_interval(ratios(times, weights, rows)))} for weights in THEIRS for rows in times[f"ggml {weights}"]]
    differences = ", ".join(f"{weights} {checked[weights]:.2%}" for weights in THEIRS)
    notes = f"ggml's graph on the timed weights against float64, root mean square: {differences}."
    return {"title": TITLE, "facts": facts, "shape": SHAPE, "seconds": times, "ratios": found, "checked": checked,
            "table": f"{table(times)}\n\n{notes}"}


def time_kernels(options: argparse.Namespace, save: Callable[[dict], None]) -> None:
    all_rows = SMOKE_ROWS if options.smoke else ROWS
    command = [sys.executable, HERE / SCRIPTS["ggml"], "--threads", options.threads]
    peer = Process(command, options.work / "ggml.log", options.instructions, OMP_NUM_THREADS=str(options.threads))
    try:
        check_limits(options.instructions, "llama.cpp", peer.facts)
        checked = {}
        for weights in THEIRS:
            for rows in all_rows:
                checked[weights] = peer.ask(do="prepare", step=step_of(weights, rows), ids=[])["checked"]
        times: Times = {who: {r: [] for r in all_rows} for who in (f"moebench {OURS}", *(f"ggml {w}" for w in THEIRS))}
        for number in range(options.rounds):
            seconds, target = our_round(all_rows, options)
            facts = {"llama.cpp": peer.facts, "moe_bench": {"instructions": target}}
            check_limits(options.instructions, "moebench", facts["moe_bench"])
            for rows in all_rows:
                times[f"moebench {OURS}"][rows].append(seconds[rows])
                for weights in THEIRS:
                    steps = peer.ask(do="time", step=step_of(weights, rows), **MEASURE)["step_s"]
                    times[f"ggml {weights}"][rows].append(statistics.median(steps))
            say(f"experts: round {number + 1} of {options.rounds}")
            save(entry(times, facts, checked))
    finally:
        peer.close()
