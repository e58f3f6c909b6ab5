import numpy as np
import pytest

from hico_mm.datasets.annotation import read_annotation
from hico_mm.fileio import dump_pickle
from tests.helpers import make_annotation


@pytest.fixture
def read(tmp_path):
    """Write content to a file and read it."""

    def run(content):
        dump_pickle(content, tmp_path / 'a.pkl')
        return read_annotation(tmp_path / 'a.pkl')

    return run


def test_clips_splits_and_classes(read):
    content = make_annotation()
    content['split']['val'] = np.array(content['split']['val'])[::-1]
    annotation = read({**content, 'classes': ('a', 'b', 'c', 'd')})
    assert annotation.classes == ['a', 'b', 'c', 'd'] and len(annotation.clips) == 24
    assert annotation.splits['val'] == content['split']['val'].tolist()
    assert [clip['frame_dir'] for clip in annotation.of_split('val')] == annotation.splits['val']
    assert len(annotation.of_split(None)) == 24


def test_a_bare_list_has_no_splits(read):
    annotation = read(make_annotation()['annotations'])
    assert annotation.splits == {} and annotation.classes is None
    with pytest.raises(ValueError, match='a.pkl has no splits, so there is no split "train"'):
        annotation.of_split('train')


def test_clips_of_other_splits_may_be_faulty(read):
    content = make_annotation()
    content['annotations'][-1]['frame_dir'] = ['unhashable']
    assert len(read(content).of_split('train')) == 12


@pytest.mark.parametrize('content', [
    3, None, 'text', {}, [1, 2], np.zeros(3), dict(annotations=3), dict(annotations={'a': 1}),
    dict(annotations=[], split=[]), dict(annotations=[], split={1: []}), dict(annotations=[], split=dict(train='c0')),
    dict(annotations=[], split=dict(train=['c0', 3])), dict(annotations=[], split=dict(train=[['c0']])),
    dict(annotations=[], split=dict(train=np.zeros((2, 2)))), dict(annotations=[], split={'\ud800': []}),
    dict(annotations=[], classes=3), dict(annotations=[], classes=[1, 2])])
def test_what_is_not_an_annotation_is_one_sentence(read, content):
    with pytest.raises(ValueError, match='a.pkl .*it must contain'):
        read(content)
