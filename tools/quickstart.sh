#!/usr/bin/env bash
# Installs hico_mm into .venv, pretrains HiCo and shows what the representation is worth.
#
#   bash tools/quickstart.sh              on moving bodies that it makes itself, some minutes
#   bash tools/quickstart.sh --data DIR   on Northwestern-UCLA; DIR holds its JSON clips (all_sqe)
#
# EPOCHS changes the length of pretraining, SEED its seed. Run again, it reuses what is there and goes on where it stopped.
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

seed=${SEED:-0} epochs=${EPOCHS:-150}
if [ -n "$data" ]; then
  name=nwucla layout=nw_ucla protocols=(xview) lanes=('xview xview') annotation=data/nwucla/nwucla.pkl
  pretrain=configs/hico/hico_lstm_nwucla_small.py linear=configs/hico/linear/hico_lstm_nwucla_small_linear.py
  knn=configs/hico/knn/hico_lstm_nwucla_small_knn.py raw=configs/hico/knn/raw_nwucla_knn.py
  if [ -f $annotation ]; then echo "$annotation is there already, and reused: remove it to convert $data"
  else "$python" tools/data/prepare_nwucla.py --raw "$data" --out $annotation; fi
else
  name=demo layout=ntu protocols=(xsub xview) lanes=(xview 'xsub xsub xview')
  annotation=data/demo/demo.pkl
  pretrain=configs/hico/demo/hico_lstm_demo.py linear=configs/hico/demo/hico_lstm_demo_linear.py
  knn=configs/hico/demo/hico_lstm_demo_knn.py raw=configs/hico/demo/raw_demo_knn.py
  [ -d data/demo/raw ] || "$python" tools/data/make_demo.py --out data/demo/raw
  [ -f $annotation ] || "$python" tools/data/prepare_ntu.py --raw data/demo/raw --dataset ntu60 --out $annotation \
    --missing data/demo/raw/missing.txt --workers "$(nproc)"
fi
"$python" tools/data/check_annotations.py $annotation --layout $layout || echo 'going on all the same'
out=work_dirs/quickstart_$name/epochs${epochs}_seed$seed
mkdir -p "$out"

# step NAME COMMAND...: run a command unless its log says that it has run; pretraining shows its progress.
progress="s|.*Epoch\(train\) +\[([0-9]*[05])\]\[ *([0-9]+)/ *\2\].* eta: ([0-9:]+) .* loss: ([0-9.]+) .*acc_part.*|\
epoch \1 of $epochs, loss \4, \3 left|p"
step() {
  local name=$1 log=$out/$1.log
  shift
  [ ! -f "$log" ] || return 0
  echo "$name ..."
  # Ctrl-C is for the command; what reads its output stays to the end.
  "$python" "$@" 2>&1 | (trap '' INT; tee "$log.part" | sed -unE "$progress" | sed -u "s/^/$name: /") ||
    { [ "${PIPESTATUS[0]}" = 130 ] || { tail -n 20 "$log.part"; echo "failed: $* (whole log: $log.part)"; } >&2; return 1; }
  mv "$log.part" "$log"
}

# A protocol trains on the split NAME_train and is tested on NAME_val.
# lane NAME BASELINE...: pretrain and evaluate for one protocol, then what it is compared with, for some.
lane() {
  local p=$1 trained=$out/pretrain_$1/epoch_$epochs.pth split
  shift
  use_split "$p"
  step "pretrain_$p" tools/train.py $pretrain --seed "$seed" --resume --work-dir "$out/pretrain_$p" \
    --epochs "$epochs" "${split[@]}"
  step "linear_trained_$p" tools/train.py $linear --seed "$seed" --pretrained "$trained" \
    --work-dir "$out/linear_trained_$p" "${split[@]}"
  for p; do
    use_split "$p"
    step "raw_$p" tools/test.py $raw none --work-dir "$out/raw_$p" "${split[@]}"
    step "linear_untrained_$p" tools/train.py $linear --seed "$seed" --pretrained none \
      --work-dir "$out/linear_untrained_$p" "${split[@]}"
  done
}
use_split() { split=(--cfg-options train_dataloader.dataset.split="$1"_train {val,test}_dataloader.dataset.split="$1"_val); }

# Lanes run side by side, each a job in a process group of its own: Ctrl-C is handed on to them.
set -m
jobs=()
trap 'trap - INT TERM HUP; for job in "${jobs[@]}"; do kill -INT -- "-$job" 2>/dev/null || true; done; wait
  echo "interrupted: run it again to go on" >&2; exit 130' INT TERM HUP
[ "${#lanes[@]}" = 1 ] || export OMP_NUM_THREADS=1
echo "pretraining for $epochs epochs, then retrieval and linear evaluation: ${protocols[*]}"
for names in "${lanes[@]}"; do
  lane $names &
  jobs+=($!)
done
failed=0
for job in "${jobs[@]}"; do wait "$job" || failed=1; done
trap - INT TERM HUP
[ $failed = 0 ] || exit 1

"$python" tools/analysis/plot_clips.py $annotation --layout $layout --out "$out/clips.png" > "$out/clips.log" 2>&1 &
"$python" tools/analysis/plot_curves.py "${protocols[@]/#/$out/pretrain_}" --names "${protocols[@]}" \
  --out "$out/curves.png" > "$out/curves.log" 2>&1 || cat "$out/curves.log" >&2
wait $! || cat "$out/clips.log" >&2

accuracy() { grep -o "acc/$2: [0-9.]*" "$out/$1.log" | tail -n 1 | awk '{printf "%.1f", 100 * $2}'; }
row() { printf '%-36s %7s %11s %9s\n' "$@"; }
echo
row 'accuracy on the test split, %' raw untrained trained
for p in "${protocols[@]}"; do
  row "$p retrieval (k-NN, k=1, cosine)" "$(accuracy "raw_$p" top1)" \
    "$(accuracy "linear_untrained_$p" knn)" "$(accuracy "linear_trained_$p" knn)"
  row "$p linear evaluation (last epoch)" - \
    "$(accuracy "linear_untrained_$p" top1)" "$(accuracy "linear_trained_$p" top1)"
done
p=${protocols[0]}
cat <<NEXT

raw: nearest neighbours on normalised coordinates; untrained: the encoder before pretraining, same seed

pretrained encoder   $out/pretrain_$p/epoch_$epochs.pth
pictures             $out/clips.png, $out/curves.png
logs                 $out/*.log; python -m tensorboard.main --logdir $out

what next, after: source ${python%/python}/activate
  retrieval again    python tools/test.py $knn $out/pretrain_$p/epoch_$epochs.pth
  features, arrays   python tools/extract_features.py $knn $out/pretrain_$p/epoch_$epochs.pth \\
                       --split ${p}_val --out $out/features.npz
  another encoder    python tools/train.py $pretrain --cfg-options model.neck.encoder.type=TransformerEncoder
  your own clips     README.md, "Your own data"
  start anew         remove $out
NEXT
