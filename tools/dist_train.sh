#!/usr/bin/env bash
# tools/dist_train.sh CONFIG GPUS [arguments of tools/train.py]; without a GPU as many CPU processes over gloo.
# NNODES, NODE_RANK, MASTER_ADDR and PORT make it several nodes.
set -euo pipefail
[[ $# -ge 2 && $2 =~ ^[0-9]+$ ]] || { sed -n '2,3s/^# //p' "$0" >&2; exit 2; }
config=$1 gpus=$2
tools=$(cd "$(dirname "$0")" && pwd)
# No empty entry: it would stand for the current folder, whose files would then be run.
export PYTHONPATH=${tools%/*}${PYTHONPATH:+:$PYTHONPATH}
# Slurm warns with USR1, which is for the processes; torchrun would die of it.
trap '' USR1
# exec: what ends this script ends the processes.
exec "${PYTHON:-python}" -m torch.distributed.run \
  --nnodes="${NNODES:-1}" --node_rank="${NODE_RANK:-0}" --master_addr="${MASTER_ADDR:-127.0.0.1}" \
  --master_port="${PORT:-29500}" --nproc_per_node="$gpus" "$tools/train.py" "$config" --launcher pytorch "${@:3}"
