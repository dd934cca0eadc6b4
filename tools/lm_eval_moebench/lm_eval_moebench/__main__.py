"""lm-evaluation-harness's own command line with the model "moebench" in it.

    python -m lm_eval_moebench --model moebench --model_args target=DIR --tasks arc_easy
"""

from lm_eval.__main__ import cli_evaluate

import lm_eval_moebench  # noqa: F401  (registers the model)


def main():
    cli_evaluate()


if __name__ == "__main__":
    main()
