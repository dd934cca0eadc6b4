"""Where a model's weights lie, and what is made of them: written when first asked for, and anew where they have changed."""
import hashlib
import os
import pathlib
import sys
from collections.abc import Callable

from checkpoint import write_checkpoint
from gguf_file import FILE_TYPES, quantise, write_gguf
from shapes import Contender, Model

HERE = pathlib.Path(__file__).resolve().parent


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def stamp_of(checkpoint: pathlib.Path, sources: tuple[str, ...], more: str = "") -> str:
    """Digest of what a file is made of: the checkpoint, these sources beside this one, the libraries' versions, and `more`.
    Gigabytes of weights stand for themselves by size and time."""
    weights = (checkpoint / "model.safetensors").stat()
    digest = hashlib.sha256(f"{weights.st_size} {weights.st_mtime_ns} {more}\n".encode())
    for file in (checkpoint / "config.json", HERE / "requirements.txt", *(HERE / source for source in sources)):
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def kept(file: pathlib.Path, stamp: str, write: Callable[[pathlib.Path], None]) -> pathlib.Path:
    """`file`, written anew where the stamp beside it is another's. One that is not finished has another name."""
    beside = file.with_name(f"{file.name}.stamp")
    if file.is_file() and beside.is_file() and beside.read_text() == stamp:
        return file
    say(f"writing {file}")
    unfinished = file.with_suffix(".unfinished")
    write(unfinished)
    os.replace(unfinished, file)
    beside.write_text(stamp)
    return file


def gguf(checkpoint: pathlib.Path, folder: pathlib.Path, weights: str, threads: int) -> pathlib.Path:
    """A checkpoint's weights as GGUF, in `folder`."""
    def write(file: pathlib.Path) -> None:
        if weights in FILE_TYPES:
            quantise(gguf(checkpoint, folder, "bf16", threads), file, weights, threads)
        else:
            write_gguf(checkpoint, file)
    return kept(folder / f"{weights}.gguf", stamp_of(checkpoint, ("gguf_file.py",)), write)


class Files:
    def __init__(self, model: Model, folder: pathlib.Path, threads: int):
        self.model, self.threads = model, threads
        self.checkpoint = folder / model.name
        write_checkpoint(model.config, self.checkpoint)

    def of(self, contender: Contender) -> pathlib.Path:
        if contender.program != "llama.cpp":
            return self.checkpoint
        return gguf(self.checkpoint, self.checkpoint, contender.weights, self.threads)
