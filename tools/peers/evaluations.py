"""Times whole evaluations beside lm-evaluation-harness's `hf` model: the same checkpoint, the same questions, float32, in turn.

    PYTHON=/path/to/lm_eval/env/bin/python MOEBENCH_DATA=... python3 tools/peers/evaluations.py --oracle ../shared/tools/lm_eval_local

Needs nothing but Python; lm-evaluation-harness runs in the environment that --python (or $PYTHON) belongs to, through --oracle,
which gives it the data's files. The peer answers few questions a task (`peer_limit`), again and again between our runs; its time
for all of them is that of its tokens, at the rate that it had: it runs every prompt of letters once and every other request alone,
so its tokens are counted, not guessed. Neither time has the loading of the model in it; ours has everything else of a run, theirs
only what passes inside the model's requests.
"""
import argparse
import json
import os
import pathlib
import re
import sqlite3
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
# task, examples, questions of ours and of the peer (a leaf task), the peer's batch, how many times as fast we mean to be
ROWS = (
    {"task": "mmlu", "shots": 5, "limit": None, "peer_limit": 1, "batch": 8, "bar": 20},
    {"task": "arc_challenge", "shots": 0, "limit": None, "peer_limit": 150, "batch": 16, "bar": 6},
    {"task": "hellaswag", "shots": 0, "limit": 1000, "peer_limit": 100, "batch": 16, "bar": 4},
    {"task": "gsm8k", "shots": 5, "limit": 64, "peer_limit": 32, "batch": 16, "bar": 4},
)
SMOKE_LIMIT = 2
MIB = 1 << 20


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", type=pathlib.Path, default=ROOT / "build/release/moebench")
    parser.add_argument("--python", default=os.environ.get("PYTHON", sys.executable), help="of lm-evaluation-harness's environment")
    parser.add_argument("--oracle", type=pathlib.Path, required=True, help="folder with oracle.py and tiny_model.py")
    parser.add_argument("--data", type=pathlib.Path, default=os.environ.get("MOEBENCH_DATA"))
    parser.add_argument("--work", type=pathlib.Path, default=ROOT / "build/peers/evaluations")
    parser.add_argument("--tasks", default=",".join(row["task"] for row in ROWS))
    parser.add_argument("--kv-budget", default="512MiB")
    parser.add_argument("--rounds", type=int, default=2, help="times the peer runs, ours between them")
    parser.add_argument("--limit", type=int, help="questions of ours a leaf task, in place of each row's own")
    parser.add_argument("--peer-share", type=float, default=1.0, help="of the questions that the peer answers by default")
    parser.add_argument("--smoke", action="store_true", help="few questions, to see that all of it works")
    options = parser.parse_args()
    if options.data is None:
        parser.error("--data or $MOEBENCH_DATA: the folder of the data")
    return options


def run(command: list, **environment: str) -> str:
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, env=os.environ | environment, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(map(str, command))}\nended with {done.returncode}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.stdout


def checkpoint(options: argparse.Namespace) -> pathlib.Path:
    """A random OLMoE: 8 layers, width 512, 16 experts of which a token has 4, as wide as the model."""
    made = options.work / "olmoe"
    if not (made / "model.safetensors").exists():
        run([options.python, options.oracle / "tiny_model.py", "--kind", "olmoe", "--tokenizer", "olmo", "--layers", 8, "--hidden", 512,
             "--ffn", 512, "--heads", 8, "--experts", 16, "--top-k", 4, "--context", 4096, "--std", 0.02, "--out", made])
    return made


def ours(options: argparse.Namespace, model: pathlib.Path, row: dict) -> dict:
    """A run of its own store; what it took and what it ran, from there."""
    with tempfile.TemporaryDirectory() as folder:
        db = pathlib.Path(folder) / "run.sqlite"
        target = f"{model}@dtype=f32,kv_budget={options.kv_budget}"
        limit = [] if row["limit"] is None else ["--limit", row["limit"]]
        ask = [options.program, "run", row["task"], "--target", target, "--set", f"shots={row['shots']}", *limit]
        plan = json.loads(run([*ask, "--dry-run", "--json"], MOEBENCH_DATA=str(options.data)).splitlines()[0])
        peak = peak_of([*ask, "--db", db], options)
        with sqlite3.connect(db) as store:
            wall, load = store.execute("SELECT (julianday(r.ended_at) - julianday(r.started_at)) * 86400, (SELECT sum(load_s) FROM launch) "
                                       "FROM run r").fetchone()
            samples = dict(store.execute("SELECT metric, sum(value) FROM sample WHERE metric LIKE 'asking%' GROUP BY metric"))
            outcomes = {outcome for (outcome,) in store.execute("SELECT outcome FROM case_run")}
        if outcomes != {"ok"}:
            raise SystemExit(f"{row['task']}: our run ended as {outcomes}")
        return {"s": wall - load, "steps_s": samples["asking_steps_s"], "tokens": plan["shared_tokens"], "requests": plan["requests"],
                "prompt_tokens": plan["prompt_tokens"], "questions": plan["questions"], "peak_bytes": peak}


def peak_of(command: list, options: argparse.Namespace) -> int:
    """Runs it; the most memory that its worker, the process that has the model, held at a time. From /proc: no share of what lies
    in files that are mapped, as the checkpoint does."""
    environment = os.environ | {"MOEBENCH_DATA": str(options.data)}
    process = subprocess.Popen([str(part) for part in command], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    peak = 0
    while True:
        try:
            process.wait(timeout=0.5)
            break
        except subprocess.TimeoutExpired:
            peak = max([peak, *(held_by(child) for child in children_of(process.pid))])
    if process.returncode != 0:
        raise SystemExit(f"{' '.join(map(str, command))}\nended with {process.returncode}:\n{process.stderr.read()[-2000:]}")
    return peak


def children_of(pid: int) -> list[int]:
    try:
        return [int(child) for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def held_by(pid: int) -> int:
    try:
        status = pathlib.Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    return sum(int(found) << 10 for found in re.findall(r"^RssAnon:\s+(\d+) kB", status, re.MULTILINE))


def peer(options: argparse.Namespace, model: pathlib.Path, row: dict) -> dict:
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "peer.jsonl"
        limit = SMOKE_LIMIT if options.smoke else max(1, round(row["peer_limit"] * options.peer_share))
        run([options.python, options.oracle / "oracle.py", "--model", model, "--data", options.data, "--tasks", row["task"], "--num-fewshot",
             row["shots"], "--limit", limit, "--batch-size", row["batch"], "--dtype", "float32", "--bootstrap-iters", 0, "--out", out])
        lines = [json.loads(line) for line in out.read_text().splitlines()]
        timing = next(line for line in lines if line["kind"] == "timing")
        return timing | {"questions": len({(line["task"], line["doc"]) for line in lines if line["kind"] == "doc"})}


def peer_tokens(row: dict, mine: dict, theirs: dict) -> float:
    """What the peer runs for all questions. Letters of one question share a pass; generated tokens are as many a question as it made."""
    if row["task"] == "mmlu":
        return mine["prompt_tokens"] / (mine["requests"] / mine["questions"])
    if row["task"] == "gsm8k":
        return theirs["tokens_run"] / theirs["questions"] * mine["questions"]
    return mine["prompt_tokens"]


def measure(options: argparse.Namespace, model: pathlib.Path, row: dict) -> dict:
    theirs, mine = [peer(options, model, row)], []
    for _ in range(max(1, options.rounds - 1)):
        mine.append(ours(options, model, row))
        theirs.append(peer(options, model, row))
    all_tokens = peer_tokens(row, mine[0], theirs[0])
    estimates = [all_tokens / (run_["tokens_run"] / run_["wall_s"]) for run_ in theirs]
    own = statistics.median(run_["s"] for run_ in mine)
    rate = mine[0]["tokens"] / own if row["task"] != "gsm8k" else all_tokens / own
    result = row | {"ours": mine, "peer": theirs, "peer_tokens": all_tokens, "peer_s": estimates, "ours_s": own,
                    "ratios": [estimate / own for estimate in estimates],
                    "token_saving": all_tokens / mine[0]["tokens"] if row["task"] != "gsm8k" else 1.0}
    result["speed_per_token"] = rate / (all_tokens / statistics.median(estimates))
    return result


def report(results: list[dict], weights_bytes: int, budget_bytes: int) -> str:
    lines = ["| evaluation | lm-evaluation-harness, hf | moebench | times as fast | bar | of it fewer tokens x faster a token | own time | memory |",
             "|---|---|---|---|---|---|---|---|"]
    for r in results:
        mine = r["ours"][0]
        own = 1 - mine["steps_s"] / mine["s"]
        beside = (mine["peak_bytes"] - weights_bytes - budget_bytes) / MIB
        lines.append(f"| {r['task']}, {r['shots']} shots, {mine['questions']} questions | {statistics.median(r['peer_s']):,.0f} s "
                     f"(from {r['peer'][0]['questions']} questions) | {r['ours_s']:,.1f} s | {statistics.median(r['ratios']):.1f} "
                     f"[{min(r['ratios']):.1f}, {max(r['ratios']):.1f}] | {r['bar']} | {r['token_saving']:.2f} x {r['speed_per_token']:.2f} | "
                     f"{own:.1%} | {mine['peak_bytes'] / MIB:,.0f} MiB, {beside:,.0f} beside weights and KV budget |")
    return "\n".join(lines) + "\n"


def main() -> None:
    options = parsed()
    options.work.mkdir(parents=True, exist_ok=True)
    model = checkpoint(options)
    weights_bytes = sum(file.stat().st_size for file in model.glob("*.safetensors"))
    units = {"MiB": 1 << 20, "GiB": 1 << 30}
    number, unit = re.fullmatch(r"(\d+)(MiB|GiB)", options.kv_budget).groups()
    results = []
    for row in ROWS:
        if row["task"] not in options.tasks.split(","):
            continue
        limit = SMOKE_LIMIT if options.smoke else options.limit or row["limit"]
        results.append(measure(options, model, row | {"limit": limit}))
        (options.work / "evaluations.json").write_text(json.dumps(results, indent=1))
        text = report(results, weights_bytes, int(number) * units[unit])
        (options.work / "evaluations.md").write_text(text)
        print(text, flush=True)


if __name__ == "__main__":
    main()
