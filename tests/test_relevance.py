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
        b"for epoch in range(300): step()",
        b"def train_one(model): ...",
    ],
)
def test_what_may_concern_a_rule_passes(line: bytes) -> None:
    assert relevance.concerns_a_rule(b"import os\n" + line + b"\n")


@pytest.mark.parametrize("line", [b"import json", b"array = [1]", b"from django.db import models", b""])
def test_what_cannot_does_not(line: bytes) -> None:
    assert not relevance.concerns_a_rule(b"import os\n" + line + b"\n")


@pytest.mark.parametrize("rule", catalogue.load().for_target(Target.PYTHON), ids=lambda rule: rule.name)
def test_the_bad_example_of_every_rule_passes(rule: catalogue.Rule) -> None:
    assert relevance.concerns_a_rule(rule.bad.encode())
