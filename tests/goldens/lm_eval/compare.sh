#!/usr/bin/env bash
# Holds moebench against lm-evaluation-harness, question by question, for every task that both ask by log-likelihood and whose
# data is there: MMLU with 5 shots and 5 questions a subject, the others with LIMIT questions (20), ARC and OpenBookQA with 5
# shots too; on a random Mixtral, a random Llama and stories260K. Exits with 1 where a prompt, a token, a log-likelihood or a score
# differs.
#
#   MOEBENCH_DATA=... ORACLE=../shared/tools/lm_eval_local PYTHON=/path/to/oracle/env/bin/python tests/goldens/lm_eval/compare.sh
#
# Not one of the tests: it takes minutes, and PYTHON must be that of the oracle's own environment (its README.md).
# MOEBENCH is the program (build/release/moebench), OUT a folder for what is made (a temporary one), MODELS which of the three.
set -euo pipefail
cd "$(dirname "$0")/../../.."

: "${MOEBENCH_DATA:?names the folder of the data}"
: "${ORACLE:=../shared/tools/lm_eval_local}"
: "${PYTHON:=python3}"
: "${MOEBENCH:=build/release/moebench}"
: "${OUT:=$(mktemp -d)}"
: "${LIMIT:=20}"
: "${MODELS:=mixtral llama stories260K}"
# Float32 sums of the oracle move by about 3e-5 with its batch size: a tolerance far below this one would mean nothing.
tolerance=1e-4

"$PYTHON" -c 'import lm_eval' || { echo "$PYTHON has no lm_eval: PYTHON names the oracle's environment" >&2; exit 2; }
mkdir -p "$OUT"

compare() {  # model, checkpoint, tasks, limit, shots or -
  local model=$1 checkpoint=$2 tasks=$3 limit=$4 shots=$5
  local made="$OUT/$model-${tasks%% *}-$shots"
  local ours=() theirs=()
  [ "$shots" = - ] || { ours=(--set "shots=$shots"); theirs=(--num-fewshot "$shots"); }
  # shellcheck disable=SC2086  # several suites
  "$MOEBENCH" run $tasks --limit "$limit" --target "$checkpoint@dtype=f32" --db "$made.sqlite" "${ours[@]}"
  "$MOEBENCH" export samples --db "$made.sqlite" --out "$made.jsonl"
  "$PYTHON" "$ORACLE/oracle.py" --model "$checkpoint" --data "$MOEBENCH_DATA" --tasks "${tasks// /,}" "${theirs[@]}" \
    --limit "$limit" --batch-size 8 --dtype float32 --bootstrap-iters 0 --out "$made.lm_eval.jsonl" > "$made.log"
  echo "$model, $tasks, $shots shots:"
  "$PYTHON" "$ORACLE/compare.py" "$made.jsonl" "$made.lm_eval.jsonl" --tolerance "$tolerance"
}

for model in $MODELS; do
  checkpoint="$OUT/$model"
  [ "$model" != stories260K ] || checkpoint="$MOEBENCH_DATA/checkpoints/stories260K/hf"
  [ -e "$checkpoint" ] || "$PYTHON" "$ORACLE/tiny_model.py" --kind "$model" --tokenizer "$([ "$model" = mixtral ] && echo mixtral || echo olmo)" \
    $([ "$model" = mixtral ] && echo --vocab 32000) --out "$checkpoint"
  compare "$model" "$checkpoint" mmlu 5 5
  compare "$model" "$checkpoint" \
    "arc_easy arc_challenge openbookqa hellaswag piqa winogrande boolq truthfulqa_mc1 lambada_openai" "$LIMIT" 0
  compare "$model" "$checkpoint" "arc_easy arc_challenge openbookqa" "$LIMIT" 5
done
