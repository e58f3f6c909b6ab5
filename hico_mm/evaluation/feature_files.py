"""Write features for other programs: NumPy, embedding-atlas, TensorBoard's projector."""

from pathlib import Path
from typing import Any, List, Optional, Sequence

import numpy as np
import torch

from ..errors import UserError
from ..fileio import atomic_write, check_writable

ENDINGS = ('.npz', '.parquet', '')  # the last is a folder, for TensorBoard
NEIGHBOURS = 10
CONFIG = '''embeddings {
  tensor_name: "features"
  tensor_path: "vectors.tsv"
  metadata_path: "metadata.tsv"
}
'''


def check_features(path: Path) -> None:
    """Check that features can be written, before they are computed.

    Raises:
        UserError: if the ending is not known, a package is missing, or something else is there.
    """
    if path.suffix not in ENDINGS:
        raise UserError(f'{path} must end with .npz or .parquet, or be a folder without an ending for TensorBoard')
    if path.suffix == '.parquet':
        _pyarrow(path)
    check_writable(path, folder=not path.suffix)


def write_features(path: Path, features: np.ndarray, labels: np.ndarray, names: Sequence[str],
                   classes: Optional[Sequence[str]] = None) -> str:
    """Write features in the format that the ending of ``path`` names, and return how to look at them.

    Args:
        path: ``.npz``, ``.parquet``, or a folder without an ending.
        features: (n, D).
        labels: (n,) labels, -1 for unknown.
        names: n names.
        classes: Names of the classes. Defaults to None.

    Raises:
        UserError: if a package is missing.
    """
    if path.suffix == '.npz':
        with atomic_write(path) as temporary:
            np.savez(temporary, feature=features, label=labels, name=np.array(names))
        return f'read it with numpy.load("{path}")'
    if path.suffix == '.parquet':
        _write_parquet(path, features, labels, names, classes)
        return (f'embedding-atlas {path} --x projection_x --y projection_y --neighbors neighbors --text name '
                'shows it')
    _write_projector(path, features, labels, names, classes)
    return f'tensorboard --logdir {path} shows it, under Projector'


def _write_parquet(path: Path, features: np.ndarray, labels: np.ndarray, names: Sequence[str],
                   classes: Optional[Sequence[str]]) -> None:
    """Write the columns of embedding-atlas: a map, the nearest clips as row numbers, the vectors, and what they are."""
    from ..report.features import make_map, nearest

    pyarrow = _pyarrow(path)
    vectors = torch.from_numpy(features.reshape(len(features), -1))
    places = make_map(vectors)
    near = nearest(vectors, np.arange(len(names)), NEIGHBOURS)
    neighbours = [dict(ids=ids.tolist(), distances=(1 - cosines).tolist()) for ids, cosines in zip(*near)]
    kind = pyarrow.struct([('ids', pyarrow.list_(pyarrow.int64())), ('distances', pyarrow.list_(pyarrow.float64()))])
    columns = dict(
        name=pyarrow.array(list(map(str, names))), label=pyarrow.array(labels.astype(np.int64)),
        projection_x=pyarrow.array(places[:, 0].astype(np.float64)),
        projection_y=pyarrow.array(places[:, 1].astype(np.float64)), neighbors=pyarrow.array(neighbours, kind),
        vector=pyarrow.array(list(vectors.numpy()), pyarrow.list_(pyarrow.float32())))
    if classes is not None:
        columns['class'] = pyarrow.array(_class_names(labels, classes))
    from pyarrow import parquet
    with atomic_write(path) as temporary:
        parquet.write_table(pyarrow.table(columns), temporary)


def _write_projector(folder: Path, features: np.ndarray, labels: np.ndarray, names: Sequence[str],
                     classes: Optional[Sequence[str]]) -> None:
    """Write the files of TensorBoard's projector. The one that it looks for is written last."""
    header, columns = ['name', 'label'], [list(map(str, names)), list(map(str, labels.tolist()))]
    if classes is not None:
        header, columns = [*header, 'class'], [*columns, _class_names(labels, classes)]
    with atomic_write(folder / 'vectors.tsv') as temporary:
        np.savetxt(temporary, features.reshape(len(features), -1), fmt='%.7g', delimiter='\t')
    rows = ['\t'.join(row) for row in zip(*columns)]
    for name, text in (('metadata.tsv', '\n'.join(['\t'.join(header), *rows, ''])), ('projector_config.pbtxt', CONFIG)):
        with atomic_write(folder / name) as temporary:
            temporary.write_text(text, encoding='utf-8')


def _class_names(labels: np.ndarray, classes: Sequence[str]) -> List[str]:
    return [classes[label] if 0 <= label < len(classes) else '' for label in labels.tolist()]


def _pyarrow(path: Path) -> Any:
    try:
        import pyarrow
        import sklearn  # noqa: F401
    except ImportError:
        raise UserError(f'{path} needs the packages pyarrow and scikit-learn: pip install "hico_mm[atlas]", or write a '
                        '.npz') from None
    return pyarrow
