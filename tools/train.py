"""Train with a config: pretraining, linear evaluation or finetuning."""

import sys

from hico_mm.cli.train import main

if __name__ == '__main__':
    sys.exit(main())
