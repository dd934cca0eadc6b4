"""Downloads what moebench measures with: a model into the Hugging Face cache, where targets are looked up, or
the data of datasets/*.toml into the folder and the files that datasets/readers/ expect.

The last line of stdout is the folder. Exit codes: 0 done, 1 not brought (net, hub, disk), 2 wrong input, 70 a
defect of this script, 130 interrupted. `moebench fetch` runs it; the digests are checked there.
"""

import argparse
import csv
import json
import pathlib
import re
import sys
import tempfile
import traceback

from hub import NOT_BROUGHT, WRONG_INPUT, FetchError, Repository, say

MODEL_FILES = ("generation_config.json", "tokenizer.json", "tokenizer_config.json", "tokenizer.model",
               "special_tokens_map.json", "added_tokens.json", "vocab.json", "merges.txt",
               "chat_template.jinja")
WEIGHTS = "model.safetensors"
INDEX = "model.safetensors.index.json"
CONVERTED = "refs/convert/parquet"  # the hub's own conversion of a repository that has a script instead
CONFIGURATIONS = {"wikitext2": "wikitext-2-v1"}  # the one of several that a dataset of one subset means
SPLIT_NAMES = {"validation": "(?:validation|valid|val)"}  # in file names
DEFECT, INTERRUPTED = 70, 130


def fetch_model(name, revision):
    """Weights first and config.json last: a folder with a config.json is a whole model."""
    repository = Repository("model", name, revision)
    sizes = repository.files()
    if "config.json" not in sizes or not (WEIGHTS in sizes or INDEX in sizes):
        raise repository.lacks(f"expected config.json and {WEIGHTS} or {INDEX}; it has {some_of(sizes)}")
    names = [file for file in MODEL_FILES if file in sizes]
    if WEIGHTS in sizes:
        names.append(WEIGHTS)
    else:
        index = repository.download([INDEX], sizes) / INDEX
        names += [INDEX, *shards_of(index, name)]
    if absent := [file for file in names if file not in sizes]:
        raise repository.lacks(f"{INDEX} names {some_of(absent)}, not there")
    repository.download(names, sizes)
    return repository.download(["config.json"], sizes)


def shards_of(index, name):
    """The files an index of weights names."""
    try:
        return sorted(set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()))
    except (ValueError, KeyError, AttributeError) as error:
        raise FetchError(f"model {name}: {INDEX}: expected a \"weight_map\": {error!r}",
                         WRONG_INPUT) from error


def some_of(names):
    """The first few, for messages."""
    names = sorted(names)
    more = f" and {len(names) - 8} more" if len(names) > 8 else ""
    return ", ".join(names[:8]) + more if names else "no files"


def files_of(files, subset, split):
    """A split's files, in order, in the layouts repositories have; Parquet, else JSON Lines, else CSV."""
    split = SPLIT_NAMES.get(split, re.escape(split))
    folder = re.escape(subset) + "/" if subset else "(?:default/)?"
    layouts = [rf"(?:data/)?{folder}{split}(?:[-/]\d+(?:-of-\d+)?)?"]  # subset/test-00000-of-00001
    if subset:
        layouts.append(rf"(?:data/)?{split}/{re.escape(subset)}(?:_{split})?")  # test/subset_test
    for suffix in ("parquet", "jsonl", "csv"):
        pattern = re.compile(rf"(?:{'|'.join(layouts)})\.{suffix}")
        if found := sorted(name for name in files if pattern.fullmatch(name)):
            return found
    return []


def plan_of(files, arguments):
    """What is made of what: {file to write: repository's files}; the names for which it has none."""
    plan, lacking = {}, []
    for split, target in arguments.splits.items():
        for subset in arguments.subsets:
            where = arguments.configuration or CONFIGURATIONS.get(arguments.name, subset)
            if arguments.split_by:
                where = arguments.configuration  # its files have the records of all subsets
            parts = [split]
            if arguments.reader == "text" and len(arguments.splits) == 1:
                parts = ["train", "validation", "test"]  # the document, cut by the repository
            found = [name for part in parts for name in files_of(files, where, part)]
            if target in files and arguments.reader != "mmlu":
                found = [target]
            plan[target.replace("{subset}", subset)] = found
            if not found:
                lacking.append(f"{where}/{split}".lstrip("/"))
    return plan, lacking


def rows_of(file):
    """The records of a file: dicts, or lists of fields for CSV; a plain text is one record."""
    if file.suffix == ".parquet":
        import pyarrow.parquet  # here: models do without it

        return pyarrow.parquet.read_table(file).to_pylist()
    if file.suffix == ".csv":
        with file.open(encoding="utf-8", newline="") as text:
            return list(csv.reader(text, strict=True))
    text = file.read_bytes().decode("utf-8")
    if file.suffix == ".jsonl":
        return [json.loads(line) for line in text.split("\n") if line]
    return [text]


LETTERS = ["A", "B", "C", "D"]  # a list: of a string, "" and "BC" would be parts


def mmlu_text(rows, subset):
    """JSON Lines with the Hugging Face fields."""
    lines = []
    for row in rows:
        if isinstance(row, list):  # the original CSV: question, four choices, letter
            if len(row) != 6 or row[5] not in LETTERS:
                raise ValueError(f"expected a question, 4 choices and a letter from A to D, found {row}")
            row = {"question": row[0], "choices": row[1:5], "answer": LETTERS.index(row[5])}
        record = {"question": row["question"], "subject": row.get("subject") or subset,
                  "choices": list(row["choices"]), "answer": row["answer"]}
        if len(record["choices"]) != 4 or type(record["answer"]) is not int or not 0 <= record["answer"] < 4:
            raise ValueError(f"expected 4 choices and an answer from 0 to 3, found {record}")
        lines.append(json.dumps(record, ensure_ascii=False) + "\n")
    return "".join(lines)


def wikitext_text(rows, _):
    """The lines of the original files, of which the hub's rows have emptied the blank ones (" ")."""
    lines = [row if isinstance(row, str) else row["text"] for row in rows]
    if len(lines) == 1:
        return lines[0]
    return "".join(line.rstrip("\n") + "\n" if line.strip() else " \n" for line in lines)


def plain_text(rows, _):
    """One document."""
    return "".join(row if isinstance(row, str) else row["text"] for row in rows)


def json_lines(rows, _):
    """The records as they are."""
    if not all(isinstance(row, dict) for row in rows):
        raise ValueError("expected records with named fields")
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def of_subset(rows, field, subset):
    """The rows of one subset, where a field says which that is ("computer science")."""
    if not field:
        return rows
    found = [row for row in rows if row[field].replace(" ", "_") == subset]
    if not found:
        raise ValueError(f"no record whose \"{field}\" is {subset}")
    return found


READERS = {"mmlu": mmlu_text, "wikitext": wikitext_text, "text": plain_text, "records": json_lines, "hellaswag": json_lines,
           "winogrande": json_lines, "lambada": json_lines, "copa": json_lines, "mmlu_pro": json_lines}


def put(made, out):
    """Moves what was made into place: at once where the folder is new, else file by file beside others."""
    if not out.exists():
        made.rename(out)
        return
    for file in sorted(file for file in made.rglob("*") if file.is_file()):
        target = out / file.relative_to(made)
        target.parent.mkdir(parents=True, exist_ok=True)
        file.replace(target)


def write(plan, folder, arguments):
    """Makes all files beside `out`, then puts them there; the count of rows read."""
    count = 0
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=arguments.out.parent, prefix=".fetch-") as temporary:
        made = pathlib.Path(temporary) / arguments.out.name
        for target, sources in plan.items():
            try:
                stem = pathlib.Path(target).stem
                rows = [row for source in sources for row in rows_of(folder / source)]
                rows = of_subset(rows, arguments.split_by, stem)
                text = READERS[arguments.reader](rows, stem).encode("utf-8")
            except (ValueError, KeyError, TypeError, IndexError, csv.Error) as error:
                raise FetchError(f"dataset {arguments.name}, {arguments.source}: {some_of(sources)}: not "
                                 f"what its reader {arguments.reader} expects: {error!r}",
                                 WRONG_INPUT) from error
            count += len(rows)
            (made / target).parent.mkdir(parents=True, exist_ok=True)
            (made / target).write_bytes(text)
        put(made, arguments.out)
    return count


def fetch_dataset(arguments):
    """Where the revision has no data files, the hub's own conversion of it is taken, and said."""
    repository = Repository("dataset", arguments.source, arguments.revision)
    sizes = repository.files()
    plan, lacking = plan_of(sizes, arguments)
    if len(lacking) == len(plan):
        listed = some_of(sizes)
        repository = Repository("dataset", arguments.source, CONVERTED)
        try:
            sizes = repository.files()
        except FetchError as error:
            if error.code != WRONG_INPUT:
                raise
            sizes = {}
        plan, lacking = plan_of(sizes, arguments)
        if len(lacking) == len(plan):
            raise FetchError(f"dataset {arguments.source} at {arguments.revision}: no Parquet, JSON Lines or "
                             f"CSV of {some_of(lacking)}, nor at {CONVERTED}; it has {listed}", WRONG_INPUT)
        say(f"{arguments.source} at {arguments.revision} has no data files: taking {CONVERTED}")
    if lacking:
        raise repository.lacks(f"no files of {some_of(lacking)}")
    folder = repository.download([name for names in plan.values() for name in names], sizes)
    count = write(plan, folder, arguments)
    say(f"{arguments.name}: wrote {len(plan)} files of {count} records under {arguments.out}")
    return arguments.out.resolve()


def splits_of(text):
    """test=FILE,dev=FILE as a dict."""
    pairs = [one.partition("=") for one in text.split(",")]
    if not all(name and file for name, _, file in pairs):
        raise argparse.ArgumentTypeError("expected NAME=FILE,...")
    return {name: file for name, _, file in pairs}


def parse(words):
    """The two verbs."""
    parser = argparse.ArgumentParser(prog="fetch.py", description=__doc__.split("\n\n")[0])
    verbs = parser.add_subparsers(dest="verb", required=True)
    model = verbs.add_parser("model", help="into the Hugging Face cache")
    model.add_argument("name", metavar="ORG/NAME")
    model.add_argument("--revision", default="main")
    dataset = verbs.add_parser("dataset", help="into the layout of a reader")
    dataset.add_argument("name")
    dataset.add_argument("--source", required=True, metavar="ORG/NAME")
    dataset.add_argument("--revision", default="main")
    dataset.add_argument("--reader", required=True, choices=sorted(READERS))
    dataset.add_argument("--splits", required=True, type=splits_of, metavar="SPLIT=FILE,...")
    dataset.add_argument("--subsets", default=[""], type=lambda text: text.split(","), help="a,b,...")
    dataset.add_argument("--configuration", default="", help="the one of several that is meant")
    dataset.add_argument("--split-by", default="", help="the field that names a record's subset")
    dataset.add_argument("--out", required=True, type=pathlib.Path)
    return parser.parse_args(words)


def main(words):
    """The exit code."""
    arguments = parse(words)
    try:
        print(fetch_model(arguments.name, arguments.revision) if arguments.verb == "model"
              else fetch_dataset(arguments))
        return 0
    except FetchError as error:
        say(f"moebench fetch: {error}")
        return error.code
    except OSError as error:
        say(f"moebench fetch: {error}")
        return NOT_BROUGHT
    except KeyboardInterrupt:
        say("moebench fetch: interrupted; the same command goes on with what is missing")
        return INTERRUPTED
    except Exception:
        say("moebench fetch: a defect of moebench, please report it:\n" + traceback.format_exc())
        return DEFECT


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
