"""Do all programs compute the same? Log-probabilities of the same tokens, held against transformers in float32, or those of two
programs against each other."""
import dataclasses

import numpy as np

# What is allowed of the root mean square difference of log-probabilities, as a share of their standard deviation over
# the vocabulary. Two independent results differ by 1.4. bf16 rounds to 2^-9 = 0.2 %, and a hidden state goes through some
# dozen roundings a layer, so a few percent are explained; where one of two close experts changes, a little more.
# 8-bit weights round by some half a percent of a block's spread, 4-bit ones by some 7 %, and both also what is multiplied.
BOUNDS = {"float32": 0.01, "bf16": 0.05, "Q8_0": 0.1, "int8": 0.1, "Q4_K_M": 0.5, "int4": 0.5}


@dataclasses.dataclass(frozen=True)
class Agreement:
    max_difference: float  # of log-probabilities, in nats
    relative: float  # root mean square difference over standard deviation
    typical: float  # the same of one position: the median of positions
    kl: float  # mean Kullback-Leibler divergence, nats a position
    top1: float  # share of positions with the same likeliest token

    @property
    def text(self) -> str:
        return (f"max difference {self.max_difference:.2g} nat, root mean square {100 * self.relative:.2g} % of the spread "
                f"({100 * self.typical:.2g} % at the median position), KL {self.kl:.2g} nat, top-1 {self.top1:.1%}")


def agreement(theirs: np.ndarray, truth: np.ndarray) -> Agreement:
    if theirs.shape != truth.shape:
        raise RuntimeError(f"log-probabilities: expected {truth.shape}, found {theirs.shape}")
    difference, spread = theirs - truth, truth.std(-1).mean()
    by_position = np.sqrt((difference**2).mean(-1)) / spread
    return Agreement(max_difference=float(np.abs(difference).max()),
                     relative=float(np.sqrt((by_position**2).mean())),
                     typical=float(np.median(by_position)),
                     kl=float((np.exp(truth) * (truth - theirs)).sum(-1).mean()),
                     top1=float((theirs.argmax(-1) == truth.argmax(-1)).mean()))


def check(found: Agreement, weights: str, title: str) -> None:
    """A program that computes something else is not timed."""
    require_at_most(found.relative, found, weights, title)


def check_typical(found: Agreement, weights: str, title: str) -> None:
    """Of trained mixtures, over many positions: an expert's change gives a few of them other probabilities, as the whole model's
    change would; most have no change."""
    require_at_most(found.typical, found, weights, f"{title}, at the median position,")


def require_at_most(value: float, found: Agreement, weights: str, title: str) -> None:
    if not value <= BOUNDS[weights]:
        raise RuntimeError(f"{title} computes something else: {found.text}; expected at most {BOUNDS[weights]:.0%} of the spread")
