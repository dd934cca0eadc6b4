#!/usr/bin/env bash
# Holds moebench against lm-evaluation-harness, question by question, for every task whose data is there: MMLU with 5 shots and
# PER_SUBJECT questions a subject (5), its continuation form without examples, the others with LIMIT questions (20), ARC and
# OpenBookQA with 5 shots too, GSM8K with 5, all of WikiText-2; on a random Mixtral, a random Llama and stories260K, which have three
# tokenizers. Exits with 1 where a prompt, a token, a log-likelihood, a text, a score or its standard error differs.
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
: "${PER_SUBJECT:=5}"
: "${MODELS:=mixtral llama stories260K}"
# Float32 sums of the oracle move by about 3e-5 with its batch size: a tolerance far below this one would mean nothing.
tolerance=1e-4

"$PYTHON" -c 'import lm_eval' || { echo "$PYTHON has no lm_eval: PYTHON names the oracle's environment" >&2; exit 2; }
mkdir -p "$OUT"

compare() {  # model, checkpoint, our suites, their tasks, limit, shots or -, a name
  local model=$1 checkpoint=$2 suites=$3 tasks=$4 limit=$5 shots=$6
  local made="$OUT/$model-$7"
  local ours=() theirs=()
  [ "$shots" = - ] || { ours=(--set "shots=$shots"); theirs=(--num-fewshot "$shots"); }
  # shellcheck disable=SC2086  # several suites
  "$MOEBENCH" run $suites --limit "$limit" --target "$checkpoint@dtype=f32" --db "$made.sqlite" "${ours[@]}" > /dev/null
  "$MOEBENCH" export samples --db "$made.sqlite" --out "$made.jsonl"
  python3 tests/goldens/lm_eval/scores.py rename "$made.jsonl" "$made.ours.jsonl"
  [ -e "$made.lm_eval.jsonl" ] ||
    "$PYTHON" "$ORACLE/oracle.py" --model "$checkpoint" --data "$MOEBENCH_DATA" --tasks "${tasks// /,}" "${theirs[@]}" \
      --limit "$limit" --batch-size 8 --dtype float32 --out "$made.lm_eval.jsonl" > "$made.log"
  echo "$model, $suites, $shots shots:"
  "$PYTHON" "$ORACLE/compare.py" "$made.ours.jsonl" "$made.lm_eval.jsonl" --tolerance "$tolerance" || failed=1
  python3 tests/goldens/lm_eval/scores.py compare "$made.ours.jsonl" "$made.lm_eval.jsonl" || failed=1
}

failed=0
no_shots="arc_easy arc_challenge openbookqa hellaswag piqa winogrande boolq truthfulqa_mc1 truthfulqa_mc2 lambada_openai"
some_shots="arc_easy arc_challenge openbookqa"
for model in $MODELS; do
  checkpoint="$OUT/$model"
  [ "$model" != stories260K ] || checkpoint="$MOEBENCH_DATA/checkpoints/stories260K/hf"
  [ -e "$checkpoint" ] || "$PYTHON" "$ORACLE/tiny_model.py" --kind "$model" --tokenizer "$([ "$model" = mixtral ] && echo mixtral || echo olmo)" \
    $([ "$model" = mixtral ] && echo --vocab 32000) --out "$checkpoint"
  compare "$model" "$checkpoint" mmlu mmlu "$PER_SUBJECT" 5 mmlu
  compare "$model" "$checkpoint" mmlu_continuation mmlu_continuation "$PER_SUBJECT" 0 continuation
  compare "$model" "$checkpoint" "$no_shots" "$no_shots" "$LIMIT" 0 zero
  compare "$model" "$checkpoint" "$some_shots" "$some_shots" "$LIMIT" 5 five
  compare "$model" "$checkpoint" gsm8k gsm8k "$LIMIT" 5 gsm8k
  compare "$model" "$checkpoint" wikitext2 wikitext 62 - wikitext
done
exit "$failed"
