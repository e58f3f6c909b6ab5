"""Plot the cost against the number of clips, from the JSON file of `python -m benchmarks growth` or `scale`.

python -m benchmarks.plot_scaling benchmark.json OUT.png
"""

import argparse
import json
from pathlib import Path
from typing import Dict, List, Optional, Sequence, Tuple

from matplotlib.figure import Figure

from hico_mm.fileio import atomic_write


def main(argv: Optional[Sequence[str]] = None) -> None:
    """Draw one line per kind of work, seconds against clips."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('benchmark', type=Path, help='JSON file of the stage growth or scale')
    parser.add_argument('out', type=Path, help='image to write')
    args = parser.parse_args(argv)
    content = json.loads(args.benchmark.read_text())
    lines: Dict[str, List[Tuple[int, float]]] = {}
    for row in content['rows']:
        if 'clips' in row:
            lines.setdefault(row['what'].rpartition(',')[0], []).append((row['clips'], row['seconds']['hico_mm']))
    lines = {name: points for name, points in lines.items() if len(points) > 1}
    if not lines:
        parser.error(f'{args.benchmark} does not have two sizes: run python -m benchmarks growth --out FILE')
    figure = Figure(figsize=(5, 3.5), layout='constrained')
    axes = figure.subplots()
    for name, points in lines.items():
        axes.loglog(*zip(*sorted(points)), marker='o', label=name)
    axes.set(xlabel='clips', ylabel='seconds', title=f'{content["device"]}, torch {content["torch"]}')
    axes.grid(alpha=0.3)
    axes.legend()
    with atomic_write(args.out) as temporary:
        figure.savefig(temporary, dpi=120)


if __name__ == '__main__':
    main()
