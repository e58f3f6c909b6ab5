import mmap
import platform

import numpy as np
import pytest
from mmengine import dist

from hico_mm.datasets import clip_store
from hico_mm.datasets.clip_store import ClipStore, load_once_a_host

SHAPES = (1, 5, 25, 3), (2, 3, 25, 3), (1, 1, 25, 2)


@pytest.fixture
def clips():
    return [np.random.randn(*shape).astype(np.float32) for shape in SHAPES]


def test_clips_of_any_shape_are_given_back_as_copies(clips):
    store = ClipStore.from_clips(list(clips))
    assert len(store) == 3 and store.values.size == sum(clip.size for clip in clips)
    for i, clip in enumerate(clips):
        np.testing.assert_array_equal(store[i], clip)
    store[1][:] = 0
    np.testing.assert_array_equal(store[1], clips[1])


@pytest.fixture
def two_hosts(monkeypatch, tmp_path):
    """Ranks 0 and 1 on host a, rank 2 on host b; this process is rank 0, and what the others say is given."""
    said = []
    monkeypatch.setattr(clip_store.tempfile, 'tempdir', str(tmp_path))
    monkeypatch.setattr(clip_store.socket, 'gethostname', lambda: 'a')
    monkeypatch.setattr(dist, 'get_world_size', lambda: 3)
    monkeypatch.setattr(dist, 'get_rank', lambda: 0)
    monkeypatch.setattr(dist, 'barrier', lambda: None)
    monkeypatch.setattr(dist, 'all_gather_object', lambda mine: [mine, *said.pop(0)])
    (tmp_path / 'other').touch()
    said.append([('a', str(tmp_path / 'other')), ('b', str(tmp_path / 'other'))])
    return said


def test_the_array_is_mapped_and_its_file_is_gone(two_hosts, clips, tmp_path):
    two_hosts += [[None, 'elsewhere'], [None, None]]
    store, infos = load_once_a_host(lambda: (ClipStore.from_clips(list(clips)), [dict(label=i) for i in range(3)]))
    assert isinstance(store.values, np.memmap) and infos[2] == dict(label=2)
    np.testing.assert_array_equal(store[1], clips[1])
    assert [path.name for path in tmp_path.iterdir()] == ['other']


@pytest.mark.parametrize('mine, other', [(ValueError('broken'), 'elsewhere'), (None, ValueError('broken'))])
def test_what_fails_in_one_process_is_raised_in_all(two_hosts, clips, tmp_path, mine, other):
    def load():
        if mine:
            raise mine
        return ClipStore.from_clips(list(clips)), []

    two_hosts.append([None, other])
    with pytest.raises(ValueError, match='broken'):
        load_once_a_host(load)
    assert [path.name for path in tmp_path.iterdir()] == ['other']


def test_a_process_that_cannot_read_ends_all_and_leaves_no_file(two_hosts, clips, tmp_path):
    two_hosts += [[None, 'elsewhere'], [OSError('gone'), None]]
    with pytest.raises(OSError, match='gone'):
        load_once_a_host(lambda: (ClipStore.from_clips(list(clips)), []))
    assert [path.name for path in tmp_path.iterdir()] == ['other']


def test_one_host_name_and_folders_of_their_own(two_hosts, clips, tmp_path, monkeypatch):
    """Rank 1 of a host of that name, whose rank 0 has another folder, reads the clips itself."""
    monkeypatch.setattr(dist, 'get_rank', lambda: 1)
    monkeypatch.setattr(dist, 'all_gather_object', lambda mine: [two_hosts.pop(0)[0], mine])
    two_hosts[:] = [[('a', '/nowhere/hico_mm_1')], ['elsewhere'], [None]]
    store, rest = load_once_a_host(lambda: (ClipStore.from_clips(list(clips)), [1]))
    assert rest == [1] and len(store) == 3


def test_no_room_for_the_file(two_hosts, clips, tmp_path, monkeypatch):
    def full(*args):
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr(clip_store, 'dump_pickle', full)
    two_hosts.append([None, 'elsewhere'])
    with pytest.raises(OSError, match='has no space for the 0.0 GB .* set TMPDIR'):
        load_once_a_host(lambda: (ClipStore.from_clips(list(clips)), []))
    assert [path.name for path in tmp_path.iterdir()] == ['other']


@pytest.mark.skipif(platform.libc_ver()[0] != 'glibc', reason='of glibc')
def test_memory_that_was_freed_in_small_pieces_goes_back_to_the_system(clips):
    def resident():
        return int(open('/proc/self/statm').read().split()[1]) * mmap.PAGESIZE

    kept = []

    def load():
        pieces = [bytearray(b'x' * 40_000) for _ in range(5000)]
        kept.extend([resident(), pieces[-1]])  # the last is at the end of the heap
        return ClipStore.from_clips(list(clips)), []

    load_once_a_host(load)
    assert kept[0] - resident() > 150e6
