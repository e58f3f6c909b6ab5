"""The figures of the HiCo paper (AAAI 2023), in percent, for comparison with ours."""

from typing import Optional

# Tables 1, 2, 5 and 6; by task, encoder and dataset.
FIGURES = {
    'linear': {
        'gru': {'ntu60': 80.6, 'ntu60-xview': 88.6, 'ntu120': 72.5, 'ntu120-xset': 73.8, 'pku1': 88.9, 'pku2': 52.2},
        'lstm': {'ntu60': 81.4, 'ntu60-xview': 88.8, 'ntu120': 73.7, 'ntu120-xset': 74.5, 'pku1': 89.4, 'pku2': 54.7},
        'transformer': {'ntu60': 81.1, 'ntu60-xview': 88.6, 'ntu120': 72.8, 'ntu120-xset': 74.1, 'pku1': 89.3,
                        'pku2': 49.4},
    },
    'knn': {
        'gru': {'ntu60': 67.9, 'ntu60-xview': 84.4, 'ntu120': 55.9, 'ntu120-xset': 58.7},
        'lstm': {'ntu60': 66.9, 'ntu60-xview': 84.3, 'ntu120': 56.3, 'ntu120-xset': 59.1},
        'transformer': {'ntu60': 68.3, 'ntu60-xview': 84.8, 'ntu120': 56.6, 'ntu120-xset': 59.1},
    },
    'transfer': {'transformer': {'ntu60': 56.3, 'pku1': 53.4}},
    'semi1': {'transformer': {'ntu60': 54.4, 'ntu60-xview': 54.8}},
    'semi10': {'transformer': {'ntu60': 73.0, 'ntu60-xview': 78.3}},
}
# Tables 3 and 4: linear evaluation of the Transformer on joints.
ABLATIONS = {
    'temporal': {'ntu60': 78.0, 'ntu60-xview': 84.9},
    'spatial': {'ntu60': 76.1, 'ntu60-xview': 84.3},
    'instance': {'ntu60': 79.8, 'ntu60-xview': 87.0},
    'domain': {'ntu60': 80.7, 'ntu60-xview': 88.4},
}


def published(task: str, encoder: str, dataset: str, stream: str, variant: str) -> Optional[float]:
    """Return the paper's figure, if a table has one. For single streams, the tables only have joints."""
    if stream != 'joint':
        return None
    if variant:
        return ABLATIONS.get(variant, {}).get(dataset) if (task, encoder) == ('linear', 'transformer') else None
    return FIGURES.get(task, {}).get(encoder, {}).get(dataset)
