"""The fuzzer itself: every target makes and reads inputs, and nothing foreign is found."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_a_short_run_of_every_reader_of_data(tmp_path):
    targets = ('ntu', 'pku', 'pku_labels', 'pku_split', 'converters', 'nwucla', 'checkpoint', 'pickle', 'dataset',
               'checker', 'predictions', 'features')
    done = subprocess.run(
        [sys.executable, '-m', 'tools.stress.fuzz', '--target', *targets, '--count', '100', '--seed', '7', '--keep',
         tmp_path], cwd=ROOT, capture_output=True, text=True,
        env=dict(os.environ, PYTHONPATH=str(ROOT), OMP_NUM_THREADS='1'))
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count(': 100 inputs, ') == len(targets) and not list(tmp_path.iterdir())
