"""Models by name: whether their weights are trained already, and how large they say they are."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from greenlint.python.facts import Constant, tail
from greenlint.python.forward import is_false
from greenlint.python.values import Literal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from greenlint.python.facts import Expression
    from greenlint.python.program import Program
    from greenlint.python.scope import Block, Module, Spot

# Detection and segmentation take a trained backbone by default.
_TORCHVISION = re.compile(
    r"^torchvision\.models\.(?!detection|segmentation|quantization|feature|get_)(?:\w+\.)?[a-z]\w*\d\w*$"
)
_APPLICATIONS = re.compile(r"^keras\.applications\.(?:\w+\.)*[A-Z]\w+$")
_FROM_CONFIG = re.compile(r"^transformers\.(?:TF)?AutoModel\w*\.from_config$")
# Weights that come later, or that must not be trained yet.
_LOADS = re.compile(
    r"load_state_dict|load_weights|set_weights|load_checkpoint|load_model|load_from|load_pretrained|resume|pretrain(?!ed$)|"
    r"restore|torch\.hub|from_scratch|"
    r"teacher|distil|student|lottery|prun|rewind|bench|nas_|search_space",
    re.IGNORECASE,
)
# With another first layer, for spectrograms or small images, the trained weights no longer fit.
_FIRST = frozenset({"conv1", "conv0", "conv_stem", "patch_embed", "Conv2d_1a_3x3"})
_NOISE = frozenset({"randn", "FakeData", "SyntheticDataset", "RandomDataset"})
_LARGE = re.compile(r"(?:^|[-_/a-z])(?:(\d+)x)?(\d+(?:\.\d+)?)b(?:1|3)?(?![a-z0-9])", re.IGNORECASE)
_CAUSAL = re.compile(
    r"^(?:transformers|unsloth)\.(?:\w+\.)*(?:AutoModelForCausalLM|\w+ForCausalLM|LlamaForCausalLM)\.from_pretrained$"
)
_NARROW = re.compile(
    r"^transformers\.(?:\w+\.)*\w+For(?:SequenceClassification|TokenClassification|MultipleChoice)\.from_pretrained$|"
    r"^sentence_transformers\.(?:SentenceTransformer|CrossEncoder)$"
)
_NARROW_TASKS = frozenset(
    [
        "text-classification",
        "sentiment-analysis",
        "token-classification",
        "ner",
        "feature-extraction",
        "zero-shot-classification",
    ]
)
_PARTLY = re.compile(
    r"peft|lora|adapter|requires_grad|freez|frozen|trainable|prefix_?tun|prompt_?tun|galore|ia3|bitfit|unsloth|FastLanguageModel",
    re.IGNORECASE,
)


def untrained(program: Program, module: Module) -> Iterator[tuple[Spot, str]]:
    """Yield the calls that build a stock architecture with random weights, in a program that loads none later."""
    if any(_LOADS.search(word) for one in program.modules for word in one.identifiers):
        return
    if any(target.name in _FIRST for scope in module.scopes for target, _ in scope.assigned):
        return
    # Noise has nothing to learn from: such code shows or measures how training runs.
    if any(_NOISE & one.identifiers for one in program.modules) or "bench" in " ".join(module.path.parts[-3:]).lower():
        return
    for spot in module.spots():
        if program.open_ended(spot.call) or any(one.name in ("in_chans", "in_channels") for one in spot.call.arguments):
            continue
        for name in program.callees(spot):
            if _starts_empty(program, spot, name):
                yield spot, name.removesuffix(".from_config").rpartition(".")[2]


def _starts_empty(program: Program, spot: Spot, name: str) -> bool:
    call = spot.call
    if _TORCHVISION.match(name):
        given = [program.argument(call, word) for word in ("weights", "pretrained")]
        old = call.arguments[0] if call.arguments and not call.arguments[0].name else None
        return all(one is None or _is_nothing(one.value) for one in (*given, old)) and not _has_backbone(spot)
    if name == "timm.create_model":
        pretrained = program.argument(call, "pretrained", 1)
        path = program.argument(call, "checkpoint_path") or program.argument(call, "pretrained_cfg_overlay")
        return path is None and (pretrained is None or is_false(pretrained.value))
    if _APPLICATIONS.match(name):
        weights = program.argument(call, "weights")
        return weights is not None and _is_nothing(weights.value)
    return bool(_FROM_CONFIG.match(name))


def _is_nothing(item: Expression) -> bool:
    return isinstance(item, Constant) and item.value in (None, False)


def _has_backbone(spot: Spot) -> bool:
    return any("backbone" in argument.name for argument in spot.call.arguments)


def billions(program: Program, item: Expression, block: Block) -> tuple[float, str]:
    """Return how many billion parameters a checkpoint says it has, with its name; 0 where it does not say.

    Where several checkpoints are possible, the smallest counts.
    """
    found = []
    for value in program.values(item, block):
        if not isinstance(value, Literal) or not isinstance(value.value, str):
            return 0, ""
        match = _LARGE.search(value.value)
        size = float(match[2]) * int(match[1] or 1) if match is not None else 0
        found.append((size, value.value))
    return min(found, default=(0, ""))


def narrow(program: Program, module: Module) -> Iterator[tuple[Spot, float, str]]:
    """Yield the loads of a checkpoint for classification, extraction or embedding, with its size and name."""
    for spot in module.spots():
        if tail(spot.call.func) not in ("from_pretrained", "pipeline", "SentenceTransformer", "CrossEncoder"):
            continue
        for name in program.callees(spot):
            chosen = program.argument(spot.call, "model", 1) if name == "transformers.pipeline" else None
            if _NARROW.match(name):
                chosen = spot.call.arguments[0] if spot.call.arguments else None
            elif chosen is not None and not _is_narrow_task(program, spot):
                chosen = None
            if chosen is not None and not chosen.star:
                yield spot, *billions(program, chosen.value, spot.block)


def _is_narrow_task(program: Program, spot: Spot) -> bool:
    task = program.argument(spot.call, "task", 0)
    if task is None:
        return False
    return any(one.value in _NARROW_TASKS for one in program.literals(task.value, spot.block))


def fully_tuned(program: Program, module: Module) -> Iterator[tuple[Spot, float, str]]:
    """Yield the loads of a causal language model in a program that leaves no weight alone, with size and name."""
    if any(_PARTLY.search(word) for one in program.modules for word in (*one.identifiers, *_short(one.strings))):
        return
    for spot in module.spots():
        if tail(spot.call.func) == "from_pretrained" and any(_CAUSAL.match(name) for name in program.callees(spot)):
            chosen = program.argument(spot.call, "pretrained_model_name_or_path", 0)
            if chosen is not None and not chosen.star:
                yield spot, *billions(program, chosen.value, spot.block)


def _short(texts: set[str]) -> Iterator[str]:
    return (text for text in texts if len(text) < 32)  # noqa: PLR2004 - options and keys, no prose
