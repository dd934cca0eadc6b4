#!/usr/bin/env python3
"""What lm-evaluation-harness 0.4.13 asks in mmlu_pro and bbh_cot_fewshot, and what it makes of generated texts: reasons.json.

The hub's data are not at hand: the records here are made up, with its fields. Tasks, prompts, filters and scores are lm-eval's own.

pip install lm_eval==0.4.13 datasets==5.2.0
python reasons.py
"""

import hashlib
import json
from pathlib import Path

import datasets
import lm_eval
from lm_eval.tasks import TaskManager

HERE = Path(__file__).resolve().parent
STEPS = "A: Let's think step by step. "


def pro(number, options, answer, reasons=""):
    return {"question_id": number, "question": f"  What is {number} + {number}, in\nwords? ", "options": options, "answer": "ABCDEFGHIJ"[answer],
            "answer_index": answer, "cot_content": reasons, "category": "computer science", "src": "made up"}


PRO = {"validation": [pro(n, [f" option {i} ", f"{i + n}", "None"], n % 3, f"{STEPS}It is {n}. {STEPS}The answer is ({'ABC'[n % 3]}).")
                      for n, i in zip(range(5), range(7, 12))],
       "test": [pro(20, [f"choice {i}\t" for i in range(10)], 8), pro(21, ["yes", " no "], 1), pro(22, ["é", "{{x}}", "A. B"], 2)]}
BBH = {"test": [{"input": "Which one is it?\nOptions:\n(A) this  \n(B) é {{x}}", "target": "(B)"}, {"input": " x ", "target": "yes"}]}
GENERATED = {
    "mmlu_pro_computer_science": ["It is so. The answer is (I).", "the answer is I", "answer is (B) or the answer is (I)", "The answer is: I", "",
                                  "answer is i", "answer is (K) so answer is I", "The answer\nis (I)", "answer is (I"],
    "bbh_cot_fewshot_date_understanding": ["So the answer is (B).", "So the answer is (B)", "the answer is (B).\nthe answer is (A).", "no", "",
                                           "the answer is\n(B).", "the answer is (B)。", "the answer is  (B) .", "The answer is (B).",
                                           "the answer is (A). So the answer is (B).", "the answer is .", "the answer is \n", "the answer is (B)\u00e9",
                                           "the answer is the answer is (B)."]}


def sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()


def task_of(manager, name):
    loaded = manager.load_task_or_group(name) if hasattr(manager, "load_task_or_group") else manager.load(name)["tasks"]
    task = loaded[name]
    task.set_fewshot_seed(seed=1234)
    task.build_all_requests(rank=0, world_size=1)
    return task


def judged(task, generated):
    """What is taken out of each text, as an answer to the first document, and whether it is right."""
    rows = []
    for text in generated:
        task._instances = task._instances[:1]
        task._instances[0].resps = [text]
        task.apply_filters()
        (extracted,) = task._instances[0].filtered_resps.values()
        score = task.process_results(task._instances[0].doc, [extracted])["exact_match"]
        rows.append({"generated": text, "extracted": extracted, "right": bool(score)})
    return rows


def main():
    manager = TaskManager()
    out = {}
    for name in ["mmlu_pro_computer_science", *sorted(f"bbh_cot_fewshot_{file.stem}" for file in
                                                      (Path(lm_eval.__file__).parent / "tasks/bbh/cot_fewshot").glob("[a-z]*.yaml"))]:
        records = PRO if name.startswith("mmlu_pro") else BBH
        datasets.load_dataset = lambda *_, records=records, **__: datasets.DatasetDict(
            {split: datasets.Dataset.from_list(rows) for split, rows in records.items()})
        task = task_of(manager, name)
        requests = [instance.args for instance in task.instances]
        out[name] = {"contexts": [context if len(out) < 1 or i == 0 and "date" in name else sha256(context) for i, (context, _) in enumerate(requests)],
                     "until": requests[0][1]["until"], "max_gen_toks": requests[0][1]["max_gen_toks"]}
        if name in GENERATED:
            out[name]["answers"] = judged(task, GENERATED[name])
    about = f"made by reasons.py with lm_eval {lm_eval.__version__}: contexts, or their sha256"
    (HERE / "reasons.json").write_text(json.dumps({"about": about, "mmlu_pro": PRO, "bbh": BBH, "tasks": out}, ensure_ascii=False, indent=1) + "\n",
                                       encoding="utf-8")


if __name__ == "__main__":
    main()
