#!/usr/bin/env python3
"""What lm-evaluation-harness 0.4.13 makes of windows, prompts, pairs, answers and WikiText pages: the .json files beside this script.

pip install lm_eval==0.4.13 torch==2.11.0 transformers==5.17.0 tokenizers
python make.py --data $MOEBENCH_DATA
"""

import argparse
import csv
import hashlib
import json
import random
import re
from pathlib import Path
from types import SimpleNamespace

import datasets
import lm_eval
import transformers
from lm_eval import utils
from lm_eval.api.metrics import aggregate_subtask_metrics, bits_per_byte, mean, mean_stderr, pooled_sample_stderr, weighted_perplexity
from lm_eval.api.model import TemplateLM
from lm_eval.api.task import ConfigurableTask
from lm_eval.models.huggingface import HFLM
from lm_eval.tasks.wikitext.preprocess_wikitext import wikitext_detokenizer
from lm_eval.tasks._yaml_loader import load_yaml
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers

HERE = Path(__file__).resolve().parent
ABOUT = f"made by make.py with lm_eval {lm_eval.__version__}"


def write(name, content):
    text = json.dumps({"about": ABOUT} | content, ensure_ascii=False, indent=None, separators=(",", ":"))
    (HERE / name).write_text(re.sub(r"(\},|\],)(?=[{\[]\")", r"\1\n", text) + "\n", encoding="utf-8")


def sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()


def windows():
    """Pairs (context, continuation) of rolling windows: the model sees (context + continuation)[:-1]."""
    draw = random.Random(1)
    shapes = [(n, length) for n in (0, 1, 2, 7, 8, 9, 15, 16, 17, 24) for length in (1, 2, 8)]
    shapes += [(draw.randrange(1, 60), draw.randrange(1, 20)) for _ in range(30)]
    cases = []
    for n, length in shapes:
        ids = [draw.randrange(100) for _ in range(n)]
        pairs = utils.get_rolling_token_windows(token_list=ids, prefix_token=100, max_seq_len=length, context_len=1)
        cases.append({"ids": ids, "prefix": 100, "max_tokens": length, "windows": [utils.make_disjoint_window(p) for p in pairs]})
    write("windows.json", {"cases": cases})


def tokenizer(sample):
    """A byte-level BPE of 330 tokens with a BOS in front, as Llama 3's."""
    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    special = ["<s>", "</s>"]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    bpe.train_from_iterator(sample, trainers.BpeTrainer(vocab_size=330, special_tokens=special, initial_alphabet=alphabet))
    bpe.post_processor = processors.TemplateProcessing(single="<s> $A", pair="<s> $A $B", special_tokens=[("<s>", 0)])
    bpe.save(str(HERE / "tokenizer.json"))
    return transformers.PreTrainedTokenizerFast(tokenizer_object=bpe, bos_token="<s>", eos_token="</s>")


class Encoder(TemplateLM):
    """lm-eval's own way from text to ids, without a model."""

    backend = "causal"
    eot_token_id = prefix_token_id = 0
    loglikelihood_rolling = generate_until = None

    def __init__(self, tokens):
        super().__init__()
        self.hf = SimpleNamespace(tokenizer=tokens, prefix_token_id=0, add_bos_token=None)

    def tok_encode(self, string, add_special_tokens=None, **_):
        return HFLM.tok_encode(self.hf, string, add_special_tokens=add_special_tokens)

    def _loglikelihood_tokens(self, requests, **_):
        return [(context, continuation) for _, context, continuation in requests]


Encoder.__abstractmethods__ = frozenset()


def encode():
    pairs = [
        ("The answer is", " yes"), ("The answer is ", "yes"), ("The answer is \n\t ", "yes"), ("a\u00a0\u3000", "b"),
        ("", "yes"), ("", " yes"), ("", "<s>yes"), ("<s>The answer", " is"), ("   ", "yes"), ("\n", "\n"),
        ("Question: what is it?\nAnswer:", " A"), ("Question: what is it?\nAnswer:", " the thing"), ("the th", "ing"),
        ("caf\u00e9 ", "\u4e16\u754c"), ("x</s>", " y"), ("a<s>", "b"), ("the", "re the re"), ("a\x1c", "b"), ("a\u200b", "b"),
    ]
    oracle = Encoder(tokenizer(["the thing is the answer there", "Question: what is it? Answer: the thing", "yes yes is it"] * 20))
    requests = [SimpleNamespace(args=pair) for pair in pairs]
    found = oracle.loglikelihood(requests, disable_tqdm=True)
    keys = ("context", "continuation", "context_ids", "continuation_ids")
    write("encode.json", {"cases": [dict(zip(keys, (*pair, *ids))) for pair, ids in zip(pairs, found)]})


def task(documents, examples, config):
    splits = {"test": datasets.Dataset.from_list(documents), "dev": datasets.Dataset.from_list(examples)}
    return ConfigurableTask(config=config | {"custom_dataset": lambda **_: splits})


def mmlu_task(subject, documents, examples):
    config = load_yaml(Path(lm_eval.__file__).parent / f"tasks/mmlu/default/mmlu_{subject}.yaml", resolve_func=False)
    config = {k: v for k, v in config.items() if k not in ("tag", "include")}
    config["validation_split"] = None
    return task(documents, examples, config)


def contexts(of, shots):
    of.set_config("num_fewshot", shots)
    return [of.fewshot_context(document, num_fewshot=shots) for document in of.test_docs()]


def requests_digest(of, shots):
    """sha256 over the sha256 of every request's context and continuation, one a line."""
    lines = ""
    for document, context in zip(of.test_docs(), contexts(of, shots)):
        for request in of.construct_requests(document, context):
            lines += sha256("".join(request.args)) + "\n"
    return sha256(lines)


def read_mmlu(data, subject, split):
    with open(data / f"mmlu/data/{split}/{subject}_{split}.csv", encoding="utf-8", newline="") as f:
        return [{"question": q, "subject": subject, "choices": c, "answer": "ABCD".index(letter)} for q, *c, letter in csv.reader(f)]


def mmlu(data):
    def document(question, choices, answer):
        return {"question": question, "subject": "college_biology", "choices": choices, "answer": answer}

    small = [
        document("  What is 1+1? \n", ["1", " 2", "3 ", "4"], 1),
        document("\u00a0\u3000Say \"no\",\nor\tyes\u2028", ["{{a}}", "b\\n", "caf\u00e9", ""], 2),
        document("Which {brace} opens?", ["{", "}", "{}", "{{ question }}"], 3),
    ]
    examples = [document(f" Example {i}?\n", ["w", "x ", " y", "z"], i % 4) for i in range(5)]
    of = mmlu_task("college_biology", small, examples)
    out = {"documents": small, "examples": examples, "contexts": {str(n): contexts(of, n) for n in (0, 1, 5)}, "subjects": {}}
    for file in sorted((data / "mmlu/data/test").glob("*_test.csv")):
        subject = file.name.removesuffix("_test.csv")
        of = mmlu_task(subject, read_mmlu(data, subject, "test"), read_mmlu(data, subject, "dev"))
        out["subjects"][subject] = requests_digest(of, 5)
    write("mmlu.json", out)


def grading():
    """Answers of a task of choices scored by text, as lm-eval grades and pools them."""
    draw = random.Random(2)
    config = {
        "task": "t", "output_type": "multiple_choice", "test_split": "test", "fewshot_split": "dev", "doc_to_text": "{{q}}",
        "doc_to_choice": "{{choices}}", "doc_to_target": "{{gold}}",
        "metric_list": [{"metric": m, "aggregation": "mean", "higher_is_better": True} for m in ("acc", "acc_norm")],
    }
    texts = ["a", "bc", "caf\u00e9", "\u4e16\u754c", "a longer answer", "\U0001f600", "e\u0301", "xyz"]
    tasks, scores = [], {"acc": [], "acc_norm": []}
    for name, size in (("one", 2), ("two", 7), ("three", 40), ("four", 13)):
        documents = [{"q": "?", "choices": draw.sample(texts, draw.choice((2, 4, 5))), "gold": 0} for _ in range(size)]
        for d in documents:
            d["gold"] = draw.randrange(len(d["choices"]))
            d["log_likelihood"] = [draw.choice((-1.0, -2.0, -3.0, -4.5, draw.uniform(-9, 0))) for _ in d["choices"]]
        of = task(documents, documents[:1], config)
        for d in documents:
            d |= of.process_results(d, [(x, False) for x in d["log_likelihood"]])
        row = {"name": name, "documents": documents}
        for metric in scores:
            values = [d[metric] for d in documents]
            row |= {metric: mean(values), metric + "_stderr": mean_stderr(values)}
            scores[metric].append((row[metric], row[metric + "_stderr"], size))
        tasks.append(row)
    groups = {}
    for group, members in (("", [0, 1, 2, 3]), ("pair", [1, 2]), ("single", [3])):
        groups[group] = {"members": [tasks[i]["name"] for i in members]}
        for metric, rows in scores.items():
            means, errors, sizes = zip(*(rows[i] for i in members))
            groups[group] |= {metric: aggregate_subtask_metrics(means, sizes), metric + "_stderr": float(pooled_sample_stderr(errors, sizes))}
    write("grading.json", {"tasks": tasks, "groups": groups})


def pages_of(data):
    """Our own rule, that of datasets/readers/wikitext.cpp: lm-eval downloads documents that are cut already. It gives 62, as many as theirs."""
    page = []
    for line in (data / "wikitext2/test.txt").read_text(encoding="utf-8").split("\n"):
        heading = line.replace("= = =", "===").replace("= =", "==").strip()
        if heading.startswith("= ") and heading.endswith(" ="):
            if "\n".join(page).strip():
                yield "\n".join(page)
            page = []
        page.append(line)
    yield "\n".join(page)


def wikitext(data):
    def counts(text):
        return {"words": len(re.split(r"\s+", text)), "bytes": len(text.encode())}

    strings = [
        "", " ", "a", " = Title = \n \n The dogs ' house , ( a ) [ b ] { c } \" d \" ' e ' . \n", "/' 5/ and /' 5 and /' x/",
        "1 @,@ 000 @.@ 5 @-@ x", "= = = = a = = = = \n = = b = = ", "10 \u00b0 C ; N : yes ! no ? it 's", "( unclosed [ b ) c ]", "(\n a \n)",
        " N N N ", "a @-@ @-@ b", "\u00a0a\u3000 b\x1cc", "\" a \" b \" c", "( ( a ) )", "'s 's s ' ' ", "\"\" '' () [] {}", " \n \n ",
        " , , , ", "( \u00a0 x \u3000 )", "caf\u00e9 . \u4e16\u754c", "= = = = = =", "\u2028 . \u2029",
    ]
    pieces = [" ", "\n", "'", "\"", "(", ")", "[", "]", " N ", "= ", "s", "@-@", ",", " . ", "\u00b0", "x", "/' 7/"]
    draw = random.Random(3)
    strings += ["".join(draw.choice(pieces) for _ in range(draw.randrange(4, 30))) for _ in range(200)]
    pages = list(pages_of(data))
    scored = [(-draw.uniform(1, 900), counts(p)["words"], counts(p)["bytes"]) for p in pages]
    by_words, by_bytes = [(s, w) for s, w, _ in scored], [(s, b) for s, _, b in scored]
    values = {"word_perplexity": weighted_perplexity(by_words), "byte_perplexity": weighted_perplexity(by_bytes), "bits_per_byte": bits_per_byte(by_bytes)}
    write(
        "wikitext.json",
        {
            "strings": [counts(s) | {"text": s, "detokenized": wikitext_detokenizer({"page": s})} for s in strings],
            "pages": [counts(p) | {"sha256": sha256(wikitext_detokenizer({"page": p}))} for p in pages],
            "perplexity": {"documents": scored, "values": values},
        },
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the folder that $MOEBENCH_DATA names")
    arguments = parser.parse_args()
    windows()
    encode()
    grading()
    wikitext(arguments.data)
    mmlu(arguments.data)
