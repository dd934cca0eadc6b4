"""Writes tokenizer_digests.json: what Hugging Face `tokenizers` makes of every field of the MMLU test set.

    pip install tokenizers==0.23.3
    python tests/goldens/tokenizer_digests.py DATA > tests/goldens/tokenizer_digests.json

DATA holds mmlu/data/test/*.csv and tokenizers/. Strings are the six fields of every record, subjects in
order of their names. `encoded` is the SHA-256 over every string's number of ids and its ids, special
tokens included, as little-endian int32; `decoded` that over every decoded text's number of bytes (int32)
and its bytes, special tokens left out. `sampled` are the same over every 16th string.
"""

import csv
import hashlib
import json
import pathlib
import struct
import sys

import tokenizers

FILES = {
    "gpt2": "gpt2/tokenizer.json",
    "olmo": "olmo/allenai_gpt-neox-olmo-dolma-v1_5.json",
    "mixtral": "mixtral/tokenizer.json",
}
SAMPLE = 16


def mmlu_fields(data: pathlib.Path) -> list[str]:
    fields = []
    for file in sorted((data / "mmlu/data/test").glob("*.csv")):
        with open(file, newline="", encoding="utf-8") as lines:
            for record in csv.reader(lines):
                fields += record
    return fields


def digests(tokenizer: tokenizers.Tokenizer, texts: list[str]) -> dict[str, str]:
    encoded, decoded = hashlib.sha256(), hashlib.sha256()
    for text in texts:
        ids = tokenizer.encode(text).ids
        encoded.update(struct.pack(f"<{len(ids) + 1}i", len(ids), *ids))
        back = tokenizer.decode(ids, skip_special_tokens=True).encode()
        decoded.update(struct.pack("<i", len(back)) + back)
    return {"encoded": encoded.hexdigest(), "decoded": decoded.hexdigest()}


def main(data: pathlib.Path) -> None:
    texts = mmlu_fields(data)
    out = {"made_with": f"tokenizers {tokenizers.__version__}", "strings": len(texts), "tokenizers": {}}
    for name, file in FILES.items():
        path = data / "tokenizers" / file
        tokenizer = tokenizers.Tokenizer.from_file(str(path))
        out["tokenizers"][name] = {
            "file": file,
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
            "all": digests(tokenizer, texts),
            "sampled": digests(tokenizer, texts[::SAMPLE]),
        }
    print(json.dumps(out, indent=2))


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
