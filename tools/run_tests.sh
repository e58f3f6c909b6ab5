#!/usr/bin/env bash
# Installs what the tests need into .venv (or $VENV) and runs them: bash tools/run_tests.sh [pytest's arguments]
set -euo pipefail
cd "$(dirname "$0")/.."
export VENV=${VENV:-$PWD/.venv}
bash tools/setup_venv.sh '.[dev]'
"$VENV/bin/python" -m pytest -q "$@"
