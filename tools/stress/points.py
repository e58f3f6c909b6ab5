"""Named points at which a training run kills itself, mostly while it saves, validates or removes checkpoints."""

import functools
import json
import os
import signal
from pathlib import Path
from typing import Any, Callable, Dict


class Strike:
    """Kills its own process with SIGKILL when it is called for the ``count``-th time."""

    def __init__(self, count: int) -> None:
        self.left = count

    def __call__(self) -> None:
        """Count the call, and kill the process if it is the last one."""
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


def _before(strike: Strike, owner: Any, name: str, where: Callable[..., bool] = lambda *args, **kwargs: True) -> None:
    """Make a method strike before each call whose arguments meet a condition."""
    method = getattr(owner, name)

    @functools.wraps(method)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        if where(*args, **kwargs):
            strike()
        return method(*args, **kwargs)

    setattr(owner, name, wrapped)


def _after(strike: Strike, owner: Any, name: str, where: Callable[..., bool] = lambda *args, **kwargs: True) -> None:
    """Make a method strike after each call whose arguments meet a condition."""
    method = getattr(owner, name)

    @functools.wraps(method)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        result = method(*args, **kwargs)
        if where(*args, **kwargs):
            strike()
        return result

    setattr(owner, name, wrapped)


def _is_best(backend: Any, path: Any) -> bool:
    return Path(path).name.startswith('best_')


def _is_old(backend: Any, path: Any) -> bool:
    return not _is_best(backend, path)


def _half_a_checkpoint(strike: Strike) -> None:
    from mmengine.fileio import LocalBackend
    put = LocalBackend.put

    def put_half(backend: Any, obj: Any, filepath: Any) -> None:
        content = obj if isinstance(obj, bytes) else obj.getvalue()
        Path(filepath).write_bytes(content[:len(content) // 2])
        strike()
        put(backend, obj, filepath)

    LocalBackend.put = put_half


def _half_a_line(strike: Strike) -> None:
    from mmengine.visualization import LocalVisBackend

    def dump(backend: Any, value_dict: dict, file_path: str, file_format: str) -> None:
        line = json.dumps(value_dict) + '\n'
        with open(file_path, 'a') as file:
            file.write(line[:len(line) // 2])
            file.flush()
            strike()
            file.write(line[len(line) // 2:])

    LocalVisBackend._dump = dump


def _pointer(strike: Strike, written: bool) -> None:
    """Strike once MMEngine has opened, or written, the file that names the last checkpoint."""
    from mmengine.hooks import checkpoint_hook

    class Pointer:
        """Replaces MMEngine's open file with one that strikes."""

        def __init__(self, path: str) -> None:
            self.path = Path(path)

        def __enter__(self) -> 'Pointer':
            return self

        def __exit__(self, *error: object) -> None:
            pass

        def write(self, text: str) -> None:
            self.path.write_text(text if written else '')
            strike()
            self.path.write_text(text)

    def opened(path: Any, mode: str = 'r', **options: Any) -> Any:
        is_pointer = str(path).endswith('last_checkpoint') and 'w' in mode
        return Pointer(path) if is_pointer else open(path, mode, **options)

    checkpoint_hook.open = opened  # type: ignore[attr-defined]


def _files(strike: Strike, point: str) -> None:
    from mmengine.fileio import LocalBackend

    from hico_mm.fileio import AtomicLocalBackend
    {'before saving': lambda: _before(strike, AtomicLocalBackend, 'put'),
     'half a checkpoint written': lambda: _half_a_checkpoint(strike),
     'checkpoint written, not renamed': lambda: _after(strike, LocalBackend, 'put'),
     'after saving': lambda: _after(strike, AtomicLocalBackend, 'put'),
     'pointer emptied': lambda: _pointer(strike, written=False),
     'pointer written': lambda: _pointer(strike, written=True),
     'before removing': lambda: _before(strike, LocalBackend, 'remove'),
     'old checkpoint removed': lambda: _after(strike, LocalBackend, 'remove', _is_old),
     'best checkpoint removed': lambda: _after(strike, LocalBackend, 'remove', _is_best)}[point]()


def _loops(strike: Strike, point: str) -> None:
    from mmengine.runner import Runner, ValLoop

    from hico_mm.engine import CheckpointDescriptionHook, FeatureTrainLoop

    def is_step(runner: Any, name: str, **kwargs: Any) -> bool:
        return name == 'after_train_iter'

    def both(place: Callable[..., None]) -> None:
        place(strike, ValLoop, 'run')
        place(strike, FeatureTrainLoop, 'validate')

    def inside() -> None:
        _before(strike, ValLoop, 'run_iter', lambda loop, idx, batch: idx == 1)
        _after(strike, FeatureTrainLoop, 'evaluate')

    {'before validating': lambda: both(_before),
     'validating': inside,
     'after validating': lambda: both(_after),
     'after a step': lambda: _after(strike, Runner, 'call_hook', is_step),
     'half a line of JSON written': lambda: _half_a_line(strike),
     'last scores not in the checkpoint': lambda: _before(strike, CheckpointDescriptionHook, 'after_train'),
     'at the very end': lambda: _after(strike, CheckpointDescriptionHook, 'after_train')}[point]()


POINTS: Dict[str, Callable[[Strike, str], None]] = {
    **dict.fromkeys(('before saving', 'half a checkpoint written', 'checkpoint written, not renamed', 'after saving',
                     'pointer emptied', 'pointer written', 'before removing', 'old checkpoint removed',
                     'best checkpoint removed'), _files),
    **dict.fromkeys(('before validating', 'validating', 'after validating', 'after a step',
                     'half a line of JSON written', 'last scores not in the checkpoint', 'at the very end'), _loops)}


def strike_at(point: str, count: int) -> Callable[[], None]:
    """Return a patch that makes a process kill itself when it reaches a point for the ``count``-th time."""
    return lambda: POINTS[point](Strike(count), point)
