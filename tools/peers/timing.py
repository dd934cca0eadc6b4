"""The steps of a model: everybody checked, then timed in turn, round by round."""
import argparse
import contextlib
import dataclasses
import json
import pathlib
import time
from collections.abc import Callable, Iterator

import numpy as np
from agreement import Agreement, agreement, check
from files import Files, kept, say, stamp_of
from floor import Ceiling
from programs import Program, in_turn
from shapes import OURS, REFERENCE, Model, Pair, Step, random_ids
from table import Rounds, groups, markdown, median_interval, ratios, speeds

PROMPT_TOKENS = 48  # of the check
Programs = dict  # of Contender: Program


def reference_log_probabilities(files: Files, ids: list[int], options: argparse.Namespace) -> np.ndarray:
    """Kept beside the weights: float32 needs twice their memory."""
    def write(file: pathlib.Path) -> None:
        with Program(REFERENCE, files.of(REFERENCE), options) as reference, file.open("wb") as out:
            np.save(out, reference.log_probabilities(ids))
    stamp = stamp_of(files.checkpoint, ("transformers_peer.py", "serving.py"), str(ids))
    return np.load(kept(files.checkpoint / "float32.npy", stamp, write))


def check_all(programs: Programs, truth: np.ndarray, ids: list[int], name: str) -> dict[str, Agreement]:
    found = {}
    for contender, program in programs.items():
        found[contender.title] = agreement(program.log_probabilities(ids), truth)
        say(f"{name}: {contender.title} against transformers float32: {found[contender.title].text}")
        check(found[contender.title], contender.weights, contender.title)
    return found


def prepare_all(programs: Programs, steps: list[Step], model: Model) -> dict:
    prepared = {}
    for contender, program in programs.items():
        began = time.monotonic()
        prepared[contender.title] = {s.title: program.prepare(s, model.config["vocab_size"]) for s in steps}
        chosen = json.dumps({s: p["variant"] for s, p in prepared[contender.title].items()})
        say(f"{model.name}: {contender.title}, prepared in {time.monotonic() - began:.0f} s: {chosen}")
    return prepared


def measure(programs: Programs, steps: list[Step], count: int, name: str) -> Iterator[tuple[Rounds, list[Ceiling]]]:
    """Round by round, each program alone on the machine, another one first each time. What is there after each round."""
    rounds: Rounds = {contender: {step: [] for step in steps} for contender in programs}
    ours, ceilings = next(contender for contender in programs if contender.program == OURS.program), []
    for number in range(count):
        ceilings.append(programs[ours].ceilings())
        for contender in in_turn(list(programs), number):
            began = time.monotonic()
            for step, times in programs[contender].round(steps).items():
                rounds[contender][step].append(times)
            say(f"{name}: round {number + 1} of {count}, {contender.title}: {time.monotonic() - began:.0f} s")
        yield rounds, ceilings


def results(pairs: list[Pair], steps: list[Step], rounds: Rounds, ceilings: list[Ceiling], title: str) -> dict:
    return {"ceilings": ceilings,
            "step_s": {c.title: {s.title: rounds[c][s] for s in steps} for c in rounds},
            "tokens_per_s": {c.title: {s.title: vars(median_interval(speeds(s, rounds[c][s]))) for s in steps} for c in rounds},
            "ratios": [{"ours": p.ours.title, "theirs": p.theirs.title, "step": s.title, "rounds": ratios(p, s, rounds),
                        **vars(median_interval(ratios(p, s, rounds)))} for p in pairs for s in steps],
            "tables": [markdown(title, group, steps, rounds) for group in groups(pairs)]}


def time_model(model: Model, pairs: list[Pair], steps: list[Step], options: argparse.Namespace,
               save: Callable[[dict], None]) -> None:
    """`save` gets what is known after each round."""
    files, ids = Files(model, options.work, options.threads), random_ids(PROMPT_TOKENS, model.config["vocab_size"], 1)
    contenders = dict.fromkeys(c for pair in pairs for c in (pair.ours, pair.theirs))
    paths = {contender: files.of(contender) for contender in contenders}
    truth = reference_log_probabilities(files, ids, options)
    with contextlib.ExitStack() as stack:
        programs = {c: stack.enter_context(Program(c, paths[c], options)) for c in contenders}
        agreed = check_all(programs, truth, ids, model.name)
        known = {"title": f"{model.title}: {', '.join(c.title for c in contenders)}", "model": model.title, "config": model.config,
                 "facts": {c.title: p.facts for c, p in programs.items()},
                 "agreement": {title: dataclasses.asdict(a) | {"text": a.text} for title, a in agreed.items()},
                 "prepared": prepare_all(programs, steps, model)}
        for rounds, ceilings in measure(programs, steps, options.rounds, model.name):
            save(known | results(pairs, steps, rounds, ceilings, model.title))
