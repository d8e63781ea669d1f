"""Pipelines of tf.data that feed a training: whether they work ahead, and on how many cores."""

from __future__ import annotations

import re
from itertools import takewhile
from typing import TYPE_CHECKING

from greenlint.python.facts import Attribute, Call, For, tail, walk
from greenlint.python.values import Closure, FunctionValue, Made

if TYPE_CHECKING:
    from collections.abc import Iterator

    from greenlint.python.facts import Expression, Loop
    from greenlint.python.program import Program
    from greenlint.python.scope import Block
    from greenlint.python.training import Training

_PIPELINE = re.compile(r"^tensorflow\.data\.(?:Dataset|TFRecordDataset|TextLineDataset|FixedLengthRecordDataset)\b")
# Work that is done for each element, and worth doing ahead; slices of arrays in memory are not.
_WORK = frozenset({"from_generator", "TFRecordDataset", "TextLineDataset", "list_files", "interleave", "flat_map"})
_AHEAD = re.compile(r"prefetch|copy_to_device")
_ITERATORS = frozenset({"make_one_shot_iterator", "make_initializable_iterator"})
_LONGEST = 24
_CHEAP = frozenset(
    [
        "cast",
        "one_hot",
        "stack",
        "reshape",
        "expand_dims",
        "squeeze",
        "tuple",
        "dict",
        "concat",
        "transpose",
        "identity",
    ]
)


def slow(program: Program, training: Training) -> Iterator[tuple[Call, Block, str]]:
    """Yield the calls of a training's pipelines that keep it waiting, with their block and what they lack."""
    pipelines = [
        links
        for item, block in _fed(program, training)
        for value in program.values(item, block)
        if isinstance(value, Made) and _PIPELINE.match(value.name) and _is_whole(links := list(_links(program, value)))
    ]
    # Where a name is bound again and again, all of its values are possible: only the last of a chain is fed.
    inner = {id(link.call) for links in pipelines for link in links[1:]}
    seen = set()
    for links in pipelines:
        last = links[0]
        if last.call is None or id(last.call) in inner or id(last.call) in seen or not _works(program, links):
            continue
        seen.add(id(last.call))
        # What is cached is done once, however slowly.
        repeated = list(takewhile(lambda link: not link.name.endswith(".cache"), links))
        if len(repeated) == len(links) and not any(_AHEAD.search(link.name) for link in links):
            yield last.call, last.block, "is not prefetched"
        for link in repeated:
            if link.call is not None and _maps_serially(program, link):
                yield link.call, link.block, "maps its elements one after the other"


def _fed(program: Program, training: Training) -> Iterator[tuple[Expression, Block]]:
    """Yield what trainings are given to read from: arguments of `fit`, what their loops go through, iterators."""
    for site in training.sites:
        if site.spot is not None and site.framework == "keras":
            given = (program.argument(site.spot.call, *one) for one in (("x", 0), ("validation_data", 7)))
            yield from ((one.value, site.spot.block) for one in given if one is not None)
        loops = [loop for loop in (site.node, *site.nest) if isinstance(loop, For)]
        yield from ((_source(loop), training.loops.all[id(loop)][1]) for loop in loops)
    if training.sites:
        for spot in program.spots():
            if isinstance(spot.call.func, Attribute) and spot.call.func.name in _ITERATORS:
                arguments = spot.call.arguments
                yield (arguments[0].value if arguments else spot.call.func.value), spot.block


def _source(loop: Loop) -> Expression:
    """Return what a loop goes through, behind `enumerate` and progress bars."""
    item = loop.iterable if isinstance(loop, For) else loop.test
    while (
        isinstance(item, Call) and item.arguments and tail(item.func) in ("enumerate", "tqdm", "iter", "track", "zip")
    ):
        item = item.arguments[0].value
    return item


def _links(program: Program, value: Made) -> Iterator[Made]:
    """Yield a pipeline and those it was made from, last first, as far as there is one way back."""
    current: Made | None = value
    for _ in range(_LONGEST):
        if current is None:
            return
        yield current
        func = current.call.func if current.call is not None else None
        before = program.values(func.value, current.block) if isinstance(func, Attribute) else ()
        made = [one for one in before if isinstance(one, Made) and one.call is not None]
        current = made[0] if len(made) == len(before) == 1 else None


def _is_whole(links: list[Made]) -> bool:
    """Tell whether the way back reaches the source: where it forks or breaks off, something may work ahead there."""
    return bool(links) and bool(
        re.fullmatch(r"tensorflow\.data\.\w+(?:\.(?:from_\w+|list_files|range|zip))?", links[-1].name)
    )


def _works(program: Program, links: list[Made]) -> bool:
    """Tell whether a pipeline does work for each element that is worth doing ahead."""
    return any(part in _WORK for part in links[0].name.split(".")) or any(_maps(program, link) for link in links)


def _maps(program: Program, link: Made) -> bool:
    """Tell whether a link maps a function over the elements that does more than pick and reshape."""
    call = link.call
    if call is None or not isinstance(call.func, Attribute) or call.func.name != "map":
        return False
    function = program.argument(call, "map_func", 0)
    return function is not None and not any(_is_cheap(one) for one in program.values(function.value, link.block))


def _maps_serially(program: Program, link: Made) -> bool:
    call = link.call
    if call is None or program.open_ended(call) or program.argument(call, "num_parallel_calls", 1) is not None:
        return False
    return _maps(program, link)


def _is_cheap(function: object) -> bool:
    """Tell whether a function only picks and reshapes, which several cores would not speed up."""
    if isinstance(function, Closure):
        calls = [one for one in walk(function.node.body) if isinstance(one, Call)]
    elif isinstance(function, FunctionValue):
        calls = [spot.call for spot in function.scope.spots]
    else:
        return False
    return all(tail(one.func) in _CHEAP for one in calls)
