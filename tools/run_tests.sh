#!/usr/bin/env bash
# Installs the test requirements into .venv (or $VENV) and runs the tests: bash tools/run_tests.sh [pytest arguments]
set -euo pipefail
cd "$(dirname "$0")/.."
export VENV=${VENV:-$PWD/.venv}
bash tools/setup_venv.sh '.[dev]'
# The tests run in several processes of one thread; -n 0 as an argument runs them in one.
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1}
"$VENV/bin/python" -m pytest -q -n auto --maxprocesses 8 --dist worksteal "$@"
