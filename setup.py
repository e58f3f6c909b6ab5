"""The metadata is in pyproject.toml. This file only makes editable installs work with mim."""

from pathlib import Path

from setuptools import setup
from setuptools.command.editable_wheel import editable_wheel


class EditableWheel(editable_wheel):
    """An editable install that ``mim`` finds.

    mim looks for a package next to its metadata, or at the path in ``top_level.txt``. The metadata of an editable
    install is not next to the package, so the file contains the full path.
    """

    def _ensure_dist_info(self) -> None:
        super()._ensure_dist_info()
        (Path(self.dist_info_dir) / 'top_level.txt').write_text(f'{Path(__file__).resolve().parent / "hico_mm"}\n')


setup(cmdclass=dict(editable_wheel=EditableWheel))
