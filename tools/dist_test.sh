#!/usr/bin/env bash
# tools/dist_test.sh CONFIG CHECKPOINT GPUS [arguments of tools/test.py]; without a GPU, GPUS CPU processes over gloo.
set -euo pipefail
[[ $# -ge 3 && $3 =~ ^[0-9]+$ ]] || { sed -n '2s/^# //p' "$0" >&2; exit 2; }
config=$1 checkpoint=$2 gpus=$3
tools=$(cd "$(dirname "$0")" && pwd)
# Avoid an empty entry: it would mean the current folder, and Python would run files from there.
export PYTHONPATH=${tools%/*}${PYTHONPATH:+:$PYTHONPATH}
# exec, so that signals to this script also reach the processes.
exec "${PYTHON:-python}" -m torch.distributed.run \
  --nnodes="${NNODES:-1}" --node_rank="${NODE_RANK:-0}" --master_addr="${MASTER_ADDR:-127.0.0.1}" \
  --master_port="${PORT:-29500}" --nproc_per_node="$gpus" "$tools/test.py" "$config" "$checkpoint" \
  --launcher pytorch "${@:4}"
