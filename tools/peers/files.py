"""Where a model's weights lie, written when they are first asked for."""
import pathlib
import sys

from checkpoint import write_checkpoint
from gguf_file import FILE_TYPES, quantise, write_gguf
from shapes import Contender, Model


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def gguf(checkpoint: pathlib.Path, folder: pathlib.Path, weights: str, threads: int) -> pathlib.Path:
    """A checkpoint's weights as GGUF, in `folder`."""
    file = folder / f"{weights}.gguf"
    if not file.is_file():
        say(f"writing {file}")
        if weights in FILE_TYPES:
            quantise(gguf(checkpoint, folder, "bf16", threads), file, weights, threads)
        else:
            write_gguf(checkpoint, file)
    return file


class Files:
    def __init__(self, model: Model, folder: pathlib.Path, threads: int):
        self.model, self.threads = model, threads
        self.checkpoint = folder / model.name
        if write_checkpoint(model.config, self.checkpoint):
            for stale in (*self.checkpoint.glob("*.gguf"), self.checkpoint / "float32.npy"):
                stale.unlink(missing_ok=True)

    def of(self, contender: Contender) -> pathlib.Path:
        if contender.program != "llama.cpp":
            return self.checkpoint
        return gguf(self.checkpoint, self.checkpoint, contender.weights, self.threads)
