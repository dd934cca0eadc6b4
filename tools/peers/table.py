"""From the rounds' step times to speeds, ratios and the Markdown table."""
import dataclasses
import math
import statistics

from shapes import Contender, Pair, Step

COVERAGE = 0.95
Rounds = dict[Contender, dict[Step, list[list[float]]]]  # seconds of steps, round by round


@dataclasses.dataclass(frozen=True)
class Interval:
    estimate: float
    low: float
    high: float


def median_interval(values: list[float]) -> Interval:
    """The median, between the innermost order statistics that hold it with 95 %; the extremes where none do (below 6)."""
    ordered, n = sorted(values), len(values)
    outside = 0
    while 2 * outside + 2 < n and 1 - 2 * sum(math.comb(n, i) for i in range(outside + 2)) / 2**n >= COVERAGE:
        outside += 1
    return Interval(statistics.median(ordered), ordered[outside], ordered[n - 1 - outside])


def speeds(step: Step, rounds: list[list[float]]) -> list[float]:
    """Tokens per second of each round, from its median step."""
    return [step.tokens / statistics.median(times) for times in rounds]


def ratios(pair: Pair, step: Step, rounds: Rounds) -> list[float]:
    ours, theirs = (speeds(step, rounds[contender][step]) for contender in (pair.ours, pair.theirs))
    return [a / b for a, b in zip(ours, theirs, strict=True)]


def digits(x: float) -> str:
    return f"{x:.0f}" if x >= 100 else f"{x:.1f}" if x >= 10 else f"{x:.2f}"


def shown(interval: Interval, unit: str = "") -> str:
    return f"{digits(interval.estimate)}{unit} [{digits(interval.low)}, {digits(interval.high)}]"


def markdown(title: str, pairs: list[Pair], steps: list[Step], rounds: Rounds) -> str:
    """A row for each step: tokens/s of every contender, and behind each peer ours ÷ theirs."""
    ours = pairs[0].ours
    head = ["tokens/s", ours.title]
    for pair in pairs:
        head += [pair.theirs.title, "ours ÷ theirs"]
    lines = [f"**{title}**", "", "| " + " | ".join(head) + " |", "|---" + "|---:" * (len(head) - 1) + "|"]
    for step in steps:
        row = [step.title, shown(median_interval(speeds(step, rounds[ours][step])))]
        for pair in pairs:
            row.append(shown(median_interval(speeds(step, rounds[pair.theirs][step]))))
            row.append(shown(median_interval(ratios(pair, step, rounds)), "×"))
        lines.append("| " + " | ".join(row) + " |")
    return "\n".join(lines)


def groups(pairs: list[Pair]) -> list[list[Pair]]:
    """One table for each of our contenders, and one more for the optional pairs."""
    found: dict[tuple[Contender, bool], list[Pair]] = {}
    for pair in pairs:
        found.setdefault((pair.ours, pair.optional), []).append(pair)
    return list(found.values())
