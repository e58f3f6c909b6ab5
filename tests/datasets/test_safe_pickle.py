import os
import pickle
import random
import resource

import numpy as np
import pytest
import torch

from hico_mm.datasets import load_plain_pickle

CLIP = dict(
    frame_dir='x', label=np.int64(3), keypoint=np.random.default_rng(0).normal(size=(1, 5, 25, 3)).astype(np.float32),
    fortran=np.asfortranarray(np.arange(12.).reshape(3, 4)), flags=np.zeros(3, bool), empty=np.zeros((0, 3)),
    name=np.str_('abc'), pair=(np.arange(3), 1), half=np.float16(2), names={'a', 'b'}, frozen=frozenset([1]), z=1 + 2j,
    raw=b'abc', nothing=b'', mutable=bytearray(b'xyz'))


@pytest.mark.parametrize('protocol', range(2, 6))
def test_plain_data_of_every_protocol(tmp_path, protocol):
    path = tmp_path / 'a.pkl'
    path.write_bytes(pickle.dumps(dict(split=dict(train=['x']), annotations=[CLIP]), protocol))
    loaded = load_plain_pickle(path)['annotations'][0]
    for key, value in CLIP.items():
        assert type(loaded[key]) is type(value), key
        if key == 'pair':
            value, loaded[key] = value[0], loaded[key][0]
        assert np.array_equal(loaded[key], value) if isinstance(value, np.ndarray) else loaded[key] == value, key
        assert type(loaded[key]) is type(value), key
    assert loaded['fortran'].flags.f_contiguous and loaded['keypoint'].flags.writeable


def test_tensors_where_they_are_expected(tmp_path):
    dump = [dict(pred_score=torch.arange(4.), gt_label=torch.tensor([3]))]
    (tmp_path / 'a.pkl').write_bytes(pickle.dumps(dump))
    loaded = load_plain_pickle(tmp_path / 'a.pkl', tensors=True)
    assert torch.equal(loaded[0]['pred_score'], dump[0]['pred_score'])
    with pytest.raises(ValueError, match='_rebuild_tensor_v2 is not plain data'):
        load_plain_pickle(tmp_path / 'a.pkl')


class Call:
    """Is pickled as the call of a function."""

    def __init__(self, *call):
        self.call = call

    def __reduce__(self):
        return self.call[0], self.call[1:]


@pytest.mark.parametrize('content', [
    Call(np.ndarray, (1, ), 'O', b'A' * 8), Call(set, Call(np.ndarray, (1, ), 'O', b'A' * 8)), Call(np.ndarray, (64, )),
    Call(np.ndarray, (10, ), 'u1', b'x' * 8, 0, (10 ** 6, )), Call(np.ndarray, (1 << 35, ), 'u1'),
    Call(bytearray, 1 << 35), Call(__import__('_codecs').encode, 'x', 'no-such-codec'), Call(np.dtype, 'O'),
    Call(np.dtype, 'f4,f8'), [np.ndarray], [set], Call(complex, '1'), np.array([None], object),
    np.zeros(2, [('a', 'f4')]), dict(a=Call(
        torch._utils._rebuild_tensor_v2, torch.storage.TypedStorage(1, dtype=torch.float32, _internal=True), 0,
        (1 << 30, ), (0, ), False, None)),
])
def test_what_chooses_addresses_sizes_or_types_is_refused(tmp_path, content):
    path = tmp_path / 'a.pkl'
    path.write_bytes(pickle.dumps(content, 4))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(ValueError, match='a.pkl is not a complete pickle of plain data'):
        load_plain_pickle(path, tensors=True)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200 << 10  # KiB


@pytest.mark.parametrize('content', [
    b'\x80\x04Nr\xff\xff\xff\x0f.', b'\x80\x04\x95\xff\xff\xff\xff\xff\xff\xff\x7f.', b'(' * 10_000 + b'.',
    b'\x80\x04' + b']' * 50_000 + b'a' * 49_999 + b'.', b'Lx\n.', b'\x80\x05\x96\xff\xff\xff\xff\x00\x00\x00\x00.'])
def test_opcodes_out_of_proportion_are_one_error(tmp_path, content):
    (tmp_path / 'a.pkl').write_bytes(content)
    try:
        load_plain_pickle(tmp_path / 'a.pkl')
    except ValueError as error:
        assert 'a.pkl is not a complete pickle of plain data' in str(error)


def test_no_mutation_of_a_file_is_more_than_one_error(tmp_path):
    """A short run of the fuzzer: bytes changed, cut and inserted, opcodes among them."""
    rng, path = random.Random(0), tmp_path / 'a.pkl'
    sources = [pickle.dumps(dict(annotations=[CLIP]), protocol) for protocol in (2, 4, 5)]
    opcodes = [b'R', b'b', b'\x81', b'N', b'\x8c\x05numpy', b'\x93', b'0', b'2', b'a', b'u', b't', b'\x86', b']', b'(',
               b'o']
    for _ in range(1500):
        content = bytearray(rng.choice(sources))
        for _ in range(rng.randint(1, 6)):
            at = rng.randrange(len(content))
            if rng.random() < 0.5:
                content[at] = rng.randrange(256)
            elif rng.random() < 0.5:
                content[at:at] = rng.choice(opcodes)
            else:
                del content[at:at + rng.randint(1, 20)]
        path.write_bytes(content)
        try:
            load_plain_pickle(path)
        except ValueError as error:
            assert 'a.pkl' in str(error)


class Evil:

    def __reduce__(self):
        return os.system, ('touch evil',)


def test_code_is_refused_and_not_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'evil.pkl').write_bytes(pickle.dumps([Evil()]))
    with pytest.raises(ValueError, match=r'evil.pkl is not a complete pickle .* \(.*system is not plain data'):
        load_plain_pickle('evil.pkl')
    assert not (tmp_path / 'evil').exists()


def test_truncated_missing_and_other_files(tmp_path):
    whole = pickle.dumps(dict(a=np.zeros(1000)), 4)
    for content in (whole[:-100], whole[:2], b'', b'not a pickle at all'):
        (tmp_path / 'broken.pkl').write_bytes(content)
        with pytest.raises(ValueError, match='broken.pkl is not a complete pickle'):
            load_plain_pickle(tmp_path / 'broken.pkl')
    with pytest.raises(ValueError, match='is not a file: create it with'):
        load_plain_pickle(tmp_path)
    with pytest.raises(FileNotFoundError, match='hico-mm convert'):
        load_plain_pickle(tmp_path / 'none.pkl')


def test_what_is_nested_deeply_is_refused(tmp_path):
    nested = shared = []
    for _ in range(300):
        nested = [nested]
    for content in (nested, dict(a=(nested, )), [nested, nested[0]]):
        (tmp_path / 'a.pkl').write_bytes(pickle.dumps(content))
        with pytest.raises(ValueError, match='nested more than 100 levels deep'):
            load_plain_pickle(tmp_path / 'a.pkl')
    (tmp_path / 'a.pkl').write_bytes(pickle.dumps([shared] * 300))
    assert load_plain_pickle(tmp_path / 'a.pkl') == [[]] * 300


def test_a_tensor_outside_its_memory_is_refused(tmp_path):
    """Torch would enlarge the memory, by as much as the file says and with whatever is there."""
    memory = torch.storage.TypedStorage(4, dtype=torch.float32, _internal=True)
    for place in ((1 << 20, (1, ), (1, )), (0, (2, ), (1 << 20, )), (1, (2, 2), (2, 1))):
        (tmp_path / 'a.pkl').write_bytes(pickle.dumps(
            [Call(torch._utils._rebuild_tensor_v2, memory, *place, False, None)]))
        with pytest.raises(ValueError, match='has a storage of only 4 elements'):
            load_plain_pickle(tmp_path / 'a.pkl', tensors=True)


def test_a_named_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / 'a.pkl')
    with pytest.raises(ValueError, match='a.pkl is not a file'):
        load_plain_pickle(tmp_path / 'a.pkl')
