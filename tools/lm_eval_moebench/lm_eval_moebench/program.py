"""Runs `moebench score` on requests and reads its answers."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path


class MoebenchError(RuntimeError):
    """The program refused or failed; the message has all that it said."""


def find_program(name=None):
    """`name`, else $MOEBENCH, else moebench, as a file that can be run."""
    wanted = name or os.environ.get("MOEBENCH") or "moebench"
    found = shutil.which(os.path.expanduser(wanted))
    if found is None:
        raise MoebenchError(f"no program \"{wanted}\": give it by model_args binary=FILE, by $MOEBENCH, or on PATH")
    return found


def with_keys(target, keys):
    """The target as moebench reads it, DIR@key=value,..., with more keys."""
    if os.path.isdir(target):
        target = target.replace("@", "%40").replace(",", "%2C")
    for key, value in keys.items():
        value = str(value).lower() if isinstance(value, bool) else str(value).replace("@", "%40").replace(",", "%2C")
        target += f"{',' if '@' in target else '@'}{key}={value}"
    return target


def version(program):
    return subprocess.run([program, "--version"], check=True, capture_output=True, text=True).stdout.strip()


def score(program, target, requests):
    """Answers of all requests, in their order, and what they took. `requests` have no id yet."""
    with tempfile.TemporaryDirectory(prefix="lm_eval_moebench-") as folder:
        asked, answered, stats = (Path(folder) / name for name in ("requests.jsonl", "answers.jsonl", "stats.json"))
        with open(asked, "w", encoding="utf-8", newline="\n") as file:
            for index, request in enumerate(requests):
                file.write(json.dumps({"id": index, **request}) + "\n")
        command = [program, "score", "--target", target, "--requests", str(asked), "--out", str(answered), "--stats", str(stats)]
        _run(command, asked)
        with open(answered, encoding="utf-8") as file:
            answers = [json.loads(line) for line in file]
        if [answer["id"] for answer in answers] != list(range(len(requests))):
            raise MoebenchError(f"{len(requests)} requests, but {len(answers)} answers, or in another order")
        return answers, json.loads(stats.read_text())


def _run(command, asked):
    """Passes on what the program says as it says it."""
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, encoding="utf-8", errors="replace")
    said = []
    try:
        for line in process.stderr:
            said.append(line)
            sys.stderr.write(line)
            sys.stderr.flush()
        code = process.wait()
    except BaseException:
        process.kill()
        process.wait()
        raise
    if code != 0:
        raise MoebenchError(f"{' '.join(command)}\nended with {code} and said:\n{''.join(said)}{_request_named(said, asked)}")


def _request_named(said, asked):
    """The request of the line that an error names: the file is gone when it is read."""
    named = re.search(re.escape(str(asked)) + r":(\d+)", "".join(said))
    if named is None:
        return ""
    with open(asked, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            if number == int(named[1]):
                return f"line {number} is {line}"
    return ""
