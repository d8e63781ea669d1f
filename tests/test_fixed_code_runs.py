"""Each rule's fix, run: every program here fails by its own assertion as it stands, and passes once it is fixed."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from test_fixes import FIXABLE, corrected

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.framework, pytest.mark.slow]


@dataclass(frozen=True)
class Program:
    """A program that a rule finds something in; `needs` are the packages that it imports."""

    rule: str
    name: str
    needs: tuple[str, ...]
    text: str


TORCH = """\
import torch
from torch import nn

device = "cuda" if torch.cuda.is_available() else "cpu"
"""
LOOP = """
def fit(model, optimizer, batches, epochs=2):
    for epoch in range(epochs):
        for x in batches:
            optimizer.zero_grad()
            loss = model(x).pow(2).mean()
            loss.backward()
            optimizer.step()
"""
PROGRAMS = [
    Program(
        "ECO001", "comment", (), "rate = 1  # noqa: ECO310\nassert 'ECO' + '310' not in open(__file__).readline()\n"
    ),
    Program(
        "ECO104",
        "torch",
        ("torch",),
        f"""{TORCH}
block = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU())
assert block(torch.rand(2, 3, 8, 8)).shape == (2, 4, 6, 6)
assert len(list(block[0].parameters())) == 1
""",
    ),
    Program(
        "ECO104",
        "keras",
        ("keras", "torch"),
        """
import numpy
from keras import Sequential, layers

block = Sequential([layers.Conv2D(4, 3), layers.BatchNormalization(), layers.ReLU()])
assert block(numpy.zeros((2, 8, 8, 3))).shape == (2, 6, 6, 4)
assert len(block.layers[0].weights) == 1
""",
    ),
    Program(
        "ECO201",
        "torch",
        ("torch",),
        f"""{TORCH}
from torch.utils.data import DataLoader, Dataset


class Squares(Dataset):
    def __len__(self):
        return 8

    def __getitem__(self, index):
        return read(index), torch.utils.data.get_worker_info() is not None


def read(index):
    return torch.tensor(float(index))


def main(model):
    model.to("cuda" if torch.cuda.is_available() else "cpu").eval()
    seen = []
    with torch.no_grad():
        for x, in_worker in DataLoader(Squares(), batch_size=2):
            seen += zip(model(x[:, None].to(device)), in_worker)
    return seen


if __name__ == "__main__":
    found = main(nn.Linear(1, 1))
    assert len(found) == 8
    assert all(in_worker for _, in_worker in found)
""",
    ),
    Program(
        "ECO202",
        "torch",
        ("torch",),
        f"""{TORCH}
from torch.utils.data import DataLoader, Dataset


class Squares(Dataset):
    def __len__(self):
        return 8

    def __getitem__(self, index):
        return torch.tensor([float(index)])


model = nn.Linear(1, 1).to("cuda" if torch.cuda.is_available() else "cpu").eval()
loader = DataLoader(Squares(), batch_size=2)
with torch.no_grad():
    for x in loader:
        model(x.to(device))
assert loader.pin_memory
""",
    ),
    Program(
        "ECO207",
        "torch",
        ("torch",),
        f"""{TORCH}
made = []
real, torch.zeros = torch.zeros, lambda *size, **words: made.append(words) or real(*size, **words)
for step in range(3):
    mask = torch.zeros(3).to(device)
assert mask.tolist() == [0, 0, 0]
assert all(words == {{"device": device}} for words in made)
""",
    ),
    Program(
        "ECO301",
        "torch",
        ("torch", "codecarbon"),
        f"""{TORCH}
import os
model = nn.Linear(2, 1)
optimizer = torch.optim.SGD(model.parameters(), 0.1)
for epoch in range(2):
    for x in torch.rand(3, 4, 2):
        optimizer.zero_grad()
        model(x).mean().backward()
        optimizer.step()
assert os.path.exists("emissions.csv")
""",
    ),
    Program(
        "ECO303",
        "torch",
        ("torch", "codecarbon"),
        f"""{TORCH}
import os
import subprocess

from codecarbon import EmissionsTracker


def train(model):
    tracker = EmissionsTracker()
    tracker.start()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    for epoch in range(2):
        for x in torch.rand(3, 4, 2):
            optimizer.zero_grad()
            model(x).mean().backward()
            optimizer.step()
    return model


train(nn.Linear(2, 1))
assert os.path.exists("emissions.csv")
""",
    ),
    Program(
        "ECO310",
        "keras",
        ("keras", "torch"),
        """
import keras
import numpy

x, y = numpy.random.rand(8, 2), numpy.random.rand(8, 1)
model = keras.Sequential([keras.layers.Dense(1)])
model.compile(optimizer=keras.optimizers.SGD(5.0), loss="mse")
history = model.fit(x, y, epochs=40, validation_data=(x, y), verbose=0)
assert len(history.history["loss"]) < 40
""",
    ),
    Program(
        "ECO310",
        "lightning",
        ("lightning", "torch"),
        """
import lightning as L
import torch


class Model(L.LightningModule):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(2, 1)

    def training_step(self, batch, index):
        return self.layer(batch).mean()

    def validation_step(self, batch, index):
        self.log("val_loss", torch.tensor(1.0))

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), 0.1)


trainer = L.Trainer(max_epochs=30, accelerator="cpu", logger=False, enable_checkpointing=False)
trainer.fit(Model(), torch.utils.data.DataLoader(torch.rand(8, 2)), torch.utils.data.DataLoader(torch.rand(8, 2)))
assert trainer.current_epoch < 30
""",
    ),
    Program(
        "ECO310",
        "transformers",
        ("transformers", "accelerate", "torch"),
        """
import torch
from transformers import BertConfig, BertForSequenceClassification, Trainer, TrainingArguments

data = [{"input_ids": torch.randint(0, 9, (4,)), "labels": torch.tensor(0)} for _ in range(4)]
small = BertConfig(vocab_size=9, hidden_size=8, num_hidden_layers=1, num_attention_heads=1, intermediate_size=8)
settings = TrainingArguments(
    "out",
    num_train_epochs=12,
    learning_rate=10.0,
    eval_strategy="epoch",
    save_strategy="epoch",
    load_best_model_at_end=True,
    report_to="none",
    use_cpu=True,
)
trainer = Trainer(
    model=BertForSequenceClassification(small),
    args=settings,
    train_dataset=data,
    eval_dataset=data,
)
trainer.train()
assert trainer.state.epoch < 12
""",
    ),
    Program(
        "ECO320",
        "loop",
        ("torch",),
        f"""{TORCH}
def train(model, batches):
    model.to("cuda" if torch.cuda.is_available() else "cpu")
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    for epoch in range(2):
        for x in batches:
            optimizer.zero_grad()
            model(x.to(device)).mean().backward()
            optimizer.step()


train(nn.Linear(2, 1), torch.rand(3, 4, 2))
assert getattr(torch, "get_float32" + "_matmul" + "_precision")() == "high"
""",
    ),
    Program(
        "ECO320",
        "lightning",
        ("lightning", "torch"),
        """
import lightning as L
import torch


class Model(L.LightningModule):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(2, 1)
        self.seen = []

    def training_step(self, batch, index):
        found = self.layer(batch)
        self.seen.append(str(found.dtype))
        return found.mean()

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), 0.1)


model = Model()
model.to("cuda" if torch.cuda.is_available() else "cpu")
trainer = L.Trainer(max_epochs=2, logger=False, enable_checkpointing=False)
trainer.fit(model, torch.utils.data.DataLoader(torch.rand(8, 2)))
assert set(model.seen) == {"torch." + "bf" + "loat16"}
""",
    ),
    Program(
        "ECO320",
        "transformers",
        ("transformers", "accelerate", "torch"),
        """
import torch
from transformers import BertConfig, BertForSequenceClassification, Trainer, TrainingArguments

device = "cuda" if torch.cuda.is_available() else "cpu"
data = [{"input_ids": torch.randint(0, 9, (4,)), "labels": torch.tensor(0)} for _ in range(4)]
small = BertConfig(vocab_size=9, hidden_size=8, num_hidden_layers=1, num_attention_heads=1, intermediate_size=8)
settings = TrainingArguments("out", num_train_epochs=2, report_to="none", use_cpu=device == "cpu")
model = BertForSequenceClassification(small).to(device)
trainer = Trainer(model=model, args=settings, train_dataset=data)
trainer.train()
assert getattr(settings, "b" + "f16")
""",
    ),
    Program(
        "ECO340",
        "torch",
        ("torch",),
        f"""{TORCH}
def train(model, batches, optimizer):
    total = 0
    for x in batches:
        optimizer.zero_grad()
        loss = model(x).pow(2).mean()
        loss.backward()
        optimizer.step()
        total += loss
    return total


model = nn.Linear(2, 1)
total = train(model, torch.rand(3, 4, 2), torch.optim.SGD(model.parameters(), 0.1))
assert total > 0
assert not total.requires_grad
""",
    ),
    Program(
        "ECO342",
        "torch",
        ("torch",),
        f"""{TORCH}
torch.autograd.set_detect_anomaly(True)
{LOOP}
model = nn.Linear(2, 1)
fit(model, torch.optim.SGD(model.parameters(), 0.1), torch.rand(3, 4, 2))
assert not torch.is_anomaly_enabled()
""",
    ),
    Program(
        "ECO346",
        "torch",
        ("torch",),
        f"""{TORCH}
model = nn.Linear(2, 1)
optimizer = torch.optim.SGD(model.parameters(), 0.1)
for x in torch.rand(3, 4, 2):
    model(x).mean().backward()
    optimizer.step()
    optimizer.zero_grad(set_to_none=False)
assert all(one.grad is None for one in model.parameters())
""",
    ),
    Program(
        "ECO401",
        "decorator",
        ("torch",),
        f"""{TORCH}
def predict(model, batches):
    model.eval()
    return [model(x) for x in batches]


assert not any(found.requires_grad for found in predict(nn.Linear(2, 1), torch.rand(3, 4, 2)))
""",
    ),
    Program(
        "ECO401",
        "block",
        ("torch",),
        f"""{TORCH}
def train(model, batches, valid, optimizer):
    for epoch in range(2):
        model.train()
        for x in batches:
            optimizer.zero_grad()
            model(x).mean().backward()
            optimizer.step()
        model.eval()
        found = []
        for x in valid:
            found.append(model(x))
        yielded.append(any(one.requires_grad for one in found))


yielded = []
model = nn.Linear(2, 1)
train(model, torch.rand(3, 4, 2), torch.rand(3, 4, 2), torch.optim.SGD(model.parameters(), 0.1))
assert yielded == [False, False]
""",
    ),
    Program(
        "ECO402",
        "torch",
        ("torch",),
        f"""{TORCH}
torch.save(nn.Sequential(nn.Dropout(0.9), nn.Linear(64, 8)).state_dict(), "weights.pt")


def predict(inputs):
    model = nn.Sequential(nn.Dropout(0.9), nn.Linear(64, 8))
    model.load_state_dict(torch.load("weights.pt"))
    with torch.inference_mode():
        return model(inputs)


x = torch.rand(1, 64)
first, second = predict(x), predict(x)
assert torch.equal(first, second)
""",
    ),
    Program(
        "ECO502",
        "torch",
        ("torch",),
        f"""{TORCH}
model = nn.Sequential(nn.Dropout(0.9), nn.Linear(64, 8))
x = torch.rand(1, 64)
traced = torch.jit.trace(model, x, check_trace=False)
assert torch.equal(traced(x), traced(x))
""",
    ),
    Program(
        "ECO503",
        "torch",
        ("torch", "onnx"),
        f"""{TORCH}
import onnx

model = nn.Sequential(nn.Dropout(0.9), nn.Linear(64, 8)).eval()
torch.onnx.export(model, (torch.rand(1, 64),), "a.onnx", training=torch.onnx.TrainingMode.TRAINING, dynamo=False)
assert "Dropout" not in [node.op_type for node in onnx.load("a.onnx").graph.node]
""",
    ),
    Program(
        "ECO504",
        "torch",
        ("torch",),
        f"""{TORCH}
model = nn.Linear(2, 1)
optimizer = torch.optim.Adam(model.parameters())
torch.save({{"model": model.state_dict(), "optimizer": optimizer.state_dict()}}, "final.pt")
assert list(torch.load("final.pt")) == ["model"]
""",
    ),
    Program(
        "ECO505",
        "torch",
        ("torch",),
        f"""{TORCH}
from torch.nn.utils import prune


def compress(model):
    prune.l1_unstructured(model.first, "weight", amount=0.5)
    prune.random_unstructured(model.second, name="bias", amount=1)
    torch.save(model.state_dict(), "pruned.pt")


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Linear(4, 4), nn.Linear(4, 4)


compress(Model())
state = torch.load("pruned.pt")
assert sorted(state) == ["first.bias", "first.weight", "second.bias", "second.weight"]
assert (state["first.weight"] == 0).sum() == 8
""",
    ),
    Program(
        "ECO602",
        "onnxruntime",
        ("onnxruntime",),
        """
import onnxruntime as rt

options = rt.SessionOptions()
options.graph_optimization_level = rt.GraphOptimizationLevel.ORT_DISABLE_ALL
assert options.graph_optimization_level == rt.GraphOptimizationLevel.ORT_ENABLE_ALL
""",
    ),
]


def run(folder: Path, text: str) -> subprocess.CompletedProcess[str]:
    (folder / "example.py").write_text(text, encoding="utf-8")
    environment = {
        **os.environ,
        "KERAS_BACKEND": "torch",
        "TRANSFORMERS_OFFLINE": "1",
        "CODECARBON_LOG_LEVEL": "error",
        "PYTHONWARNINGS": "ignore",
    }
    return subprocess.run(
        [sys.executable, "example.py"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: f"{program.rule}-{program.name}")
def test_fixed_program_runs(program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for package in program.needs:
        if importlib.util.find_spec(package) is None:  # keras alone would not import: it wants to know its backend
            pytest.skip(f"the program needs {package}")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").touch()
    text = textwrap.dedent(program.text).lstrip("\n")
    before = run(tmp_path, text)
    assert "AssertionError" in before.stderr, before.stderr[-2000:]
    select = ["ECO001", "ECO310"] if program.rule == "ECO001" else [program.rule]
    outcome = corrected(tmp_path, select)
    assert outcome.changed, outcome.notes
    ((_, fixed),) = outcome.changed.values()
    after = run(tmp_path, fixed.decode())
    assert after.returncode == 0, after.stderr[-2000:]


def test_every_fixer_is_run() -> None:
    assert {program.rule for program in PROGRAMS} == {rule.code for rule in FIXABLE}
