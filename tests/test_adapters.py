"""Which programs are those of another library than NumPy, and what is said where it is not installed."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.cli import run
from tracer.analysis.adapters import Adapter
from tracer.programs.adapters import adapter_of


@pytest.mark.parametrize(
    ("text", "is_torch"),
    [
        ("import torch", True),
        ("import torch.nn as nn", True),
        ("from torch import optim", True),
        ("def train():\n    import torch.nn.functional as F", True),
        ("import lightning as L", True),
        ("import beside", True),
        ("from package import inner", True),
        ("from package.inner import train", True),
        ("import keras", False),
        ("import numpy as np\ntorch = np.zeros(3)", False),
        ("import torchless", False),
        ("from . import nothing", False),
    ],
)
def test_a_program_of_pytorch_is_told_by_its_imports(text: str, is_torch: bool, tmp_path: Path) -> None:
    (tmp_path / "beside.py").write_text("import train\nfrom deeper import fit")
    (tmp_path / "deeper.py").write_text("from torch.optim import Adam")
    (tmp_path / "package").mkdir()
    (tmp_path / "package/__init__.py").write_text("")
    (tmp_path / "package/inner.py").write_text("import torch")
    (tmp_path / "train.py").write_text(text)
    found = adapter_of(tmp_path / "train.py")
    assert (found is not None and found.name == "PyTorch") == is_torch


def test_keras_by_its_backend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "train.py").write_text("from keras import layers")
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    assert adapter_of(tmp_path / "train.py") is not None
    monkeypatch.delenv("KERAS_BACKEND")
    assert adapter_of(tmp_path / "train.py") is None


@pytest.mark.parametrize(
    ("text", "is_torch"),
    [
        ('os.environ["KERAS_BACKEND"] = "torch"\nimport keras', True),
        ('os.environ.setdefault("KERAS_BACKEND", "torch")\nimport keras', True),
        ('os.environ["KERAS_BACKEND"] = "jax"\nimport keras', False),
        ('os.environ["KERAS_BACKEND"] = "torch"', False),
    ],
)
def test_keras_by_what_the_program_sets(text: str, is_torch: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    (tmp_path / "train.py").write_text(f"import os\n{text}")
    assert (adapter_of(tmp_path / "train.py") is not None) == is_torch


@pytest.mark.parametrize(("settings", "is_torch"), [('{"backend": "torch"}', True), ('{"backend": "jax"}', False), ("[", False)])
def test_keras_by_its_settings(settings: str, is_torch: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    (tmp_path / "keras.json").write_text(settings)
    (tmp_path / "train.py").write_text("import keras")
    assert (adapter_of(tmp_path / "train.py") is not None) == is_torch


def test_where_pytorch_is_missing_one_line_says_how_to_install_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Adapter, "is_installed", False)
    Path("train.py").write_text("import torch")
    assert run("trace", "train.py") == 2
    said = capsys.readouterr()
    message = "tracer: train.py needs PyTorch, which is not installed here: pip install 'torch>=2.13,<2.14'\n"
    assert (said.out, said.err) == ("", message)
    assert not Path("output").exists()
