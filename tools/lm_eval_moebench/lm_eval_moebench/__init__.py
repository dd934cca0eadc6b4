"""Registers moebench as the model "moebench" of lm-evaluation-harness; importing is enough."""

import lm_eval.models  # noqa: F401  (lm-eval registers its own models only where none is registered yet)

from lm_eval_moebench.model import MoebenchLM

__all__ = ["MoebenchLM"]
