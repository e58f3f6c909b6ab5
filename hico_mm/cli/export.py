"""Export a checkpoint for use without this package.

    hico-mm export work_dirs/hico_gru_nwucla/epoch_451.pth --out encoder.onnx
    hico-mm export work_dirs/hico_nwucla_linear/epoch_80.pth --out classifier.onnx
    hico-mm export work_dirs/hico_gru_nwucla/epoch_451.pth --out encoder.pt2
    hico-mm export work_dirs/hico_gru_nwucla/epoch_451.pth --out encoder.safetensors

ONNX and the program of torch.export (.pt2) have everything after the normalisation of a clip: crop, resizing, stream,
encoder and, if it was trained, the classifier. Their input is normalised clips (n, M, T, V, C) of any length T.
A .safetensors file has the weights of the encoder, and the description of the checkpoint as JSON in its metadata. A
.pth file is a checkpoint of the encoder alone. It is smaller, and every command takes it in place of the original.
"""

import argparse
from pathlib import Path
from typing import Optional, Sequence

from .command import command, command_parser


def parse_args(argv: Optional[Sequence[str]]) -> argparse.Namespace:
    """Parse the command line."""
    parser = command_parser('export', __doc__)
    parser.add_argument('checkpoint', help='checkpoint')
    parser.add_argument('--out', type=Path, required=True, metavar='FILE', help='file to write: .onnx, .pt2, '
                        '.safetensors or .pth')
    parser.add_argument('--encoder-only', action='store_true', help='leave the classifier out')
    args = parser.parse_args(argv)
    if args.out.suffix not in ('.onnx', '.pt2', '.safetensors', '.pth'):
        parser.error(f'--out {args.out} must end with .onnx, .pt2, .safetensors or .pth')
    return args


def run(args: argparse.Namespace) -> int:
    """Export the checkpoint, and return the exit status."""
    from ..apis.export import export
    from ..fileio import check_not_read, check_writable
    from ..shipped import find_checkpoint

    check_not_read(args.out, find_checkpoint(args.checkpoint))
    check_writable(args.out)
    print(export(args.checkpoint, args.out, args.encoder_only))
    return 0


main = command(parse_args, run)
