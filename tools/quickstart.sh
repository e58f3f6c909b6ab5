#!/usr/bin/env bash
# Installs hico_mm into .venv, pretrains HiCo and shows how well the representation performs.
#
#   bash tools/quickstart.sh              on generated demo data; takes a few minutes
#   bash tools/quickstart.sh --data DIR   on Northwestern-UCLA; DIR contains its JSON clips (all_sqe)
#
# EPOCHS sets the epochs of pretraining, SEED its seed. A second run reuses existing results and continues from there.
set -euo pipefail
usage() { sed -n '2,7s/^# \{0,1\}//p' "$0"; }
arguments=()
case "${1:-}" in
  '') ;;
  --data) data=${2:?--data needs the folder with the JSON clips}
    [ -d "$data" ] || { echo "--data $data is not a folder: give the folder with the JSON clips" >&2; exit 1; }
    arguments=(--data "$(cd "$data" && pwd)") ;;
  -h | --help) usage; exit 0 ;;
  *) usage >&2; exit 2 ;;
esac
cd "$(dirname "$0")/.."
VENV=${VENV:-$PWD/.venv} bash tools/setup_venv.sh '.[report]'
exec "${VENV:-$PWD/.venv}/bin/hico-mm" demo "${arguments[@]}" --seed "${SEED:-0}" --epochs "${EPOCHS:-150}"
