#!/usr/bin/env python3
"""Digests of the requests that lm-evaluation-harness 0.4.13 makes of the first 200 documents of a task: prompts.json.

The documents come from the files of $MOEBENCH_DATA through the oracle's own loader (its folder is $ORACLE). Needs no model.

pip install lm_eval==0.4.13 torch==2.11.0 transformers==5.17.0 datasets==5.2.0
ORACLE=.../lm_eval_local python prompts.py --data $MOEBENCH_DATA
"""

import argparse
import hashlib
import json
import os
import sys
from pathlib import Path

sys.path.insert(0, os.environ["ORACLE"])
import lm_eval
from lm_eval.tasks import TaskManager
from oracle import LocalTasks

HERE = Path(__file__).resolve().parent
DOCUMENTS = 200
TASKS = {"arc_easy": [0, 5, 25], "arc_challenge": [0, 25], "openbookqa": [0, 5], "hellaswag": [0], "piqa": [0], "winogrande": [0],
         "boolq": [0], "truthfulqa_mc1": [0], "truthfulqa_mc2": [0], "lambada_openai": [0, 3], "mmlu_anatomy_continuation": [0, 5],
         "gsm8k": [5]}


def sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()


def digest(data, name, shots):
    """Over the digests of context + continuation, one a line; of a generation task over contexts."""
    manager = TaskManager()
    manager._factory = LocalTasks(data, shots)
    task = manager._load_spec(name)
    task = task[0] if isinstance(task, list) else task
    task.set_config(key="num_fewshot", value=shots)
    task.set_fewshot_seed(seed=1234)
    task.build_all_requests(limit=DOCUMENTS, rank=0, world_size=1)
    requests = sorted(task.instances, key=lambda request: (request.doc_id, request.idx))
    texts = [args[0] + (args[1] if isinstance(args[1], str) else "") for args in (request.arguments for request in requests)]
    return {"requests": len(texts), "sha256": sha256("".join(sha256(text) + "\n" for text in texts)), "first": texts[0][-200:]}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True, type=Path)
    data = parser.parse_args().data
    tasks = {name: {str(n): digest(data, name, n) for n in shots} for name, shots in TASKS.items()}
    about = f"made by prompts.py with lm_eval {lm_eval.__version__}: the first {DOCUMENTS} documents"
    text = json.dumps({"about": about, "tasks": tasks}, ensure_ascii=False, indent=1)
    (HERE / "prompts.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
