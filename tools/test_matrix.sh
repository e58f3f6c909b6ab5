#!/usr/bin/env bash
# Runs the fast tests with the oldest and the newest packages on several interpreters, and prints a table.
#
#   bash tools/test_matrix.sh                                    those of python3.9 to python3.13 that are installed
#   bash tools/test_matrix.sh --python python3.10 --set oldest   one environment; both options can be repeated
#   bash tools/test_matrix.sh --set oldest -- tests/models       arguments after -- are passed to pytest
#
# Sets: oldest (constraints-oldest.txt), pinned (constraints.txt), newest (no constraints). Environments and logs are
# written to $MATRIX or build/matrix. An environment is removed after its tests, unless --keep is given. Each one takes
# several gigabytes if pip only finds builds of PyTorch with CUDA.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
pythons=() sets=() keep=
while [ $# -gt 0 ]; do
  case $1 in
    --python) pythons+=("${2:?--python needs an interpreter}"); shift 2 ;;
    --set) case ${2:?--set needs a name} in
        oldest | pinned | newest) sets+=("$2"); shift 2 ;;
        *) echo "--set $2 is unknown: use oldest, pinned or newest" >&2; exit 2 ;;
      esac ;;
    --keep) keep=1; shift ;;
    --) shift; break ;;
    -h | --help) sed -n '2,10s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) sed -n '2,10s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
  esac
done
[ ${#pythons[@]} -gt 0 ] || pythons=(python3.9 python3.10 python3.11 python3.12 python3.13)
[ ${#sets[@]} -gt 0 ] || sets=(oldest newest)
folder=${MATRIX:-$PWD/build/matrix}
mkdir -p "$folder"
failed=0 missing=() rows=()
versions='import platform, torch, numpy, cv2, mmengine
print(platform.python_version(), torch.__version__, numpy.__version__, cv2.__version__)'
for python in "${pythons[@]}"; do
  if ! "$python" -c 'import venv' 2>/dev/null; then
    missing+=("$python")
    continue
  fi
  for set in "${sets[@]}"; do
    name=$(basename "$python")-$set
    export VENV=$folder/$name PYTHON=$python
    case $set in
      oldest) export CONSTRAINTS=constraints-oldest.txt ;;
      pinned) export CONSTRAINTS=constraints.txt ;;
      newest) export CONSTRAINTS=/dev/null ;;
    esac
    echo "$name: installing and testing, see $folder/$name.log"
    began=$SECONDS
    if bash tools/run_tests.sh "$@" >"$folder/$name.log" 2>&1; then result=passed; else result=FAILED failed=1; fi
    found=$("$VENV/bin/python" -c "$versions" 2>/dev/null || echo '- - - -')
    rows+=("$name $found $result $((SECONDS - began))s: $(tail -n 1 "$folder/$name.log")")
    echo "${rows[-1]}"
    [ -n "$keep" ] || rm -rf "$VENV"
  done
done
echo
echo 'environment, Python, torch, NumPy, OpenCV, result:'
[ ${#rows[@]} -eq 0 ] || printf '  %s\n' "${rows[@]}"
[ ${#missing[@]} -eq 0 ] || echo "not tested, because not installed: ${missing[*]}"
[ ${#rows[@]} -gt 0 ] || failed=1
exit $failed
