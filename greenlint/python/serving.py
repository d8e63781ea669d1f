"""Models that are loaded again and again: in a request handler, or for every item of a loop."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from greenlint.python.facts import (
    Attribute,
    Call,
    Constant,
    For,
    Function,
    Name,
    While,
    expressions,
    tail,
    words_of,
    written,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from greenlint.python.program import Program
    from greenlint.python.scope import Module, Scope, Spot
    from greenlint.python.training import Training

_LOADERS = re.compile(
    r"^(?:torch\.load|torch\.jit\.load|torch\.hub\.load|keras\.models\.load_model|keras\.saving\.load_model|"
    r"tensorflow\.saved_model\.load|tensorflow_hub\.(?:load|KerasLayer)|onnxruntime\.InferenceSession|"
    r"transformers\.pipeline|transformers\.pipelines\.pipeline|joblib\.load|pickle\.load|spacy\.load|whisper\.load_model|"
    r"sentence_transformers\.SentenceTransformer|fastai\.\S*load_learner|mlflow\.\w+\.load_model|"
    r"(?:transformers|diffusers|peft|optimum|sentence_transformers|timm|setfit)\.(?:\w+\.)*\w+\.from_pretrained|"
    r"xgboost\.Booster\.load_model|openvino\.\w*\.?compile_model|ultralytics\.YOLO|easyocr\.Reader|timm\.create_model)$"
)
_NO_MODEL = re.compile(r"Tokenizer|Processor|Config|FeatureExtractor|Scheduler|GenerationConfig|ImageProcessor")
_MODEL_WORD = re.compile(
    r"model|net|ckpt|checkpoint|weight|classif|regress|predictor|estimator|\.pt|\.pth|\.pkl", re.IGNORECASE
)
_VAGUE = frozenset({"torch.load", "joblib.load", "pickle.load"})
_ROUTES = frozenset(
    {
        "route",
        "get",
        "post",
        "put",
        "patch",
        "delete",
        "websocket",
        "api_route",
        "api",
        "endpoint",
        "view",
        "on_message",
        "task_handler",
    }
)
_ROUTE_OWNERS = re.compile(
    r"^(?:fastapi|flask|starlette|sanic|quart|bottle|aiohttp|litestar|falcon|tornado|django|bentoml|ray\.serve|litserve|robyn|blacksheep|cherrypy|flask_restful|rest_framework)\b"
)
_ROUTE_NAMES = re.compile(
    r"^(?:app|router|api|blueprint|bp|server|application|web|routes|svc|service)\w*$|_(?:app|router|api|bp|blueprint)$"
)
_HANDLERS = frozenset({"do_POST", "do_GET", "lambda_handler"})
_HANDLER_CLASSES = re.compile(
    r"(?:Resource|APIView|View|RequestHandler|MethodView|BaseHTTPRequestHandler|HTTPEndpoint|ViewSet|LitAPI|BaseHandler|VisionHandler)$"
)
_HANDLER_METHODS = frozenset(
    {
        "handle",
        "inference",
        "preprocess",
        "postprocess",
        "get",
        "post",
        "put",
        "patch",
        "create",
        "do_POST",
        "do_GET",
        "predict",
    }
)
_CACHES = re.compile(r"cache|memo|singleton|once|lazy|lru", re.IGNORECASE)
_RETRY = re.compile(r"retr(?:y|ies)|attempt|tries|backoff", re.IGNORECASE)
_FEW_HOPS = 5


@dataclass(frozen=True, slots=True, eq=False)
class Reload:
    """A load that is repeated: the call, and for what."""

    spot: Spot
    unit: str

    @property
    def name(self) -> str:
        """The load as it is written: `torch.load`."""
        return written(self.spot.call.func)


class Serving:
    """The repeated loads of one program."""

    def __init__(self, program: Program, training: Training) -> None:
        """Look at nothing yet."""
        self.program = program
        self.training = training

    def reloads(self, module: Module) -> Iterator[Reload]:
        """Yield the loads of a file that run again for each request or item."""
        for scope in module.scopes:
            for spot in scope.spots:
                if self._loads_model(spot) and not self._is_guarded(spot):
                    unit = self._repeated(spot, spot.call, frozenset(), 0)
                    if unit:
                        yield Reload(spot, unit)

    def _loads_model(self, spot: Spot) -> bool:
        for name in self.program.callees(spot):
            if not _LOADERS.match(name) or _NO_MODEL.search(name):
                continue
            if name in _VAGUE and not self._speaks_of_model(spot):
                continue
            if name == "timm.create_model" and not any(one.name == "pretrained" for one in spot.call.arguments):
                continue
            return True
        return False

    @staticmethod
    def _speaks_of_model(spot: Spot) -> bool:
        """`torch.load` also reads data: only a path or a target that says model counts."""
        words = [*words_of(spot.call.arguments)]
        words += [
            one.value
            for one in expressions(spot.call.arguments)
            if isinstance(one, Constant) and isinstance(one.value, str)
        ]
        words += [tail(target) for target in getattr(spot.statement, "targets", ())]
        return any(_MODEL_WORD.search(word) for word in words)

    def _is_guarded(self, spot: Spot) -> bool:
        """Tell whether a load happens only the first time: `if model is None`, a cached function."""
        for test, _ in spot.block.tests():
            if any(isinstance(one, Constant) and one.value is None for one in expressions(test.test)):
                return True
            if any(_CACHES.search(word) or word in ("hasattr", "globals") for word in words_of(test.test)):
                return True
            if any(getattr(one, "operator", "") in ("not", "not in") for one in expressions(test.test)):
                return True
        return any(self._is_cached(scope) for scope in spot.scope.enclosing())

    @staticmethod
    def _is_cached(scope: Scope) -> bool:
        decorators = scope.node.decorators if isinstance(scope.node, Function) else ()
        return any(
            _CACHES.search(word)
            or word in ("property", "fixture", "on_event", "lifespan", "asynccontextmanager", "contextmanager")
            for one in decorators
            for word in words_of(one)
        )

    def _repeated(self, spot: Spot, load: Call, seen: frozenset[int], hops: int) -> str:
        scope = spot.scope
        loop = self._loop_around(spot, load)
        if loop:
            return loop
        if scope.kind == "module" or id(scope) in seen or hops > _FEW_HOPS or self.training.loops.trains(scope):
            return ""
        if self.is_handler(scope):
            return "" if self._depends_on(spot.call, {one.name for one in scope.parameters}) else "request"
        if self._is_cached(scope) or scope.kind != "function":
            return ""
        if scope.name == "__init__" and hops == 0:
            # An object keeps what its constructor loads; how often it is made is another matter.
            pass
        for edge in self.program.callers(scope):
            if edge.kind not in ("call", "guess") or self._is_guarded(edge.spot):
                continue
            unit = self._repeated(edge.spot, edge.spot.call, seen | {id(scope)}, hops + 1)
            if unit:
                return unit
        return ""

    def _loop_around(self, spot: Spot, load: Call) -> str:
        """Tell whether a load stands in a loop over items and reads the same model each time."""
        for block in spot.block.up():
            loop = block.owner
            if not isinstance(loop, (For, While)) or block.branch != "body":
                continue
            if isinstance(loop, While) and not self._serves(loop):
                return ""
            if self._is_retry(loop) or self._trains(loop, spot.scope):
                return ""
            bound = self._bound_in(loop, spot.scope)
            if self._depends_on(load, bound):
                return ""
            if _leaves_after(loop):
                return ""
            return "item of the loop"
        return ""

    @staticmethod
    def _serves(loop: While) -> bool:
        return isinstance(loop.test, Constant) and bool(loop.test.value)

    @staticmethod
    def _is_retry(loop: For | While) -> bool:
        words = (
            [*words_of(loop.target), *words_of(loop.iterable)] if isinstance(loop, For) else list(words_of(loop.test))
        )
        return any(_RETRY.search(word) for word in words)

    def _trains(self, loop: For | While, scope: Scope) -> bool:
        """Tell whether the loop trains what it loads: a fold needs a fresh copy."""
        training = self.training
        inside = (spot for spot in scope.spots if any(block.owner is loop for block in spot.block.up()))
        return any(training.framework_of(spot) or training.loops.spot_trains(spot) for spot in inside)

    @staticmethod
    def _bound_in(loop: For | While, scope: Scope) -> set[str]:
        """Return the names that change from turn to turn."""
        found = set(words_of(loop.target)) if isinstance(loop, For) else set()
        for name, bindings in scope.bindings.items():
            if any(block.owner is loop for one in bindings for block in one.block.up()):
                found.add(name)
        return found

    @staticmethod
    def _depends_on(call: Call, names: set[str]) -> bool:
        read = set(words_of(call.arguments))
        if isinstance(call.func, Attribute) and not isinstance(call.func.value, Name):
            read |= set(words_of(call.func))
        return bool(read & (names - {"self", "cls"}))

    def is_handler(self, scope: Scope) -> bool:
        """Tell whether a function answers requests."""
        node = scope.node
        if not isinstance(node, Function):
            return False
        outer = scope.parent.root if scope.parent is not None else scope.root
        for decorator in node.decorators:
            func = decorator.func if isinstance(decorator, Call) else decorator
            if isinstance(func, Attribute) and func.name in _ROUTES:
                if any(_ROUTE_OWNERS.match(name) for name in self.program.names(func, outer)):
                    return True
                if _ROUTE_NAMES.search(tail(func.value)) and isinstance(decorator, Call):
                    return True
        if scope.name in _HANDLERS:
            return True
        if (
            scope.name == "run"
            and scope.parent is not None
            and scope.parent.kind == "module"
            and scope.parent.child("init") is not None
        ):
            # The shape of an Azure ML scoring script.
            return True
        if any(
            edge.kind == "pass"
            and any(name.startswith("gradio.") or name == "fastapi.Depends" for name in self.program.callees(edge.spot))
            for edge in self.program.callers(scope)
        ):
            return True
        owner = scope.method_of
        return (
            owner is not None
            and scope.name in _HANDLER_METHODS
            and any(_HANDLER_CLASSES.search(base) for base in self.program.bases(owner))
        )


def _leaves_after(loop: For | While) -> bool:
    """Tell whether the loop ends after its first turn: the body always leaves."""
    last = loop.body[-1] if loop.body else None
    return getattr(last, "kind", "") in ("break", "return")
