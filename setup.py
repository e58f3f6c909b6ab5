"""Installs hico_mm."""

from pathlib import Path

from setuptools import find_packages, setup

ROOT = Path(__file__).parent
VERSION: dict = {}
exec((ROOT / 'hico_mm' / 'version.py').read_text(), VERSION)

setup(
    name='hico_mm',
    version=VERSION['__version__'],
    description='HiCo, hierarchical contrast for unsupervised skeleton-based action representation, for MMAction2',
    long_description=(ROOT / 'README.md').read_text(encoding='utf-8') if (ROOT / 'README.md').exists() else '',
    long_description_content_type='text/markdown',
    license='Apache-2.0',
    python_requires='>=3.9',
    packages=find_packages(include=['hico_mm', 'hico_mm.*']),
    # mmcv is not listed: `mmcv` and `mmcv-lite` own the same folder, and either will do. Where neither is there,
    # importing hico_mm says so.
    install_requires=[
        'torch>=2.0',
        'mmengine>=0.10.7,<1',
        'mmaction2>=1.2,<1.3',
        'numpy',
        'importlib_metadata',  # mmaction2 1.2.0 imports it without requiring it
        'packaging',
        'rich',
        'tensorboard',
    ],
    extras_require={
        'dev': ['pytest', 'ruff', 'mypy', 'pre-commit', 'scikit-learn', 'faiss-cpu', 'openmim', 'seaborn'],
        'faiss': ['faiss-cpu'],  # approximate retrieval in large galleries
    },
)
