#!/usr/bin/env bash
# tools/slurm_train.sh PARTITION JOB_NAME CONFIG [arguments of tools/train.py]
# GPUS (8), GPUS_PER_NODE (8), CPUS_PER_TASK (5) and SRUN_ARGS are read from the environment, as in MMAction2.
set -euo pipefail
[ $# -ge 3 ] || { sed -n '2,3s/^# //p' "$0" >&2; exit 2; }
partition=$1 job=$2 config=$3
gpus=${GPUS:-8}
per_node=${GPUS_PER_NODE:-8}
[ "$gpus" -ge "$per_node" ] || per_node=$gpus
tools=$(cd "$(dirname "$0")" && pwd)
# Avoid an empty entry: it would mean the current folder, and Python would run files from there.
export PYTHONPATH=${tools%/*}${PYTHONPATH:+:$PYTHONPATH}
# All nodes use the same port, since srun passes the environment on.
export MASTER_PORT=${MASTER_PORT:-$((12000 + RANDOM % 20000))}
# shellcheck disable=SC2086  # SRUN_ARGS may be several words
exec srun --partition="$partition" --job-name="$job" --gres="gpu:$per_node" \
  --ntasks="$gpus" --ntasks-per-node="$per_node" --cpus-per-task="${CPUS_PER_TASK:-5}" --kill-on-bad-exit=1 \
  ${SRUN_ARGS:-} "${PYTHON:-python}" -u "$tools/train.py" "$config" --launcher slurm "${@:4}"
