#!/usr/bin/env bash
# Makes a virtual environment, $VENV or .venv, with hico_mm and the packages it is tested with. PYTHON is the
# interpreter to use, and CONSTRAINTS the file of versions; the default, constraints.txt, is for Python 3.11 and later.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
VENV=${VENV:-$PWD/.venv}
if [ ! -x "$VENV/bin/python" ]; then
  "${PYTHON:-python3}" -m venv "$VENV"
fi
pip=("$VENV/bin/python" -m pip install --quiet --disable-pip-version-check -c "${CONSTRAINTS:-constraints.txt}")
echo "installing into $VENV ..."
"${pip[@]}" torch setuptools
# mmcv and mmcv-lite install the same folder. If a full mmcv is installed, keep it.
"$VENV/bin/python" -c 'import mmcv' 2>/dev/null || "${pip[@]}" "mmcv-lite>=2.0,<2.2"
"${pip[@]}" -e "${1:-.}"
