#!/usr/bin/env python3
"""The fixed examples of suites whose prompts have some: datasets/examples/*.jsonl, with the field names of the data they stand beside.

bbh_*: the three examples with their reasons of every BIG-Bench Hard task, from lm-evaluation-harness 0.4.13 (tasks/bbh/cot_fewshot, MIT), which
has them of suzgunmirac/BIG-Bench-Hard (MIT). olmes_*: the five of OLMES (arXiv:2406.08446), taken out of the golden requests of allenai/OLMo
(Apache-2.0) in $MOEBENCH_DATA/fixtures/oe_eval_requests; of ARC, BoolQ and PIQA, whose licences datasets/*.toml name.

python examples.py --tasks .../lm_eval/tasks --requests $MOEBENCH_DATA/fixtures/oe_eval_requests
"""

import argparse
import gzip
import json
from pathlib import Path

import yaml

OUT = Path(__file__).resolve().parents[3] / "datasets" / "examples"


def write(name, records):
    text = "".join(json.dumps(record) + "\n" for record in records)
    (OUT / f"{name}.jsonl").write_text(text, encoding="ascii")


def bbh(tasks):
    for file in sorted((tasks / "bbh" / "cot_fewshot").glob("[a-z]*.yaml")):
        samples = yaml.safe_load(file.read_text(encoding="utf-8"))["fewshot_config"]["samples"]
        write(f"bbh_{file.stem}", [{"input": one["input"], "target": one["target"]} for one in samples])


def asked(requests, task):
    """The examples before the first question of a task, as they stand there."""
    with gzip.open(requests / task / "requests.jsonl.gz", "rt", encoding="utf-8") as lines:
        first = json.loads(next(lines))
    query, context = first["doc"]["query"], first["request"]["context"]
    assert context.endswith(query)
    return context.removesuffix(query).removesuffix("\n\n").split("\n\n")


def lettered(example):
    """Question, choices and the number of the right one, of an example that is answered by letter."""
    body, answer = example.rsplit("\nAnswer: ", 1)
    question, *choices = body.split("\n ")
    assert all(choice.startswith(f"{chr(ord('A') + i)}. ") for i, choice in enumerate(choices))
    return question, [choice[3:] for choice in choices], ord(answer) - ord("A")


def arc(requests, task):
    for example in asked(requests, f"{task}/test_mc_5shot"):
        question, choices, gold = lettered(example)
        labels = [chr(ord("A") + i) for i in range(len(choices))]
        yield {"question": question.removeprefix("Question: "), "choices": {"text": choices, "label": labels}, "answerKey": labels[gold]}


def piqa(requests):
    for example in asked(requests, "piqa/val_mc_5shot"):
        question, choices, gold = lettered(example)
        yield {"goal": question.removeprefix("Goal: "), "sol1": choices[0], "sol2": choices[1], "label": gold}


def boolq(requests):
    for example in asked(requests, "boolq/mc_5shot"):
        text, choices, gold = lettered(example)
        assert choices == ["yes", "no"]
        passage, question = text.split("\nQuestion: ")
        yield {"question": question.removesuffix("?"), "passage": passage, "label": 1 - gold}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", required=True, type=Path)
    parser.add_argument("--requests", required=True, type=Path)
    arguments = parser.parse_args()
    OUT.mkdir(exist_ok=True)
    bbh(arguments.tasks)
    for task in ("arc_easy", "arc_challenge"):
        write(f"olmes_{task}", list(arc(arguments.requests, task)))
    write("olmes_piqa", list(piqa(arguments.requests)))
    write("olmes_boolq", list(boolq(arguments.requests)))


if __name__ == "__main__":
    main()
