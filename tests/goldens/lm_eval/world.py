#!/usr/bin/env python3
"""Holds a bundled model's answers to the world's questions against lm-evaluation-harness, question by question.

    python tests/goldens/lm_eval/world.py build/release/moebench models/bundled/world-moe [--suite world] [--limit 180]

Runs the suite, exports its samples, has `inspect prompt` tell each question's prompt and choices, and gives those to the
harness's own Hugging Face model in float32; of some prompts also compares all logits, with what `inspect logits` says. Exits
with 1 where a log-likelihood differs by more than 1e-4, an answer does, or a logit by more than 2e-5 of the largest.
Not one of the tests: it needs an environment with torch, transformers and lm_eval.
"""
import argparse
import collections
import json
import subprocess
import sys
import tempfile

import torch
from lm_eval.api.instance import Instance
from lm_eval.models.huggingface import HFLM

TOLERANCE = 1e-4
LOGIT_TOLERANCE = 2e-5


def lines(*command):
    return [json.loads(line) for line in subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()]


def logit_difference(program, target, model, prompts):
    """Of all positions of the prompts: the largest, over the largest |logit| of its prompt."""
    worst = 0.0
    for prompt in prompts:
        ids = model.tok_encode(prompt)
        told, = lines(program, "inspect", "logits", "--target", f"{target}@dtype=f32", "--tokens", ",".join(map(str, ids)), "--json")
        with torch.no_grad():
            theirs = model.model(torch.tensor([ids])).logits[0]
        worst = max(worst, ((torch.tensor(told["logits"]) - theirs).abs().max() / theirs.abs().max()).item())
    return worst


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("model")
    parser.add_argument("--suite", default="world")
    parser.add_argument("--limit", default="180")
    a = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        store = f"{folder}/s.sqlite"
        subprocess.run([a.program, "run", a.suite, "--target", f"{a.model}@dtype=f32", "--limit", a.limit, "--db", store], check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        ours = collections.defaultdict(dict)
        for row in lines(a.program, "sql", "SELECT task, document, choice, log_likelihood FROM answer ORDER BY task, document, choice",
                         "--json", "--db", store):
            ours[row["task"], row["document"]][row["choice"]] = row["log_likelihood"]
    requests, keys, prompts = [], [], []
    for task, document in ours:
        prompt, = lines(a.program, "inspect", "prompt", "--suite", a.suite, "--target", a.model, "--task", task, "--document",
                        str(document), "--json")
        prompts.append(prompt["context"])
        for choice, request in enumerate(prompt["requests"]):
            requests.append(Instance("loglikelihood", {}, (prompt["context"], request["continuation"]), choice))
            keys.append((task, document, choice))
    theirs = collections.defaultdict(dict)
    model = HFLM(pretrained=a.model, dtype="float32", batch_size=64, device="cpu")
    for (task, document, choice), (log_likelihood, _) in zip(keys, model.loglikelihood(requests)):
        theirs[task, document][choice] = log_likelihood
    worst = max(abs(ours[key][c] - theirs[key][c]) for key in ours for c in ours[key])
    answers = sum(max(ours[key], key=ours[key].get) != max(theirs[key], key=theirs[key].get) for key in ours)
    logits = logit_difference(a.program, a.model, model, prompts[:20])
    print(f"{len(ours)} questions: largest difference of a log-likelihood {worst:.2g}, answers that differ {answers}; "
          f"of a logit {logits:.2g} of the largest")
    return 1 if answers or worst > TOLERANCE or logits > LOGIT_TOLERANCE else 0


if __name__ == "__main__":
    sys.exit(main())
