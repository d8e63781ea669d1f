"""Export small torch modules with random weights, by both exporters and in both modes."""

from __future__ import annotations

import math
import warnings
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F  # noqa: N812 - as everybody writes it
from torch import nn

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor


class Residual(nn.Module):
    """Convolutions with a residual connection and three activations."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 16, 3, padding=1)
        self.second, self.norm = nn.Conv2d(16, 16, 3, padding=1, bias=False), nn.BatchNorm2d(16)
        self.drop, self.last = nn.Dropout(0.2), nn.Linear(16, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.first(x))
        x = F.relu6(x + F.leaky_relu(self.norm(self.second(x))))
        return self.last(self.drop(F.adaptive_avg_pool2d(x, 1).flatten(1)))


class Mobile(nn.Sequential):
    """Depthwise convolutions and the activations of small networks."""

    def __init__(self) -> None:
        super().__init__(
            *(nn.Conv2d(3, 8, 3, 2, 1), nn.BatchNorm2d(8), nn.Hardswish(), nn.Conv2d(8, 8, 3, 1, 1, groups=8)),
            *(nn.BatchNorm2d(8), nn.SiLU(), nn.Conv2d(8, 16, 1), nn.BatchNorm2d(16), nn.Mish()),
            *(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 16), nn.Sigmoid(), nn.Dropout(0.1)),
        )


class Upscaler(nn.Sequential):
    """Transposed convolutions."""

    def __init__(self) -> None:
        super().__init__(
            nn.ConvTranspose2d(4, 8, 2, 2), nn.BatchNorm2d(8), nn.ReLU(), nn.ConvTranspose2d(8, 1, 2, 2), nn.Sigmoid()
        )


class Perceptron(nn.Sequential):
    """Linear layers with a norm."""

    def __init__(self) -> None:
        super().__init__(
            nn.Linear(8, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.5), nn.Linear(16, 3), nn.Softmax(-1)
        )


class Encoder(nn.Module):
    """torch's own transformer encoder."""

    def __init__(self) -> None:
        super().__init__()
        layer = nn.TransformerEncoderLayer(32, 4, 64, batch_first=True, activation="gelu")
        self.embed, self.layers = nn.Embedding(100, 32), nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)

    def forward(self, ids: Tensor) -> Tensor:
        return self.layers(self.embed(ids))


class Attention(nn.Module):
    """Attention and the tanh form of Gelu written by hand."""

    def __init__(self) -> None:
        super().__init__()
        self.query, self.key, self.value, self.out = (nn.Linear(32, 32) for _ in range(4))
        self.norm, self.drop, self.up, self.down = (
            nn.LayerNorm(32),
            nn.Dropout(0.1),
            nn.Linear(32, 64),
            nn.Linear(64, 32),
        )

    def forward(self, x: Tensor) -> Tensor:
        batch, length, width = x.shape
        query, key, value = (
            layer(x).view(batch, length, 4, 8).transpose(1, 2) for layer in (self.query, self.key, self.value)
        )
        scores = self.drop(torch.softmax(query @ key.transpose(-2, -1) / math.sqrt(8), -1))
        x = self.norm(x + self.out((scores @ value).transpose(1, 2).reshape(batch, length, width)))
        h = self.up(x)
        return x + self.down(0.5 * h * (1 + torch.tanh(math.sqrt(2 / math.pi) * (h + 0.044715 * h**3))))


class RootMeanSquare(nn.Module):
    """The norm of current language models."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.rand(width))

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6) * self.weight


class Decoder(nn.Module):
    """A layer of a current language model: RMS norm, rotary embedding, causal attention, gated feed-forward."""

    def __init__(self) -> None:
        super().__init__()
        self.embed, self.first, self.second = nn.Embedding(100, 32), RootMeanSquare(32), RootMeanSquare(32)
        self.all, self.out, self.head = (nn.Linear(32, width, bias=False) for width in (96, 32, 100))
        self.gate, self.up, self.down = nn.Linear(32, 64, False), nn.Linear(32, 64, False), nn.Linear(64, 32, False)
        angles = torch.outer(torch.arange(64), 1 / (10000 ** (torch.arange(0, 8, 2) / 8)))
        angles = torch.cat([angles, angles], -1)
        self.register_buffer("cos", angles.cos())
        self.register_buffer("sin", angles.sin())

    def turn(self, x: Tensor) -> Tensor:
        left, right = x.chunk(2, -1)
        length = x.shape[-2]
        return x * self.cos[:length] + torch.cat([-right, left], -1) * self.sin[:length]

    def forward(self, ids: Tensor) -> Tensor:
        x = self.embed(ids)
        batch, length, width = x.shape
        query, key, value = self.all(self.first(x)).view(batch, length, 3, 4, 8).permute(2, 0, 3, 1, 4).unbind(0)
        mixed = F.scaled_dot_product_attention(self.turn(query), self.turn(key), value, is_causal=True)
        x = x + self.out(mixed.transpose(1, 2).reshape(batch, length, width))
        h = self.second(x)
        return self.head(x + self.down(F.silu(self.gate(h)) * self.up(h)))


class Recurrent(nn.Module):
    """An LSTM and a linear layer."""

    def __init__(self) -> None:
        super().__init__()
        self.layers, self.last = nn.LSTM(8, 16, 2, batch_first=True), nn.Linear(16, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.last(self.layers(x)[0][:, -1])


class WithLoss(nn.Module):
    """A module whose forward returns the loss beside the predictions."""

    def __init__(self, loss: nn.Module) -> None:
        super().__init__()
        self.body, self.loss = nn.Sequential(nn.Linear(8, 32), nn.GELU(), nn.Linear(32, 5)), loss

    def forward(self, x: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        scores = self.body(x)
        return self.loss(scores, labels), scores


MODULES = {
    "residual": (Residual, (torch.rand(2, 3, 16, 16),)),
    "mobile": (Mobile, (torch.rand(2, 3, 16, 16),)),
    "upscaler": (Upscaler, (torch.rand(2, 4, 8, 8),)),
    "perceptron": (Perceptron, (torch.rand(4, 8),)),
    "encoder": (Encoder, (torch.randint(0, 100, (2, 12)),)),
    "attention": (Attention, (torch.rand(2, 12, 32),)),
    "decoder": (Decoder, (torch.randint(0, 100, (2, 12)),)),
    "recurrent": (Recurrent, (torch.rand(2, 7, 8),)),
    "cross-entropy": (lambda: WithLoss(nn.CrossEntropyLoss()), (torch.rand(4, 8), torch.randint(0, 5, (4,)))),
    "squared-error": (lambda: WithLoss(nn.MSELoss()), (torch.rand(4, 8), torch.rand(4, 5))),
}


def export_all(folder: Path) -> None:
    """Write every module by both exporters, in eval and in training mode; what torch refuses is told."""
    warnings.simplefilter("ignore")
    torch.manual_seed(0)
    for (name, (make, inputs)), dynamo, train in (
        (item, dynamo, train) for item in MODULES.items() for dynamo in (False, True) for train in (False, True)
    ):
        module = make().train(train)
        path = folder / f"{name}-{'dynamo' if dynamo else 'script'}-{'train' if train else 'eval'}.onnx"
        settings = {"dynamo": dynamo, "input_names": ["x", "labels"][: len(inputs)], "verbose": False}
        if not dynamo:
            mode = torch.onnx.TrainingMode.TRAINING if train else torch.onnx.TrainingMode.EVAL
            settings |= {"training": mode, "do_constant_folding": not train}
        try:
            torch.onnx.export(module, inputs, path, **settings)
        except Exception as error:  # noqa: BLE001 - torch raises what it likes
            print(f"{path.name}: {' '.join(str(error).split())[:100]}")
