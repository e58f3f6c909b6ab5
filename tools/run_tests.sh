#!/usr/bin/env bash
# Installs the test requirements into .venv (or $VENV) and runs the tests: bash tools/run_tests.sh [pytest arguments]
set -euo pipefail
cd "$(dirname "$0")/.."
export VENV=${VENV:-$PWD/.venv}
bash tools/setup_venv.sh '.[dev]'
# The tests run in processes of one thread, one more than there are cores, since some tests wait for what they started.
# -n 0 as an argument runs them in one process.
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1}
PROCESSES=$("$VENV/bin/python" -c 'import os; print(min(8, len(os.sched_getaffinity(0)) + 1))')
"$VENV/bin/python" -m pytest -q -n "$PROCESSES" --dist worksteal "$@"
