#!/usr/bin/env bash
# tools/dist_train.sh CONFIG GPUS [arguments of tools/train.py]; without a GPU, GPUS CPU processes over gloo.
# Set NNODES, NODE_RANK, MASTER_ADDR and PORT to use several nodes.
set -euo pipefail
[[ $# -ge 2 && $2 =~ ^[0-9]+$ ]] || { sed -n '2,3s/^# //p' "$0" >&2; exit 2; }
config=$1 gpus=$2
tools=$(cd "$(dirname "$0")" && pwd)
# Avoid an empty entry: it would mean the current folder, and Python would run files from there.
export PYTHONPATH=${tools%/*}${PYTHONPATH:+:$PYTHONPATH}
# Slurm's warning signal USR1 is meant for the processes; it would kill torchrun.
trap '' USR1
# exec, so that signals to this script also reach the processes.
exec "${PYTHON:-python}" -m torch.distributed.run \
  --nnodes="${NNODES:-1}" --node_rank="${NODE_RANK:-0}" --master_addr="${MASTER_ADDR:-127.0.0.1}" \
  --master_port="${PORT:-29500}" --nproc_per_node="$gpus" "$tools/train.py" "$config" --launcher pytorch "${@:3}"
