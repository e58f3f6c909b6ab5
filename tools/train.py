"""Train by a config: pretraining, linear evaluation, finetuning."""

import sys

from hico_mm.cli.train import main

if __name__ == '__main__':
    sys.exit(main())
