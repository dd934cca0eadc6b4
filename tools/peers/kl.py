"""What quantising does to trained models: Kullback-Leibler divergence of the next token's probabilities, a program's quantised
weights against its own bf16."""
import argparse
import dataclasses
import json
import math
import os
import pathlib
import statistics
import subprocess
from collections import Counter
from collections.abc import Callable

import gguf
import numpy as np
from agreement import Agreement, agreement, check_typical
from files import gguf as gguf_of
from files import say
from programs import Program
from shapes import ROOT, Contender
from tokenizers import Tokenizer

BUNDLED = ("world-moe", "world-dense", "world-dense-large")
STORIES = "checkpoints/stories260K"
DOCUMENTS, FIRST = 400, 1_000_000  # of the world's text; the models were trained on documents before these
ROW, ROWS, SMOKE_ROWS = 64, 64, 2  # tokens that a training row had, and how many of them
OURS, THEIRS = Contender("moebench"), Contender("llama.cpp")
PAIRS = ((OURS, Contender("moebench", "int8")), (OURS, Contender("moebench", "int4")),
         (THEIRS, Contender("llama.cpp", "Q8_0")), (THEIRS, Contender("llama.cpp", "Q4_K_M")))


@dataclasses.dataclass(frozen=True)
class Trained:
    name: str
    checkpoint: pathlib.Path
    text: str  # what the ids are
    rows: list[list[int]]


def world_rows(program: pathlib.Path, count: int) -> list[list[int]]:
    """Documents one behind the other, as in training."""
    printed = subprocess.run([program, "inspect", "corpus", "--documents", str(DOCUMENTS), "--first", str(FIRST)],
                             capture_output=True, text=True, check=True).stdout
    tokenizer = Tokenizer.from_file(str(ROOT / "models/bundled/tokenizer/tokenizer.json"))
    ids = [i for line in printed.splitlines() for i in tokenizer.encode(json.loads(line)).ids]
    if len(ids) < count * ROW:
        raise RuntimeError(f"{DOCUMENTS} documents of the world's text: expected {count * ROW} tokens, found {len(ids)}")
    return [ids[i * ROW : (i + 1) * ROW] for i in range(count)]


def trained(options: argparse.Namespace) -> list[Trained]:
    count = SMOKE_ROWS if options.smoke else ROWS
    rows, text = world_rows(options.program, count), f"the bundled world's text, {count} rows of {ROW}"
    found = [Trained(name, ROOT / "models/bundled" / name, text, rows) for name in BUNDLED]
    folder = pathlib.Path(os.environ.get("MOEBENCH_DATA", ROOT / "../shared/data")) / STORIES
    if not folder.is_dir():
        say(f"{folder} is not there: without stories260K")
        return found
    stories = [item["ids"] for item in json.loads((folder / "golden_nll.json").read_text())["items"]]
    return [*found, Trained("stories260K", folder / "hf", f"{len(stories)} stories", stories)]


def log_probabilities(contender: Contender, model: Trained, options: argparse.Namespace) -> tuple[np.ndarray, dict]:
    path = model.checkpoint
    if contender.program == "llama.cpp":
        folder = options.work / "trained" / model.name
        folder.mkdir(parents=True, exist_ok=True)
        path = gguf_of(model.checkpoint, folder, contender.weights, options.threads)
    with Program(contender, path, options) as program:
        return np.concatenate([program.log_probabilities(ids) for ids in model.rows]), program.facts


def same_in_bf16(model: Trained, truths: dict[Contender, np.ndarray]) -> Agreement:
    """Else the weights of one program are not the other's, and its divergence is that of another model."""
    found = agreement(truths[THEIRS], truths[OURS])
    say(f"{model.name}: {THEIRS.title} against {OURS.title}: {found.text}")
    check_typical(found, THEIRS.weights, f"{model.name}: {THEIRS.title} beside {OURS.title}")
    return found


def stored_types(model: Trained, contender: Contender, options: argparse.Namespace) -> str:
    """llama.cpp's choice for matrices, with their share of the elements: rows that no block divides get another type."""
    elements, stored_bytes = Counter(), 0
    for tensor in gguf.GGUFReader(options.work / "trained" / model.name / f"{contender.weights}.gguf").tensors:
        if len(tensor.shape) > 1:
            elements[tensor.tensor_type.name] += int(tensor.n_elements)
            stored_bytes += int(tensor.n_bytes)
    shares = ", ".join(f"{name} {count / elements.total():.0%}" for name, count in elements.most_common())
    return f"{shares}: {8 * stored_bytes / elements.total():.1f} bits an element"


def divergence(truth: np.ndarray, theirs: np.ndarray, rows: list[list[int]]) -> dict:
    """Mean over tokens, its standard error over rows, and the share of positions with the same likeliest token."""
    each = (np.exp(truth) * (truth - theirs)).sum(-1)
    by_row = [float(part.mean()) for part in np.split(each, np.cumsum([len(row) for row in rows])[:-1])]
    return {"kl": float(each.mean()), "standard_error": statistics.stdev(by_row) / math.sqrt(len(by_row)),
            "top1": float((truth.argmax(-1) == theirs.argmax(-1)).mean()), "tokens": len(each)}


def table(model: Trained, found: dict[str, dict], same: Agreement) -> str:
    tokens = sum(len(row) for row in model.rows)
    lines = [f"**{model.name}: {model.text}, {tokens} tokens**", "",
             "| against the same program's bf16 | KL, nats a token | same likeliest token | matrices are stored as |",
             "|---|---:|---:|---|"]
    for title, value in found.items():
        lines.append(f"| {title} | {value['kl']:.2g} ± {value['standard_error']:.1g} | {value['top1']:.1%} | {value['types']} |")
    return "\n".join([*lines, "", f"{THEIRS.title} against {OURS.title}: {same.text}."])


def divergences(options: argparse.Namespace, save: Callable[[dict], None]) -> None:
    for model in trained(options):
        found, facts, truths = {}, {}, {}
        for bf16 in (OURS, THEIRS):
            truths[bf16], facts[bf16.title] = log_probabilities(bf16, model, options)
        same = same_in_bf16(model, truths)
        for bf16, quantised in PAIRS:
            theirs, said = log_probabilities(quantised, model, options)
            own = quantised.program == OURS.program
            found[quantised.title] = divergence(truths[bf16], theirs, model.rows) | {
                "types": f"{said['weights']}, the head {said['head']}" if own else stored_types(model, quantised, options)}
            say(f"{model.name}: {quantised.title}: {found[quantised.title]}")
        save({"title": model.name, "facts": facts, "divergences": found, "same_in_bf16": dataclasses.asdict(same),
              "table": table(model, found, same)})
