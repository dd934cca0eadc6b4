#!/usr/bin/env python3
"""Rewrites an export in lm-evaluation-harness's names, or holds the scores of two files against each other.

    scores.py rename OURS.jsonl OUT.jsonl     what a filter reads as a document line of its own; mc2 of truthfulqa_mc2 as its acc
    scores.py compare OURS.jsonl THEIRS.jsonl every score and standard error of theirs that ours has; exits with 1 where one differs

Shares of questions and their standard errors agree to 1e-9, other scores to 1e-4 of their size: they are sums of log-likelihoods.
"""
import json
import math
import sys

FIRST_FILTER = {"gsm8k": "strict-match"}  # of tasks with several, the one whose value is the case's
SHARES = ("acc", "acc_norm", "exact_match")
EXACT, RELATIVE = 1e-9, 1e-4


def read(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def documents(line):
    """One line a filter: 'exact_match_flexible-extract' is what flexible-extract makes of a text."""
    first = FIRST_FILTER.get(line["task"], "none")
    by_filter = {}
    for name, value in line["metrics"].items():
        metric, _, other = name.partition("exact_match_")
        by_filter.setdefault(other or first, {})["exact_match" if other else name] = value
    return [line | {"filter": name, "metrics": metrics} for name, metrics in by_filter.items()]


def renamed(lines):
    tasks = {line["task"]: line for line in lines if line["kind"] == "task"}
    for line in lines:
        task = line.get("task", "")
        if line["kind"] == "doc":
            if task == "truthfulqa_mc2":
                line["metrics"] = {"acc": line["metrics"]["mc2"]}
            yield from documents(line)
        elif line["kind"] == "task" and task == "truthfulqa_mc2":
            yield line | {"metrics": {name.replace("mc2,", "acc,").replace("mc2_stderr", "acc_stderr"): value
                                      for name, value in line["metrics"].items() if name.startswith("mc2")}}
        elif line["kind"] == "task" and task in FIRST_FILTER:
            line["metrics"] = {name.replace(",none", f",{FIRST_FILTER[task]}"): value for name, value in line["metrics"].items()}
            yield line
        elif line["kind"] == "group" and task == "flexible-extract":  # a filter's value has its name as scope
            gsm8k = tasks["gsm8k"]["metrics"]
            gsm8k |= {name.replace(",none", ",flexible-extract"): value for name, value in line["metrics"].items()}
        elif line["kind"] == "group" and task.endswith("_continuation") and task != "mmlu_continuation":
            yield line | {"task": "mmlu_continuation::" + task.removeprefix("mmlu_").removesuffix("_continuation").replace("_", " ")}
        else:
            yield line


def scores(path):
    return {(line["task"], name): value for line in read(path) if line["kind"] in ("task", "group") for name, value in line["metrics"].items()}


def agrees(name, a, b):
    if isinstance(a, str) or isinstance(b, str) or a is None or b is None:
        return a == b
    if name.split(",")[0].removesuffix("_stderr") in SHARES:
        return abs(a - b) <= EXACT
    return math.isclose(a, b, rel_tol=RELATIVE)


def compare(ours, theirs):
    compared = differ = 0
    missing = set()
    mine = scores(ours)
    for (task, name), theirs_value in scores(theirs).items():
        if (task, name) not in mine:
            missing.add(f"{task} {name}")
            continue
        compared += 1
        if not agrees(name if task != "truthfulqa_mc2" else "mc2", mine[task, name], theirs_value):
            differ += 1
            print(f"  {task} {name}: {mine[task, name]} | {theirs_value}")
    print(f"{compared - differ} of {compared} scores and standard errors agree" + (f"; not in ours: {', '.join(sorted(missing))}" if missing else ""))
    return 1 if differ or missing or not compared else 0


def main():
    if len(sys.argv) != 4 or sys.argv[1] not in ("rename", "compare"):
        sys.exit(__doc__)
    if sys.argv[1] == "compare":
        sys.exit(compare(sys.argv[2], sys.argv[3]))
    with open(sys.argv[3], "w", encoding="utf-8") as out:
        for line in list(renamed(read(sys.argv[2]))):
            out.write(json.dumps(line, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
