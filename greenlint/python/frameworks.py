"""What the catalogue knows of frameworks: their names, entry points and habits, as data.

Names are canonical: `canonical` folds the spellings under which one thing can be imported. Sources are the
frameworks' own reference pages, read in November 2026.
"""

from __future__ import annotations

import re
from functools import cache

# Top-level packages that are never part of a program, even when their source lies in the same repository.
KNOWN = frozenset(
    [
        "accelerate",
        "albumentations",
        "apex",
        "autogluon",
        "bitsandbytes",
        "carbontracker",
        "catboost",
        "codecarbon",
        "coremltools",
        "datasets",
        "deepspeed",
        "diffusers",
        "eco2ai",
        "experiment_impact_tracker",
        "fairscale",
        "fastai",
        "flax",
        "huggingface_hub",
        "ignite",
        "jax",
        "keras",
        "keras_tuner",
        "kerastuner",
        "lightgbm",
        "lightning",
        "lightning_fabric",
        "monai",
        "numpy",
        "onnx",
        "onnxruntime",
        "openvino",
        "optimum",
        "optuna",
        "pandas",
        "peft",
        "pyjoules",
        "pyRAPL",
        "pytorch_lightning",
        "ray",
        "scipy",
        "sentence_transformers",
        "skl2onnx",
        "sklearn",
        "tensorflow",
        "tensorflow_addons",
        "tensorflow_datasets",
        "tensorflow_hub",
        "tf2onnx",
        "tf_keras",
        "timm",
        "torch",
        "torch_geometric",
        "torch_xla",
        "torchaudio",
        "torchmetrics",
        "torchtext",
        "torchvision",
        "transformers",
        "trl",
        "unsloth",
        "xgboost",
        "zeus",
    ]
)
# Of these, a project often has a folder of the same name; a local one wins.
_SHADOWED = frozenset({"datasets", "ray", "zeus", "unsloth", "albumentations"})
FRAMEWORKS = KNOWN - _SHADOWED

_ALIASES = (
    ("tensorflow.compat.v1.keras", "keras"),
    ("tensorflow.compat.v2.keras", "keras"),
    ("tensorflow.python.keras", "keras"),
    ("tensorflow.keras", "keras"),
    ("tensorflow_core.keras", "keras"),
    ("tf_keras", "keras"),
    ("keras.api", "keras"),
    ("keras.src", "keras"),
    ("tensorflow.compat.v1", "tensorflow"),
    ("tensorflow.compat.v2", "tensorflow"),
    ("tensorflow.v1", "tensorflow"),
    ("pytorch_lightning", "lightning"),
    ("lightning.pytorch", "lightning"),
    ("lightning_fabric", "lightning.fabric"),
    ("kerastuner", "keras_tuner"),
    ("torch.utils.data.dataloader.DataLoader", "torch.utils.data.DataLoader"),
    ("torch.utils.data.dataset", "torch.utils.data"),
    ("torch.nn.modules.module", "torch.nn"),
    ("torch.nn.modules", "torch.nn"),
    ("torch.nn.parallel.distributed", "torch.nn.parallel"),
    ("torch.autograd.grad_mode", "torch"),
    ("transformers.trainer", "transformers"),
    ("transformers.training_args", "transformers"),
    ("lightning.trainer.trainer", "lightning"),
    ("lightning.trainer", "lightning"),
    ("lightning.cli", "lightning"),
    ("lightning.core", "lightning"),
    ("lightning.core.module", "lightning"),
    ("lightning.core.lightning", "lightning"),
    ("lightning.callbacks.early_stopping", "lightning.callbacks"),
    ("lightning.fabric.fabric", "lightning.fabric"),
    ("keras.engine.training", "keras"),
)
_ALIAS = dict(_ALIASES)
_PREFIX = re.compile("|".join(rf"{re.escape(name)}(?=\.|$)" for name, _ in sorted(_ALIASES, key=lambda a: -len(a[0]))))
_CONFIRM = {
    "lightning.Fabric": "lightning.fabric.Fabric",
    "keras.models.Model": "keras.Model",
    "keras.models.Sequential": "keras.Sequential",
    "keras.engine.training.Model": "keras.Model",
    "torch.nn.DataParallel": "torch.nn.parallel.DataParallel",
    "lightning.callbacks.early_stopping.EarlyStopping": "lightning.callbacks.EarlyStopping",
}


# Old Keras kept its layers in modules of their own: keras.layers.convolutional.Conv2D.
_KERAS_FOLDERS = re.compile(r"^(keras\.(?:layers|callbacks|optimizers|models))\.(?:[a-z_]\w*\.)+([A-Z]\w*)")


@cache
def canonical(name: str) -> str:
    """Fold the spellings of a library's name: `tensorflow.keras.Model` is `keras.Model`."""
    previous = ""
    while previous != name:
        previous = name
        match = _PREFIX.match(name)
        if match is not None:
            name = _ALIAS[match[0]] + name[match.end() :]
    name = _KERAS_FOLDERS.sub(r"\1.\2", name)
    return _CONFIRM.get(name, name)


# Where a name comes from when several modules of Keras are imported with a star.
_KERAS_STARS = (
    ("keras.models", re.compile(r"^(?:Model|Sequential|load_model|clone_model|model_from_json)$")),
    (
        "keras.callbacks",
        re.compile(
            r"^(?:\w*Callback|EarlyStopping|ModelCheckpoint|ReduceLROnPlateau|TensorBoard|CSVLogger|LearningRateScheduler)$"
        ),
    ),
    ("keras.optimizers", re.compile(r"^(?:SGD|Adam\w*|RMSprop|Adagrad|Adadelta|Nadam|Ftrl)$")),
    ("keras.layers", re.compile(r"^[A-Z]\w*[a-z0-9]\w*$")),
)


def star_source(name: str, modules: set[str]) -> str:
    """Tell which of several star-imported modules a name comes from, or return an empty string.

    Only Keras is known by its names; a star import of anything unknown beside it leaves capitalised names to Keras.
    """
    return next((module for module, names in _KERAS_STARS if module in modules and names.match(name)), "")


def root_of(name: str) -> str:
    """Return the top-level package of a dotted name."""
    return name.partition(".")[0]


# Calls that give back (a form of) their first argument.
TRANSPARENT = frozenset(
    [
        "torch.compile",
        "torch.nn.parallel.DataParallel",
        "torch.nn.parallel.DistributedDataParallel",
        "torch.nn.SyncBatchNorm.convert_sync_batchnorm",
        "torch.distributed.fsdp.FullyShardedDataParallel",
        "torch.distributed.fsdp.fully_shard",
        "apex.parallel.DistributedDataParallel",
        "torch.quantization.quantize_dynamic",
        "torch.ao.quantization.quantize_dynamic",
        "torch.quantization.convert",
        "torch.ao.quantization.convert",
        "torch.utils.mobile_optimizer.optimize_for_mobile",
        "torch.jit.freeze",
        "torch.jit.optimize_for_inference",
        "torch.autograd.Variable",
        "copy.copy",
        "copy.deepcopy",
        "functools.partial",
        "functools.wraps",
        "tensorflow.function",
        "jax.jit",
        "tqdm.tqdm",
        "tqdm.auto.tqdm",
        "tqdm.notebook.tqdm",
        "tqdm.std.tqdm",
        "tqdm.asyncio.tqdm",
        "tqdm.contrib.tenumerate",
        "tqdm.tqdm_notebook",
        "rich.progress.track",
        "fastprogress.master_bar",
        "fastprogress.progress_bar",
        "fastprogress.fastprogress.master_bar",
        "alive_progress.alive_it",
        "iter",
        "list",
        "tuple",
        "reversed",
        "sorted",
        "peft.get_peft_model",
        "peft.inject_adapter_in_model",
        "peft.prepare_model_for_kbit_training",
        "torch_geometric.nn.DataParallel",
        "ray.train.torch.prepare_model",
        "torch.distributed.tensor.parallel.parallelize_module",
    ]
)
# Methods that give back (a form of) the object.
FLUENT = frozenset(
    [
        "to",
        "cuda",
        "cpu",
        "xpu",
        "mps",
        "half",
        "float",
        "double",
        "bfloat16",
        "eval",
        "train",
        "requires_grad_",
        "share_memory",
        "type",
        "compile",
        "apply",
        "to_empty",
        "set_device",
        "start",
        "with_options",
        "module",
    ]
)
# Calls that hand several objects back in the order of their arguments.
PREPARING = frozenset({"prepare", "setup", "setup_module", "setup_dataloaders", "initialize", "prepare_model"})
NUMERIC = frozenset({"int", "float", "abs", "round", "math.ceil", "math.floor"})
SPAWNERS = frozenset(
    [
        "multiprocessing.Process",
        "multiprocessing.context.Process",
        "torch.multiprocessing.Process",
        "threading.Thread",
        "torch.multiprocessing.spawn",
        "torch_xla.distributed.xla_multiprocessing.spawn",
        "accelerate.notebook_launcher",
        "accelerate.debug_launcher",
        "torch.multiprocessing.start_processes",
        "torch_xla.launch",
    ]
)
