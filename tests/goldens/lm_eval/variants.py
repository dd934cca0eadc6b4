#!/usr/bin/env python3
"""Prompts of MMLU as its authors and as HELM make them: variants.json, a digest of the first ten questions of every subject.

`original` runs the functions of hendrycks/test's own evaluate.py (the text of the files as it stands: newer versions of pandas read the choice
"None" as a missing number). `helm` says again what stanford-crfm/helm's adapters do (in_context_learning_adapter.py, multiple_choice_joint_adapter.py),
with CPython's random.

python variants.py --evaluate .../evaluate.py --data $MOEBENCH_DATA
"""

import argparse
import ast
import csv
import hashlib
import json
import random
from collections import defaultdict
from itertools import cycle
from pathlib import Path

import pandas

HERE = Path(__file__).resolve().parent
QUESTIONS, SHOTS, LETTERS = 10, 5, "ABCD"


def sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()


def rows(data, split, subject):
    with (data / "mmlu" / "data" / split / f"{subject}_{split}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def original(evaluate, dev, test, subject):
    """By the functions of evaluate.py, which cannot be imported without an account at OpenAI."""
    known = {"choices": list(LETTERS)}
    for node in ast.parse(evaluate).body:
        if isinstance(node, ast.FunctionDef) and node.name in ("format_subject", "format_example", "gen_prompt"):
            exec(compile(ast.Module([node], []), "evaluate.py", "exec"), known)  # noqa: S102
    lead = known["gen_prompt"](pandas.DataFrame(dev), subject, SHOTS)
    frame = pandas.DataFrame(test)
    return [lead + known["format_example"](frame, i, include_answer=False) for i in range(len(test))]


def examples(dev):
    """One of each right answer in turn, the most frequent first, equally frequent ones shuffled."""
    rng, by_answer, by_count, order = random.Random(0), defaultdict(list), defaultdict(list), []
    for row in dev:
        by_answer[row[1 + LETTERS.index(row[5])]].append(row)
    for answer in sorted(by_answer):
        by_count[len(by_answer[answer])].append(answer)
    for count in sorted(by_count, reverse=True):
        rng.shuffle(by_count[count])
        order += by_count[count]
    out, answers = [], cycle(order)
    while len(out) < SHOTS:
        if left := by_answer[next(answers)]:
            out.append(left.pop(rng.randrange(len(left))))
    return out


def block(row, *, answered):
    choices = "".join(f"{letter}. {text}\n" for letter, text in zip(LETTERS, row[1:5]))
    return f"Question: {row[0]}\n{choices}Answer:" + (f" {row[5]}\n" if answered else "")


def helm(dev, test, subject):
    lead = [f"The following are multiple choice questions (with answers) about {subject.replace('_', ' ')}.\n"]
    lead += [block(row, answered=True) for row in examples(dev)]
    return ["\n".join([*lead, block(row, answered=False)]) for row in test]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--evaluate", required=True, type=Path)
    parser.add_argument("--data", required=True, type=Path)
    arguments = parser.parse_args()
    evaluate = arguments.evaluate.read_text(encoding="utf-8")
    suites = {"mmlu_original": {}, "mmlu_helm": {}}
    for file in sorted((arguments.data / "mmlu" / "data" / "test").glob("*_test.csv")):
        subject = file.name.removesuffix("_test.csv")
        dev, test = rows(arguments.data, "dev", subject), rows(arguments.data, "test", subject)[:QUESTIONS]
        for name, prompts in (("mmlu_original", original(evaluate, dev, test, subject)), ("mmlu_helm", helm(dev, test, subject))):
            suites[name][subject] = sha256("".join(sha256(prompt) + "\n" for prompt in prompts))
    about = f"made by variants.py: a digest of the digests of the contexts of the first {QUESTIONS} questions, a line each"
    (HERE / "variants.json").write_text(json.dumps({"about": about, "suites": suites}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
