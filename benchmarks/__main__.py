"""Compare each stage with a plain implementation. Both take turns in one process.

    python -m benchmarks all --out benchmark.json
    python -m benchmarks step --encoder lstm --batch-size 128
    python -m benchmarks step --against benchmark.json

Stages, and the plain implementation of each:

step        one encoder call per granularity, query then key, fp32, as in the released code
data        one training clip at a time in numpy, as in the released feeder; MMAction2's stock pipeline
prepare     MMAction2's own script for NTU's text files, as installed
linear      encoding in every epoch, as in the released code
knn         scikit-learn's brute-force search by cosine similarity
memory      MMAction2's PoseDataset, in several processes on a host
validation  none: its share of the pretraining time
pretraining none: whole epochs of the runner, and the estimated time of 451 epochs on NTU-60 x-sub
commands    none: commands as a whole, from conversion to the report, each in a process of its own
use         none: features of raw clips, and a search among them
scale       none: growth with clips, processes and, on a GPU, batch size
growth      none: growth with clips of 8 frames, up to --largest, and with frames
"""

import argparse
import json
import os
import platform
import re
from importlib.util import find_spec
from pathlib import Path
from typing import Callable, Dict, List, Optional, Sequence

import torch
from mmengine.registry import init_default_scope
from rich.console import Console
from rich.table import Table

import hico_mm
from hico_mm.fileio import write_json

from . import data, evaluation, growth, memory, prepare, scale, step, use

STAGES: Dict[str, Callable[[argparse.Namespace], List[dict]]] = dict(
    step=step.run, data=data.run, prepare=prepare.run, linear=evaluation.run_linear, knn=evaluation.run_knn,
    memory=memory.run, validation=evaluation.run_validation, pretraining=evaluation.run_pretraining,
    commands=use.run_commands, use=use.run_use, scale=scale.run, growth=growth.run)


def parse_args(argv: Optional[Sequence[str]]) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(prog='python -m benchmarks', description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('stage', choices=[*STAGES, 'all'], help='stage to measure')
    parser.add_argument('--encoder', default='gru', choices=['gru', 'lstm', 'transformer'],
                        help='encoder of step, pretraining and scale; default: gru')
    parser.add_argument('--dataset', default='ntu60', choices=['ntu60', 'nwucla'],
                        help='dataset of step and scale; default: ntu60')
    parser.add_argument('--batch-size', type=int, default=64,
                        help='batch size of step, pretraining and, on a CPU, scale; default: 64')
    parser.add_argument('--clips', type=int, default=768,
                        help='clips of linear, validation and pretraining; memory uses 32 times as many; default: 768')
    parser.add_argument('--files', type=int, default=2000, help='files of prepare; default: 2000')
    parser.add_argument('--queries', type=int, default=16487,
                        help='queries of knn; default: 16487, the test clips of NTU-60 x-sub')
    parser.add_argument('--gallery', type=int, default=40091,
                        help='gallery clips of knn; default: 40091, the training clips of NTU-60 x-sub')
    parser.add_argument('--largest', type=int, default=100_000,
                        help='largest number of clips of growth, at least 1000; default: 100000')
    parser.add_argument('--repeats', type=int, default=5,
                        help='repetitions of step, data, prepare and knn (at most 3); default: 5')
    parser.add_argument('--device', default='cuda' if torch.cuda.is_available() else 'cpu',
                        help='device of step, knn and scale; other stages use a GPU if there is one')
    parser.add_argument('--amp', action='store_true', help='run pretraining in bf16')
    parser.add_argument('--against', type=Path, metavar='JSON',
                        help='compare with the result of an earlier call on the same machine')
    parser.add_argument('--out', help='JSON file to write')
    args = parser.parse_args(argv)
    if args.stage in ('knn', 'all') and find_spec('sklearn') is None:
        parser.error('retrieval is compared with scikit-learn, which is not installed: pip install scikit-learn')
    if args.largest < 1000:
        parser.error(f'--largest must be at least 1000, got {args.largest}')
    return args


def main(argv: Optional[Sequence[str]] = None) -> None:
    """Measure the given stages, print a table and write JSON."""
    args = parse_args(argv)
    init_default_scope('mmaction')
    torch.manual_seed(0)
    device = torch.cuda.get_device_name() if args.device != 'cpu' else f'CPU, {torch.get_num_threads()} threads'
    earlier = read_earlier(args.against, device) if args.against else {}
    rows: List[dict] = []
    for stage in STAGES if args.stage == 'all' else [args.stage]:
        rows += [dict(row, **compared(row, earlier)) for row in STAGES[stage](args)]
        result = dict(device=device, machine=processor(), torch=torch.__version__,
                      hico_mm=hico_mm.__version__, arguments={**vars(args), 'against': str(args.against)}, rows=rows)
        if args.out:  # after each stage, so that a long run keeps its results if it is interrupted
            write_json(result, args.out)
    show(rows, f'{device}, torch {torch.__version__}')


def read_earlier(path: Path, device: str) -> Dict[str, float]:
    """Return the seconds of our path by stage and case in an earlier result, the file of one call or of several.

    Raises:
        SystemExit: if it does not exist, or was measured on another machine.
    """
    if not path.is_file():
        raise SystemExit(f'{path} does not exist: give the --out of an earlier measurement')
    content = json.loads(path.read_text())
    found: Dict[str, float] = {}
    for result in content if isinstance(content, list) else [content]:
        if (result['device'], result['machine']) != (device, processor()):
            raise SystemExit(f'{path} was measured on {result["device"]}, {result["machine"]}, so it cannot be '
                             f'compared with {device}, {processor()}')
        found.update({f'{row["stage"]} {row["what"]}': row['seconds']['hico_mm'] for row in result['rows']
                      if 'hico_mm' in row['seconds']})
    return found


def compared(row: dict, earlier: Dict[str, float]) -> dict:
    """Return the ratio of the earlier time of a row to the new one, to be added to its other ratios."""
    before = earlier.get(f'{row["stage"]} {row["what"]}')
    return {} if before is None else dict(ratio={**row['ratio'], 'earlier': before / row['seconds']['hico_mm']},
                                          seconds={'earlier': before, **row['seconds']})


def processor() -> str:
    """Describe the processor of the machine."""
    found = re.search(r'model name\s*: (.*)', Path('/proc/cpuinfo').read_text())
    return f'{found[1] if found else platform.machine()}, {os.cpu_count()} cores'


def show(rows: List[dict], title: str) -> None:
    """Print the rows as a table."""
    table = Table('stage', 'what', 'seconds', 'ratio', 'peak GiB', title=title)
    for row in rows:
        seconds = '\n'.join(f'{name} {value:.4g}{between(row, name)}' for name, value in row['seconds'].items())
        ratio = '\n'.join(f'{value:.2f}' for value in row['ratio'].values())
        peak = f'{row["peak_memory_gib"]:.2f}' if 'peak_memory_gib' in row else ''
        table.add_row(row['stage'], f'{row["what"]}\n{row.get("note", "")}', seconds, ratio, peak, end_section=True)
    Console(width=140).print(table)


def between(row: dict, name: str) -> str:
    """Return the fastest and the slowest run of a path, if there were several."""
    fastest, slowest = row.get('spread', {}).get(name, (0, 0))
    return f' ({fastest:.4g} to {slowest:.4g})' if fastest < slowest else ''


if __name__ == '__main__':
    main()
