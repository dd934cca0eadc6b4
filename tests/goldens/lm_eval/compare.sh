#!/usr/bin/env bash
# Holds moebench against lm-evaluation-harness, question by question: MMLU, 5 shots, 5 questions a subject, on a random
# Mixtral and on stories260K. Exits with 1 where a prompt, a token, a log-likelihood or a score differs.
#
#   MOEBENCH_DATA=... ORACLE=../shared/tools/lm_eval_local PYTHON=/path/to/oracle/env/bin/python tests/goldens/lm_eval/compare.sh
#
# Not one of the tests: it takes minutes, and PYTHON must be that of the oracle's own environment (its README.md).
# MOEBENCH is the program (build/release/moebench), OUT a folder for what is made (a temporary one).
set -euo pipefail
cd "$(dirname "$0")/../../.."

: "${MOEBENCH_DATA:?names the folder of the data}"
: "${ORACLE:=../shared/tools/lm_eval_local}"
: "${PYTHON:=python3}"
: "${MOEBENCH:=build/release/moebench}"
: "${OUT:=$(mktemp -d)}"
# Float32 sums of the oracle move by about 3e-5 with its batch size: a tolerance far below this one would mean nothing.
tolerance=1e-4

"$PYTHON" -c 'import lm_eval' || { echo "$PYTHON has no lm_eval: PYTHON names the oracle's environment" >&2; exit 2; }
mkdir -p "$OUT"
[ -e "$OUT/mixtral" ] || "$PYTHON" "$ORACLE/tiny_model.py" --kind mixtral --tokenizer mixtral --vocab 32000 --out "$OUT/mixtral"

compare() {  # name, checkpoint
  local name=$1 checkpoint=$2
  "$MOEBENCH" run mmlu --limit 5 --target "$checkpoint@dtype=f32" --db "$OUT/$name.sqlite"
  "$MOEBENCH" export samples --db "$OUT/$name.sqlite" --out "$OUT/$name.jsonl"
  "$PYTHON" "$ORACLE/oracle.py" --model "$checkpoint" --data "$MOEBENCH_DATA" --tasks mmlu --num-fewshot 5 --limit 5 \
    --batch-size 8 --dtype float32 --bootstrap-iters 0 --out "$OUT/$name.lm_eval.jsonl"
  echo "$name:"
  "$PYTHON" "$ORACLE/compare.py" "$OUT/$name.jsonl" "$OUT/$name.lm_eval.jsonl" --tolerance "$tolerance"
}

compare mixtral "$OUT/mixtral"
compare stories260K "$MOEBENCH_DATA/checkpoints/stories260K/hf"
