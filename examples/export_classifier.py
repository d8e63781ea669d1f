"""Export the trained classifier for the runtime (ONNX)."""

import torch

from train_classifier import Classifier

model = Classifier()
model.load_state_dict(torch.load("classifier.pt", map_location="cpu", weights_only=True))
torch.onnx.export(model, (torch.randn(1, 3, 32, 32),), "classifier.onnx", dynamo=True)
