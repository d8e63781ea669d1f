from __future__ import annotations

import pytest

from greenlint import catalogue, relevance
from greenlint.rule import Target


@pytest.mark.parametrize(
    "line",
    [
        b"import torch",
        b"from pytorch_lightning import Trainer",
        b"import tensorflow as tf",
        b"from sklearn.neural_network import MLPClassifier",
        b"import ray",
        b"    import os, torch",
        b"from google.genai import x",
        b"from google.cloud import aiplatform",
        b'    "import torch\\n",',
        b'"source": "import os\\nimport torch"',
        b"torch = importlib.import_module('torch')",
    ],
)
def test_what_imports_a_framework_passes(line: bytes) -> None:
    assert relevance.names_a_framework(b"import os\n" + line + b"\n")


@pytest.mark.parametrize(
    "line",
    [
        b"import json",
        b"from array import x",
        b"from .onnx import x",
        b"from mine.torch import x",
        b"from django.db import models  # no torch",
        b"important = 'torch'",
        b"",
    ],
)
def test_what_imports_none_does_not(line: bytes) -> None:
    assert not relevance.names_a_framework(b"import os\n" + line + b"\n")
    assert not relevance.says_a_word(b"import os\n" + line + b"\n")


@pytest.mark.parametrize("line", [b"for epoch in range(300): step()", b"def train_one(model): ..."])
def test_a_loop_over_epochs_is_worth_a_look(line: bytes) -> None:
    assert relevance.says_a_word(line)
    assert not relevance.names_a_framework(line)


@pytest.mark.parametrize("rule", catalogue.load().for_target(Target.PYTHON), ids=lambda rule: rule.name)
def test_the_bad_example_of_every_rule_passes(rule: catalogue.Rule) -> None:
    assert relevance.names_a_framework(rule.bad.encode())
