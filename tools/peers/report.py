"""The printed report: a head, and a section for each part that was run."""
import ceilings
from floor import floor_table
from instructions import limits_text
from timing import PROMPT_TOKENS

FEWEST_ROUNDS = 6  # whose extremes hold the median with 95 %


def versions(facts: dict[str, dict], llama_cmake_args: str) -> list[str]:
    """A line for each program that took part, whatever it was asked for."""
    by_program: dict[str, dict] = {}
    for title, found in facts.items():
        by_program[title.split()[0]] = found | by_program.get(title.split()[0], {})
    lines = []
    if found := by_program.get("moebench"):
        numerics = f"; `numerics={found['numerics']}`" if "numerics" in found else ""
        lines.append(f"* {found['version']}{numerics}, at best {found['instructions']}")
    if found := by_program.get("llama.cpp"):
        lines.append(f"* llama.cpp of llama-cpp-python {found['llama_cpp_python']} (ggml {found['ggml']}, {found['commit']}), "
                     f"built with `{llama_cmake_args}`: {found['system']}")
    if found := by_program.get("transformers"):
        lines.append(f"* transformers {found['transformers']}, torch {found['torch']}, {found['capability']}")
    return lines


def rounds_text(result: dict) -> str:
    counts = [len(rounds) for m in result["models"] for steps in m["step_s"].values() for rounds in steps.values()]
    counts += [len(rounds) for k in result["kernels"] for rows in k["seconds"].values() for rounds in rows.values()]
    if not counts:
        return "nothing was timed."
    brackets = "95 % intervals" if min(counts) >= FEWEST_ROUNDS else "extremes (too few rounds for intervals)"
    return f"medians of {min(counts)} interleaved rounds, in brackets their {brackets}."


def head(result: dict) -> str:
    where = result["machine"]
    entries = [entry for part in ("models", "kernels", "kl") for entry in result[part]]
    facts = {title: found for entry in entries for title, found in entry["facts"].items()}
    return "\n".join([
        f"{ceilings.machine_text(where)}; {result['threads']} threads; {result['date']}; "
        f"load before the run {where['load_before']:.2f}; {rounds_text(result)} {limits_text(result['instructions'])}", "",
        ceilings.table(result["ceilings"]), "",
        *versions(facts, result["llama_cmake_args"])])


def notes(model: dict) -> str:
    lines = [f"Against transformers in float32, {PROMPT_TOKENS} positions:"]
    lines += [f"* {title}: {found['text']}" for title, found in model["agreement"].items()]
    chosen = {title: sorted({step["variant"] for step in steps.values()}) for title, steps in model["prepared"].items()}
    lines += ["", "Fastest settings: " + "; ".join(f"{title}: {' / '.join(v)}" for title, v in chosen.items()) + "."]
    return "\n".join(lines)


def report(result: dict) -> str:
    parts = [head(result)]
    for model in result["models"]:
        parts += [*model["tables"], floor_table(model), notes(model)]
    for part in ("kernels", "kl"):
        parts += [entry["table"] for entry in result[part]]
    return "\n\n".join(parts) + "\n"
