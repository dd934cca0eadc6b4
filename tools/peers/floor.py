"""The least time that a step takes on a machine, and how near to it a program comes.

A step is a sequence of operations. Each reads its bytes while it multiplies and adds, so it takes the longer of the two at the
machine's ceilings, and the step takes their sum, its floor:

    floor = sum over operations of max(bytes / read rate, FLOP / multiply-add rate)

The rates are those of memory that no cache holds and of float32 in registers, which is what moebench multiplies in whatever the
weights are stored as. They are measured at the beginning of each round, with as many threads: machines that others share give
different ones from one minute to the next. What a step of T new tokens has to do moebench says (serve-steps, from models/cost.h),
all layers together:

    attention     weights of q, k, v and the output, once                          2 FLOP a weight and token
    cache         keys and values of the context, and those of the new tokens      2 FLOP an element that a query head sees
    router        its weights, once                                                2 FLOP a weight and token
    feed_forward  the weights of every expert that a token goes to, once           2 FLOP a weight of its k experts, and token
    head          its weights, once                                                2 FLOP a weight and sequence
    rest          norms, and the tokens' rows of the embedding                     none

Experts that tokens go to are counted over the very tokens that are timed. Were the choice of k of E even and independent, they
would be E (1 - (1 - k / E)^T) in a layer. Weights are as many bytes as the program keeps them in. Nothing is counted twice and
activations not at all, so no step from memory is faster; one that reads from a cache may be.
"""
import statistics

from table import Interval, median_interval, shown

Work = dict[str, dict[str, float]]  # "bytes" and "flops" by operation
Ceiling = dict[str, float]  # "read" in bytes/s, "multiply_add" in FLOP/s


def floor_s(work: Work, ceiling: Ceiling) -> float:
    return sum(max(part["bytes"] / ceiling["read"], part["flops"] / ceiling["multiply_add"]) for part in work.values())


def shares(work: Work, ceilings: list[Ceiling], rounds: list[list[float]]) -> list[float]:
    """Floor over median step, each within its round."""
    return [floor_s(work, ceiling) / statistics.median(times) for ceiling, times in zip(ceilings, rounds, strict=True)]


def percent(interval: Interval) -> str:
    return f"{100 * interval.estimate:.0f} % [{100 * interval.low:.0f}, {100 * interval.high:.0f}]"


def floor_table(model: dict) -> str:
    """A row for each step: the floor of each program that says what its steps do, and the share of that speed that it reaches."""
    programs = [who for who, steps in model["prepared"].items() if all("work" in found for found in steps.values())]
    ceilings = model["ceilings"]
    head = ["ms a step", *(column for who in programs for column in (f"floor of {who}", "reached"))]
    lines = ["| " + " | ".join(head) + " |", "|---" + "|---:" * (len(head) - 1) + "|"]
    for step in model["step_s"][programs[0]]:
        row = [step]
        for who in programs:
            work = model["prepared"][who][step]["work"]
            row.append(shown(median_interval([1e3 * floor_s(work, ceiling) for ceiling in ceilings])))
            row.append(percent(median_interval(shares(work, ceilings, model["step_s"][who][step]))))
        lines.append("| " + " | ".join(row) + " |")
    return "\n".join(lines)
