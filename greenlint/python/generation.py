"""Calls of language models, and whether anything bounds what they write."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from greenlint.python.facts import Attribute, Constant, Mapping, tail, written
from greenlint.python.values import Display, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from greenlint.python.facts import Argument, Expression
    from greenlint.python.program import Program
    from greenlint.python.scope import Block, Module, Spot


@dataclass(frozen=True, slots=True)
class _Interface:
    """One way to ask a model: the end of the call's name, the library of its client, and what bounds an answer."""

    ending: tuple[str, ...]
    library: str
    limits: frozenset[str]


# Defaults read in November 2026: each of these goes on up to the model's or the context's own end. Left out are those
# that stop earlier by themselves (completions.create, vLLM's SamplingParams, llama_cpp's __call__: 16 tokens;
# huggingface_hub: the server's default) and those that want a limit (anthropic).
_CHAT = frozenset({"max_tokens", "max_completion_tokens", "extra_body"})
_INTERFACES = (
    *(_Interface(("chat", "completions", name), "openai", _CHAT) for name in ("create", "parse", "stream")),
    *(
        _Interface(("responses", name), "openai", frozenset({"max_output_tokens", "extra_body", "response_id"}))
        for name in ("create", "parse", "stream")
    ),
    *(_Interface(("ChatCompletion", name), "openai", _CHAT) for name in ("create", "acreate")),
    *(_Interface((name,), "litellm", _CHAT) for name in ("completion", "acompletion")),
    *(_Interface((name,), "ollama", frozenset({"options"})) for name in ("chat", "generate")),
    *(
        _Interface(("chat", name), "mistralai", frozenset({"max_tokens"}))
        for name in ("complete", "stream", "complete_async", "stream_async", "parse")
    ),
    _Interface(("create_chat_completion",), "llama_cpp", frozenset({"max_tokens"})),
)
_LIMITED = re.compile(r"claude|anthropic|bedrock", re.IGNORECASE)
_ENDINGS = frozenset(one.ending[-1] for one in _INTERFACES)


def unbounded(program: Program, module: Module) -> Iterator[tuple[Spot, str]]:
    """Yield the calls that set no bound to the answer, with the argument that would."""
    if not _ENDINGS & module.identifiers:
        return
    for spot in module.spots():
        if tail(spot.call.func) in _ENDINGS and not program.open_ended(spot.call):
            for one in _INTERFACES:
                if (
                    _ends_with(spot.call.func, one.ending)
                    and _is_of(program, spot, one)
                    and _is_free(program, spot, one)
                ):
                    yield spot, _named(one)
                    break


def _ends_with(func: Expression, ending: tuple[str, ...]) -> bool:
    return tuple(written(func).split(".")[-len(ending) :]) == ending


def _is_of(program: Program, spot: Spot, interface: _Interface) -> bool:
    """Tell whether a call goes to a library: by the object at its head, or as the only one that the file imports."""
    head: Expression = spot.call.func
    for _ in interface.ending:
        if isinstance(head, Attribute):
            head = head.value
    names = program.names(head, spot.block) or program.callees(spot)
    if names:
        # Wrappers keep the name of what they wrap: instructor.from_openai, langfuse.openai.OpenAI.
        wrapped = len(interface.ending) > 1
        return any(
            interface.library == name.partition(".")[0] or (wrapped and interface.library in name) for name in names
        )
    if program.edges(spot) or (len(interface.ending) == 1 and interface.library != "llama_cpp"):
        return False
    return interface.library in spot.scope.module.roots


def _is_free(program: Program, spot: Spot, interface: _Interface) -> bool:
    if interface.library == "litellm" and not _is_open(program, spot):
        return False
    for name in interface.limits:
        argument = program.argument(spot.call, name)
        if argument is not None and not (name == "options" and _leaves_open(program, argument, spot.block)):
            return False
    return True


def _is_open(program: Program, spot: Spot) -> bool:
    """Tell whether a model of LiteLLM is known and not one that wants a limit, which LiteLLM then sets by itself."""
    model = program.argument(spot.call, "model", 0)
    values = program.values(model.value, spot.block) if model is not None else ()
    names = [one.value for one in values if isinstance(one, Literal) and isinstance(one.value, str)]
    return 0 < len(names) == len(values) and not any(_LIMITED.search(name) for name in names)


def _leaves_open(program: Program, argument: Argument, block: Block) -> bool:
    """Tell whether options of Ollama are written out and do not speak of `num_predict`."""
    values = program.values(argument.value, block)
    return all(
        isinstance(one, Display)
        and isinstance(one.node, Mapping)
        and all(isinstance(key, Constant) and key.value != "num_predict" for key in one.node.keys)
        for one in values
    )


def _named(interface: _Interface) -> str:
    if interface.library == "ollama":
        return 'options={"num_predict": ...}'
    return next(
        name for name in ("max_completion_tokens", "max_output_tokens", "max_tokens") if name in interface.limits
    )
