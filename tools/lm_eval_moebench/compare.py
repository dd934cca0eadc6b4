#!/usr/bin/env python3
"""Runs tasks with lm-eval's own `hf` model and with moebench, and compares them question by question.

    python compare.py --target DIR --tasks arc_easy,piqa --limit 50 [--num-fewshot N]
    python compare.py --target DIR --tasks made_choice,made_text,made_words --include-path made_tasks

Both in float32 on the CPU. Prints, for every task, how many questions and answers agree, the largest difference of a
log-likelihood, and the seconds and processor seconds that each model took for its requests, moebench's with the start of
the program and the loading of the model. Exits with 1 where a text differs, a log-likelihood by more than --tolerance, an is_greedy, or a
score. `--local DIR` names a folder with an oracle.py whose LocalTasks reads the documents from files, without the hub.
"""

import argparse
import collections
import math
import os
import sys
import time
from pathlib import Path

os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
sys.path.insert(0, str(Path(__file__).resolve().parent))

import lm_eval  # noqa: E402
from lm_eval.models.huggingface import HFLM  # noqa: E402
from lm_eval.tasks import TaskManager  # noqa: E402

from lm_eval_moebench import MoebenchLM  # noqa: E402

KINDS = ("loglikelihood", "loglikelihood_rolling", "generate_until")


def timed(model):
    """The model, whose `seconds` and `cpu_seconds` count what its requests took."""
    model.seconds, model.cpu_seconds = collections.Counter(), collections.Counter()
    for kind in KINDS:
        setattr(model, kind, _timing(model, kind, getattr(model, kind)))
    return model


def cpu_seconds():
    """Of this process and of those it waited for."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def _timing(model, kind, function):
    def call(requests, **options):
        begun, begun_cpu = time.perf_counter(), cpu_seconds()
        answers = function(requests, **options)
        model.seconds[kind] += time.perf_counter() - begun
        model.cpu_seconds[kind] += cpu_seconds() - begun_cpu
        return answers

    return call


def tasks_of(a):
    manager = TaskManager(include_path=a.include_path)
    if a.local is None:
        return a.tasks.split(","), manager
    sys.path.insert(0, str(a.local))
    import oracle

    manager._factory = oracle.LocalTasks(a.data, a.num_fewshot)
    tasks = []
    for name in a.tasks.split(","):
        found = manager._load_spec(name)
        tasks += found if isinstance(found, list) else [found]
    return tasks, manager


def evaluate(model, a):
    tasks, manager = tasks_of(a)
    return lm_eval.simple_evaluate(
        model,
        tasks=tasks,
        task_manager=manager,
        num_fewshot=a.num_fewshot,
        limit=a.limit,
        bootstrap_iters=0,
        apply_chat_template=a.apply_chat_template,
    )["samples"]


def close(x, y, tolerance):
    if isinstance(x, (list, tuple)):
        return isinstance(y, (list, tuple)) and len(x) == len(y) and all(close(p, q, tolerance) for p, q in zip(x, y))
    if isinstance(x, (int, float)) and isinstance(y, (int, float)) and math.isfinite(x) and math.isfinite(y):
        return abs(x - y) <= tolerance + 1e-6 * abs(y)  # of long texts, of which lm-eval sums thousands of float32
    return x == y or (x != x and y != y)


class Comparison:
    """Counts of one task, and what does not agree."""

    def __init__(self, tolerance):
        self.tolerance, self.agrees, self.requests, self.worst, self.findings = tolerance, {}, 0, 0.0, []

    def add(self, ours, theirs, is_first_filter):
        same = ours["arguments"] == theirs["arguments"]
        if not same:
            self.findings.append(f"document {ours['doc_id']}: other requests: {ours['arguments']!r:.300} | {theirs['arguments']!r:.300}")
        for index, (mine, other) in enumerate(zip(ours["resps"], theirs["resps"])):
            mine, other = mine[0], other[0]
            self.requests += is_first_filter
            if not isinstance(mine, str):
                self.worst = max(self.worst, abs(number(mine) - number(other)))
            if not close(mine, other, self.tolerance):
                same = False
                self.findings.append(f"document {ours['doc_id']} request {index}: {mine!r:.200} | {other!r:.200}")
        for metric in ours["metrics"]:
            if not close(ours[metric], theirs[metric], self.tolerance):
                same = False
                self.findings.append(f"document {ours['doc_id']}: {metric} {ours[metric]} | {theirs[metric]}")
        self.agrees[ours["doc_id"]] = same and self.agrees.get(ours["doc_id"], True)  # by every filter

    @property
    def questions(self):
        return len(self.agrees)

    @property
    def agree(self):
        return sum(self.agrees.values())


def number(answer):
    return answer[0] if isinstance(answer, (list, tuple)) else answer


def compare(ours, theirs, tolerance):
    comparisons = {}
    if ours.keys() != theirs.keys():
        raise SystemExit(f"tasks differ: {sorted(ours.keys() ^ theirs.keys())}")
    for task in ours:
        comparison = comparisons[task] = Comparison(tolerance)
        mine, other = ({(s["doc_id"], s["filter"]): s for s in samples[task]} for samples in (ours, theirs))
        if mine.keys() != other.keys():
            raise SystemExit(f"{task}: documents differ: {sorted(mine.keys() ^ other.keys())[:5]}")
        first = next(iter(mine))[1]
        for key in mine:
            comparison.add(mine[key], other[key], key[1] == first)
    return comparisons


def show(comparisons, show_most):
    for task, c in comparisons.items():
        print(f"{task}: {c.agree} of {c.questions} agree, {c.requests} requests, largest difference {c.worst:.2g}")
        for finding in c.findings[:show_most]:
            print("  " + finding)
    agree, questions = (sum(getattr(c, name) for c in comparisons.values()) for name in ("agree", "questions"))
    worst = max(c.worst for c in comparisons.values())
    print(f"all: {agree} of {questions} agree, {sum(c.requests for c in comparisons.values())} requests, largest difference {worst:.2g}")
    return agree == questions


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--target", required=True, help="a directory with a Hugging Face checkpoint")
    parser.add_argument("--keys", default="dtype=f32", help="keys of the moebench target (default: dtype=f32)")
    parser.add_argument("--binary", help="the moebench program (default: $MOEBENCH, then moebench on PATH)")
    parser.add_argument("--tasks", required=True, help="tasks and groups of lm-eval, with commas between")
    parser.add_argument("--num-fewshot", type=int)
    parser.add_argument("--limit", type=int, help="questions per task")
    parser.add_argument("--batch-size", type=int, default=8, help="of hf")
    parser.add_argument("--threads", type=int, help="of both (default: each its own)")
    parser.add_argument("--max-length", type=int, help="of both (default: the model's)")
    parser.add_argument("--tolerance", type=float, default=1e-4)
    parser.add_argument("--include-path", help="a folder with tasks of one's own")
    parser.add_argument("--apply-chat-template", action="store_true")
    parser.add_argument("--local", type=Path, help="a folder with oracle.py, for documents from files")
    parser.add_argument("--data", type=Path, help="the folder with the files that --local reads")
    parser.add_argument("--show", type=int, default=3, help="differences shown of a task")
    a = parser.parse_args()

    keys = dict(key.split("=", 1) for key in a.keys.split(",") if key)
    if a.threads:
        import torch

        torch.set_num_threads(a.threads)
        keys["threads"] = a.threads
    if a.max_length:
        keys["max_length"] = a.max_length
    mine = timed(MoebenchLM(target=a.target, binary=a.binary, **keys))
    ours = evaluate(mine, a)
    other = timed(HFLM(pretrained=a.target, dtype="float32", device="cpu", batch_size=a.batch_size, max_length=a.max_length))
    theirs = evaluate(other, a)
    same = show(compare(ours, theirs, a.tolerance), a.show)
    for kind in KINDS:
        if mine.seconds[kind]:
            took = next(t for t in mine.took if t["kind"] == kind)
            cpu = f"{other.cpu_seconds[kind]:.1f} s of processors | {mine.cpu_seconds[kind]:.1f} s"
            print(
                f"{kind}: hf {other.seconds[kind]:.1f} s | moebench {mine.seconds[kind]:.1f} s ({cpu}), of it {took['load_s']:.1f} s "
                f"loading and {took['score_s']:.1f} s answering: {took['input_tokens']} tokens, {took['run_tokens']} run"
            )
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
