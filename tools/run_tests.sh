#!/usr/bin/env bash
# Installs the test requirements into .venv (or $VENV) and runs the tests: bash tools/run_tests.sh [pytest arguments]
set -euo pipefail
cd "$(dirname "$0")/.."
export VENV=${VENV:-$PWD/.venv}
bash tools/setup_venv.sh '.[dev]'
"$VENV/bin/python" -m pytest -q "$@"
