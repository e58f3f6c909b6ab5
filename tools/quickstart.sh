#!/usr/bin/env bash
# Installs hico_mm into .venv, pretrains HiCo and shows what the representation is worth.
#
#   bash tools/quickstart.sh              on moving bodies that it makes itself, some minutes
#   bash tools/quickstart.sh --data DIR   on Northwestern-UCLA; DIR holds its JSON clips (all_sqe)
#
# EPOCHS changes the length of pretraining. Run again, it goes on where it stopped.
set -euo pipefail
usage() { sed -n '2,7s/^# \{0,1\}//p' "$0"; }
data=
case "${1:-}" in
  '') ;;
  --data) data=${2:?--data needs the folder with the JSON clips}
    [ -d "$data" ] || { echo "--data $data is no folder: give the one with the JSON clips" >&2; exit 1; }
    data=$(cd "$data" && pwd) ;;
  -h | --help) usage; exit 0 ;;
  *) usage >&2; exit 2 ;;
esac
cd "$(dirname "$0")/.."

VENV=${VENV:-$PWD/.venv} bash tools/setup_venv.sh
python=${VENV:-$PWD/.venv}/bin/python

if [ -n "$data" ]; then
  name=nwucla epochs=${EPOCHS:-10}
  pretrain=configs/hico/hico_gru_nwucla.py linear=configs/hico/linear/hico_gru_nwucla_linear.py
  knn=configs/hico/knn/hico_gru_nwucla_knn.py
  "$python" tools/data/prepare_nwucla.py --raw "$data" --out data/nwucla/nwucla.pkl
  schedule=(train_cfg.val_interval=5 "param_scheduler.0.milestones=[$((epochs * 351 / 451))]")
else
  name=demo epochs=${EPOCHS:-20}
  pretrain=configs/hico/demo/hico_gru_demo.py linear=configs/hico/demo/hico_gru_demo_linear.py
  knn=configs/hico/demo/hico_gru_demo_knn.py
  [ -f data/demo/demo.pkl ] || "$python" tools/data/make_demo.py --out data/demo/demo.pkl
  schedule=()
fi
out=work_dirs/quickstart_$name
mkdir -p "$out"

# step NAME COMMAND...: run a command, its log in $out/NAME.log, its progress on the screen.
step() {
  local log=$out/$1.log
  shift
  "$python" "$@" 2>&1 | tee "$log" | { grep --line-buffered -E 'Epoch\((train|val)\)|linear evaluation|k-NN:' || true; } ||
    { tail -n 20 "$log" >&2; echo "failed: $* (whole log: $log)" >&2; exit 1; }
}
accuracy() { grep -o 'acc/top1: [0-9.]*' "$out/$1.log" | tail -n 1 | awk '{printf "%5.1f", 100 * $2}'; }

echo "pretraining for $epochs epochs"
step pretrain tools/train.py "$pretrain" --seed 0 --resume --work-dir "$out/pretrain" \
  --cfg-options "train_cfg.max_epochs=$epochs" ${schedule[@]+"${schedule[@]}"}
trained=$out/pretrain/epoch_$epochs.pth
echo 'retrieval and linear evaluation, of the untrained encoder and of the trained one'
step knn_untrained tools/test.py "$knn" none --seed 0 --work-dir "$out/knn_untrained"
step knn_trained tools/test.py "$knn" "$trained" --work-dir "$out/knn_trained"
step linear_untrained tools/train.py "$linear" --seed 0 --pretrained none --work-dir "$out/linear_untrained"
step linear_trained tools/train.py "$linear" --seed 0 --pretrained "$trained" --work-dir "$out/linear_trained"

cat <<TABLE

accuracy on the test split, %        untrained   trained
retrieval (k-NN, k=1, cosine)           $(accuracy knn_untrained)     $(accuracy knn_trained)
linear evaluation (last epoch)          $(accuracy linear_untrained)     $(accuracy linear_trained)

pretrained encoder:  $trained
classifier:          $out/linear_trained/epoch_80.pth
test it again:       $python tools/test.py $linear $out/linear_trained/epoch_80.pth
curves:              $python -m tensorboard.main --logdir $out/pretrain
next:                README.md, "Your own data"
TABLE
