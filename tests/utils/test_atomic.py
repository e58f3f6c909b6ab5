import pytest

from hico_mm.utils import atomic_write


def test_whole_or_not_at_all(tmp_path):
    path = tmp_path / 'folder' / 'a.txt'
    with atomic_write(path) as temporary:
        temporary.write_text('whole')
        assert not path.exists()
    assert path.read_text() == 'whole'
    with pytest.raises(KeyboardInterrupt), atomic_write(path) as temporary:
        temporary.write_text('ha')
        raise KeyboardInterrupt
    assert path.read_text() == 'whole' and list(path.parent.iterdir()) == [path]
