"""The metadata is in pyproject.toml; here is only what an editable install needs for mim."""

from pathlib import Path

from setuptools import setup
from setuptools.command.editable_wheel import editable_wheel


class EditableWheel(editable_wheel):
    """An editable install that ``mim`` finds.

    mim looks for a package beside its metadata, or where ``top_level.txt`` says. The metadata of an editable install
    are not beside the package, so the file holds its full path.
    """

    def _ensure_dist_info(self) -> None:
        super()._ensure_dist_info()
        (Path(self.dist_info_dir) / 'top_level.txt').write_text(f'{Path(__file__).resolve().parent / "hico_mm"}\n')


setup(cmdclass=dict(editable_wheel=EditableWheel))
