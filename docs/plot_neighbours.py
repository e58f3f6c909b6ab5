"""Draw a test clip and the training clips nearest to it: the picture of the README.

    python docs/plot_neighbours.py CHECKPOINT data/nwucla/nwucla.pkl docs/neighbours.png

The checkpoint is work_dirs/hico_lstm_nwucla_small/epoch_150.pth, seed 0.
"""

import sys

import numpy as np

from hico_mm.apis import extract, init_model
from hico_mm.datasets.annotation import read_annotation
from hico_mm.visualization import plot_clips

QUERY, NEIGHBOURS = 'a08_s01_e01_v03', 4


def main(checkpoint: str, annotation: str, out: str, query: str = QUERY) -> None:
    """Encode the training clips and the query, and draw the query above its nearest neighbours by cosine."""
    content = read_annotation(annotation)
    model = init_model(None, checkpoint)
    gallery = content.of_split('xview_train')
    clip, = (clip for clip in content.of_split('xview_val') if clip['frame_dir'] == query)
    features = extract(model, [clip['keypoint'], *(other['keypoint'] for other in gallery)])
    features /= np.linalg.norm(features, axis=1, keepdims=True)
    scores = features[1:] @ features[0]
    nearest = np.argsort(-scores)[:NEIGHBOURS]
    rows = [dict(clip, frame_dir=f'query: {query}'), *(
        dict(gallery[i], frame_dir=f'{rank}. {gallery[i]["frame_dir"]}, similarity {scores[i]:.2f}')
        for rank, i in enumerate(nearest, 1))]
    plot_clips(rows, model.data_preprocessor.layout, num_frames=10, classes=content.classes).savefig(out, dpi=90)


if __name__ == '__main__':
    main(*sys.argv[1:])
