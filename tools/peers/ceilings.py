"""What machine this is and what it can do at most, as moebench finds both: `moebench doctor`."""
import argparse
import datetime
import json
import os
import pathlib
import subprocess

from files import say
from instructions import environment
from table import Interval, shown

Rows = list[dict]  # of `doctor --measure`: what, dtype, threads, rate, low, high, unit
FACTS = ("machine", "system", "caches", "cpu flags")  # the last two where the system tells


def now() -> str:
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC")


def doctor(options: argparse.Namespace, *arguments: str | pathlib.Path) -> Rows:
    """Held to the same instructions as everybody."""
    command = [options.program, "doctor", "--json", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, env=environment(options.instructions))
    if done.returncode != 0:
        raise RuntimeError(f"{options.program} doctor: exit code {done.returncode}\n{done.stderr}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def machine(options: argparse.Namespace) -> dict:
    load = os.getloadavg()[0]
    found = {row["what"]: row["found"] for row in doctor(options)}
    return {fact: found[fact] for fact in FACTS if fact in found} | {"load_before": load}


def machine_text(facts: dict) -> str:
    named = [f"{fact} {facts[fact]}" for fact in FACTS[2:] if fact in facts]
    return "; ".join([facts["machine"], facts["system"], *named])


def measured(options: argparse.Namespace) -> dict:
    """Takes some twelve seconds for each number of threads."""
    say("measuring what the machine reads and multiplies at most")
    return {"at": now(), "rows": doctor(options, "--measure", "--db", options.work / "ceilings.sqlite")}


def cores(rows: Rows) -> int:
    """Those that moebench may use, by affinity and the quota of its control group: it measures with as many threads."""
    return max(row["threads"] for row in rows)


def row_title(row: dict) -> str:
    threads = f"{row['threads']} thread{'s' if row['threads'] > 1 else ''}"
    return f"{row['what']}{' of ' + row['dtype'] if row['dtype'] else ''}, {threads}, G{row['unit']}"


def table(all_measured: list[dict]) -> str:
    """A column for each time that they were measured."""
    lines = ["| ceilings | " + " | ".join(found["at"] for found in all_measured) + " |",
             "|---" + "|---:" * len(all_measured) + "|"]
    for rows in zip(*(found["rows"] for found in all_measured), strict=True):
        rates = [shown(Interval(*(row[key] / 1e9 for key in ("rate", "low", "high")))) for row in rows]
        lines.append("| " + " | ".join([row_title(rows[0]), *rates]) + " |")
    return "\n".join(lines)
