#!/usr/bin/env python3
"""Trains the tokenizer of the bundled models: byte-level BPE in which every word of the corpus is one token.

    moebench inspect corpus --documents 200000 | lab/train_tokenizer.py models/bundled/tokenizer

Reads documents, one JSON string a line, and writes tokenizer.json and tokenizer_config.json. Words are cut as GPT-2
cuts them and merged until nothing can be; then what no word of the corpus is encoded with is left out, so that a small
model spends its embedding on words. `ignore_merges` (as in Llama 3) keeps a word whole whose path of merges is gone.
The same input gives the same files, byte for byte. Needs Python 3.9 and nothing else.
"""
import argparse
import collections
import json
import pathlib
import re
import sys

SPECIAL = "<s>"  # begins a text, and stands between two
CONTEXT = 256  # tokens a bundled model takes
# GPT-2's pattern where all letters and digits are ASCII ones.
WORD = re.compile(r"'(?:[sdmt]|ll|ve|re)| ?[A-Za-z]+| ?[0-9]+| ?[^\sA-Za-z0-9]+|\s+(?!\S)|\s+")


def alphabet():
    """GPT-2's character for each byte: itself where it is visible, else the next one from U+0100 on."""
    visible = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    hidden = (byte for byte in range(256) if byte not in visible)
    characters = {byte: chr(byte) for byte in visible}
    characters.update((byte, chr(0x100 + i)) for i, byte in enumerate(hidden))
    return [characters[byte] for byte in range(256)]


ALPHABET = alphabet()


def count_words(lines):
    """How often each word occurs, as a tuple of characters of the alphabet."""
    words = collections.Counter()
    for line in lines:
        document = json.loads(line)
        if not document.isascii():
            raise ValueError(f"expected ASCII text, found {document[:80]!r}")
        words.update(WORD.findall(document))
    return {tuple(ALPHABET[ord(character)] for character in word): count for word, count in words.items()}


def merged(symbols, pair):
    """The symbols with the pair joined wherever it stands, from the left."""
    out, at = [], 0
    while at < len(symbols):
        step = 2 if symbols[at:at + 2] == pair else 1
        out.append("".join(symbols[at:at + step]))
        at += step
    return tuple(out)


def train(words):
    """The merges in order, the most frequent pair first and of equals the first by alphabet, until words are whole."""
    merges = []
    now = dict(zip(words, words))
    while True:
        pairs = collections.Counter()
        for word, symbols in now.items():
            for pair in zip(symbols, symbols[1:]):
                pairs[pair] += words[word]
        if not pairs:
            return merges, now
        best = min(pairs, key=lambda pair: (-pairs[pair], pair))
        merges.append(best)
        for word, symbols in now.items():
            if best[0] in symbols:
                now[word] = merged(symbols, best)


def tokenizer(merges, used):
    """The JSON of the tokenizer: one special token, the bytes, then the merged tokens that are used, as learned."""
    learned = dict.fromkeys(left + right for left, right in merges)
    tokens = [SPECIAL, *ALPHABET, *(token for token in learned if token in used)]
    vocabulary = {token: number for number, token in enumerate(tokens)}
    kept = [[left, right] for left, right in merges
            if left in vocabulary and right in vocabulary and left + right in vocabulary]
    byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    special = {"id": 0, "content": SPECIAL, "single_word": False, "lstrip": False, "rstrip": False,
               "normalized": False, "special": True}
    text = [{"SpecialToken": {"id": SPECIAL, "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}]
    return {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": [special], "normalizer": None,
        "pre_tokenizer": byte_level,
        "post_processor": {
            "type": "TemplateProcessing", "single": text,
            "pair": [*text, {"Sequence": {"id": "B", "type_id": 1}}],
            "special_tokens": {SPECIAL: {"id": SPECIAL, "ids": [0], "tokens": [SPECIAL]}}},
        "decoder": byte_level,
        "model": {
            "type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
            "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False, "ignore_merges": True,
            "vocab": vocabulary, "merges": kept}}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path, help="where the two files are written")
    parser.add_argument("--most", type=int, default=1200, help="tokens that are too many (default: %(default)s)")
    options = parser.parse_args()
    words = count_words(sys.stdin)
    merges, encoded = train(words)
    used = {symbol for symbols in encoded.values() for symbol in symbols}
    made = tokenizer(merges, used)
    size = len(made["model"]["vocab"])
    if size > options.most:
        sys.exit(f"{size} tokens for {len(words)} words; at most {options.most} are wanted")
    config = {"tokenizer_class": "PreTrainedTokenizerFast", "bos_token": SPECIAL, "eos_token": SPECIAL,
              "clean_up_tokenization_spaces": False, "model_max_length": CONTEXT}
    options.folder.mkdir(parents=True, exist_ok=True)
    for name, content in (("tokenizer.json", made), ("tokenizer_config.json", config)):
        text = json.dumps(content, ensure_ascii=False, indent=1) + "\n"
        (options.folder / name).write_text(text, encoding="utf-8")
    print(f"{size} tokens, {len(made['model']['merges'])} merges, {len(words)} words", file=sys.stderr)


if __name__ == "__main__":
    main()
