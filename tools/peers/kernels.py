"""The experts of one OLMoE layer alone: moebench's (its own benchmark) beside ggml's mul_mat_id, in turn."""
import argparse
import functools
import json
import statistics
import subprocess
import sys
from collections.abc import Callable

from files import say
from instructions import check_limits, environment
from programs import HERE, SCRIPTS, Process, in_turn
from table import median_interval, shown

OURS = "bf16"
OUR_TITLE = f"moebench {OURS}"
THEIRS = ("bf16", "q8_0")
ROWS, SMOKE_ROWS = (8, 64), (8,)  # of each expert
SHAPE = {"experts": 64, "choices": 8, "dim": 2048, "hidden": 1024}  # as tests/kernels/expert_gemm_bench.cpp has it
REPETITIONS, OUR_SECONDS = 3, 0.5  # at least, of each
MEASURE = {"warm_up": 1, "least": 3, "most": 12, "seconds": 1.0}
TITLE = "Experts of one OLMoE layer: 64 of width 1024 on rows of width 2048, 8 a token, even routing"

Times = dict[str, dict[int, list[float]]]  # seconds by program and rows, a number for each round


def flops(rows: int) -> float:
    return 2.0 * 3 * SHAPE["experts"] * rows * SHAPE["dim"] * SHAPE["hidden"]


def name_of(rows: int, threads: int) -> str:
    return f"expert_gemm/packed/{OURS}/experts{SHAPE['experts']}/rows{rows}/threads{threads}"


def median_of_repetitions(printed: dict, name: str) -> float:
    """Seconds of a step. A repetition's are the mean of its steps."""
    found = [b for b in printed["benchmarks"] if b["name"].startswith(f"{name}/") and b["run_type"] == "iteration"]
    if len(found) != REPETITIONS or {b["time_unit"] for b in found} != {"ms"}:
        raise RuntimeError(f"moe_bench: expected {REPETITIONS} repetitions of {name} in ms, found {found}")
    return statistics.median(b["real_time"] for b in found) / 1e3


def our_round(all_rows: tuple[int, ...], options: argparse.Namespace) -> tuple[dict[int, float], dict]:
    """Seconds of a step by rows, and what moe_bench says of itself."""
    command = [options.benchmarks, f"--benchmark_filter=^({'|'.join(name_of(r, options.threads) for r in all_rows)})(/|$)",
               f"--benchmark_min_time={OUR_SECONDS}", f"--benchmark_repetitions={REPETITIONS}", "--benchmark_format=json"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment(options.instructions))
    if done.returncode != 0:
        raise RuntimeError(f"{options.benchmarks}: exit code {done.returncode}\n{done.stderr}")
    printed = json.loads(done.stdout)
    facts = {"version": printed["context"]["version"], "instructions": printed["context"]["packed_target"]}
    check_limits(options.instructions, "moebench", facts)
    return {rows: median_of_repetitions(printed, name_of(rows, options.threads)) for rows in all_rows}, facts


def step_of(weights: str, rows: int) -> dict:
    return SHAPE | {"weights": weights, "rows": rows}


def worst_check(peer: Process, weights: str, all_rows: tuple[int, ...]) -> float:
    """Prepares the graphs of all numbers of rows: the largest difference from float64."""
    return max(peer.ask(do="prepare", step=step_of(weights, rows), ids=[])["checked"] for rows in all_rows)


def their_round(peer: Process, weights: str, all_rows: tuple[int, ...]) -> tuple[dict[int, float], dict]:
    """Median seconds of a step by rows."""
    return {rows: statistics.median(peer.ask(do="time", step=step_of(weights, rows), **MEASURE)["step_s"])
            for rows in all_rows}, peer.facts


def table(times: Times) -> str:
    head = ["GFLOP/s", OUR_TITLE]
    for weights in THEIRS:
        head += [f"ggml {weights}", "ours ÷ theirs"]
    lines = [f"**{TITLE}**", "", "| " + " | ".join(head) + " |", "|---" + "|---:" * (len(head) - 1) + "|"]
    for rows in next(iter(times.values())):
        def speed(who: str) -> str:
            return shown(median_interval([flops(rows) / 1e9 / s for s in times[who][rows]]))
        row = [f"{rows} rows an expert ({rows * SHAPE['experts'] // SHAPE['choices']} tokens)", speed(OUR_TITLE)]
        for weights in THEIRS:
            row += [speed(f"ggml {weights}"), shown(median_interval(ratios(times, weights, rows)), "×")]
        lines.append("| " + " | ".join(row) + " |")
    return "\n".join(lines)


def ratios(times: Times, weights: str, rows: int) -> list[float]:
    ours = times[OUR_TITLE][rows]
    return [theirs / mine for mine, theirs in zip(ours, times[f"ggml {weights}"][rows], strict=True)]


def entry(times: Times, facts: dict, checked: dict) -> dict:
    found = [{"ours": OUR_TITLE, "theirs": f"ggml {weights}", "rows": rows, "rounds": ratios(times, weights, rows),
              **vars(median_interval(ratios(times, weights, rows)))} for weights in THEIRS for rows in times[f"ggml {weights}"]]
    differences = ", ".join(f"{weights} {checked[weights]:.2%}" for weights in THEIRS)
    notes = f"ggml's graphs on the timed weights against float64, root mean square, the worst of all rows: {differences}."
    return {"title": TITLE, "facts": facts, "shape": SHAPE, "seconds": times, "ratios": found, "checked": checked,
            "table": f"{table(times)}\n\n{notes}"}


def time_kernels(options: argparse.Namespace, save: Callable[[dict], None]) -> None:
    all_rows = SMOKE_ROWS if options.smoke else ROWS
    command = [sys.executable, HERE / SCRIPTS["ggml"], "--threads", options.threads]
    log = options.work / "ggml.log"
    with Process(command, log, options.instructions, OMP_NUM_THREADS=str(options.threads)) as peer:
        check_limits(options.instructions, "llama.cpp", peer.facts)
        checked = {weights: worst_check(peer, weights, all_rows) for weights in THEIRS}
        runs = {OUR_TITLE: lambda: our_round(all_rows, options)}
        runs |= {f"ggml {weights}": functools.partial(their_round, peer, weights, all_rows) for weights in THEIRS}
        times: Times = {who: {rows: [] for rows in all_rows} for who in runs}
        for number in range(options.rounds):
            facts = {}
            for who in in_turn(list(runs), number):
                seconds, facts["moebench" if who == OUR_TITLE else "llama.cpp"] = runs[who]()
                for rows in all_rows:
                    times[who][rows].append(seconds[rows])
            say(f"experts: round {number + 1} of {options.rounds}")
            save(entry(times, facts, checked))
