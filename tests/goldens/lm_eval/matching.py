#!/usr/bin/env python3
"""What lm-evaluation-harness 0.4.13 takes out of generated texts, and which it finds right: matching.json.

pip install lm_eval==0.4.13
python matching.py
"""

import json
from pathlib import Path

import lm_eval
from lm_eval.api.metrics import exact_match_hf_evaluate
from lm_eval.filters.extraction import RegexFilter, WhitespaceFilter
from lm_eval.tasks._yaml_loader import load_yaml

HERE = Path(__file__).resolve().parent
TASKS = {"gsm8k": "gsm8k/gsm8k.yaml", "triviaqa": "triviaqa/default.yaml", "nq_open": "nq_open/nq_open.yaml"}
RIGHT = {"gsm8k": [["She has 3 - 1 = <<3-1=2>>2 left.\n#### 2"], ["So\n#### 1,234"], ["#### -7"], ["#### 0.5"]],
         "triviaqa": [["Sunset Blvd", "Sunset Boulevard"], ["É. Zola"], ["3.14"]],
         "nq_open": [["The Beatles", "Beatles"], ["an apple a day"], ["14 December 1972 UTC"]]}
GENERATED = {"gsm8k": [" 2 eggs.\n#### 2", " #### 2.", "2", "", "no number", " #### $1,234 and 5", "it is 1234.", "#### 1,234\n\nQuestion",
                       " -7", "#### -7", " is $0.5", "#### .5", "1 2 3 #### 4\n#### 5", "5.", "$", "a.b", "#### 2 #### 7", "x 7 ... -7"],
             "triviaqa": ["sunset boulevard", "  Sunset Blvd! ", "SUNSET  BLVD", "é zola", "É. ZOLA", "314", "3.14 ", "the sunset blvd", ""],
             "nq_open": ["the Beatles", "Beatles", " The beatles ", "beatles.", "apple a day", "an apple day", "apple day",
                         "14 December 1972 UTC", "theBeatles", ""]}


def filters(config):
    for entry in config["filter_list"]:
        step = dict(entry["filter"][0])
        function = step.pop("function")
        yield entry["name"], RegexFilter(**step) if function == "regex" else WhitespaceFilter()


def main():
    folder = Path(lm_eval.__file__).parent / "tasks"
    tasks = {}
    for task, file in TASKS.items():
        config = load_yaml(folder / file)
        metric = {k: v for k, v in config["metric_list"][0].items() if k.startswith(("ignore", "regexes"))}
        rows = []
        for generated in GENERATED[task]:
            for name, one in filters(config):
                (extracted,), = one.apply([[generated]], [{}])
                right = [bool(exact_match_hf_evaluate([extracted] * len(texts), texts, **metric)["exact_match"] > 0) for texts in RIGHT[task]]
                rows.append({"generated": generated, "filter": name, "extracted": extracted, "right": right})
        tasks[task] = {"texts": RIGHT[task], "rows": rows}
    about = f"made by matching.py with lm_eval {lm_eval.__version__}"
    (HERE / "matching.json").write_text(json.dumps({"about": about, "tasks": tasks}, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
