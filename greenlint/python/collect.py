"""From source text to facts: one LibCST parse and one walk that skips formatting.

The walk counts words (names and keywords) in the order of the source, so that each node knows its place without
LibCST's position provider, which costs several times the parse. `tests/python/test_places.py` holds the count
against LibCST's own positions.
"""

from __future__ import annotations

import ast
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

import libcst as cst

from greenlint.errors import SourceError
from greenlint.python.facts import (
    Argument,
    Assign,
    Attribute,
    Call,
    Choice,
    Class,
    Collection,
    Comprehension,
    Constant,
    Evaluate,
    Expression,
    Facts,
    For,
    Function,
    Group,
    If,
    Import,
    Lambda,
    Leave,
    Mapping,
    Match,
    Name,
    Operation,
    Parameter,
    Statement,
    Subscript,
    Touch,
    Try,
    Walrus,
    While,
    With,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

# What a chain is made of that CPython parses flat, and how many of them fit on an ordinary stack.
_LINKS = ("and", "or", ".", "'", '"')
_MANY_LINKS = 2000
_LARGE_STACK = 512 << 20
_LITERALS: dict[str, object] = {"True": True, "False": False, "None": None}
_OPERATORS = {
    "Add": "+",
    "AddAssign": "+",
    "Subtract": "-",
    "SubtractAssign": "-",
    "Minus": "-",
    "Plus": "+",
    "Multiply": "*",
    "MultiplyAssign": "*",
    "Divide": "/",
    "DivideAssign": "/",
    "FloorDivide": "//",
    "FloorDivideAssign": "//",
    "Modulo": "%",
    "ModuloAssign": "%",
    "Power": "**",
    "PowerAssign": "**",
    "MatrixMultiply": "@",
    "MatrixMultiplyAssign": "@",
    "BitAnd": "&",
    "BitAndAssign": "&",
    "BitOr": "|",
    "BitOrAssign": "|",
    "BitXor": "^",
    "BitXorAssign": "^",
    "BitInvert": "~",
    "LeftShift": "<<",
    "LeftShiftAssign": "<<",
    "RightShift": ">>",
    "RightShiftAssign": ">>",
    "LessThan": "<",
    "LessThanEqual": "<=",
    "GreaterThan": ">",
    "GreaterThanEqual": ">=",
    "Equal": "==",
    "NotEqual": "!=",
    "In": "in",
    "NotIn": "not in",
    "Is": "is",
    "IsNot": "is not",
    "And": "and",
    "Or": "or",
    "Not": "not",
}


def collect(text: str) -> Facts:
    """Parse one file.

    Raises `SourceError` with line and column (from 1) when the text is not Python, or is nested too deeply.
    """
    return read(parse(text))


def parse(text: str) -> cst.Module:
    """Parse with LibCST; raises `SourceError` as `collect` does."""
    try:
        with _trusting():
            return _roomily(text) if max(map(text.count, _LINKS)) > _MANY_LINKS else cst.parse_module(text)
    except cst.ParserSyntaxError as error:
        message = f"not valid Python: {_complaint(error)}"
        raise SourceError(message, line=error.raw_line, column=error.raw_column + 1) from None
    except RecursionError:
        message = "nested too deeply to be parsed"
        raise SourceError(message) from None


_trust = threading.Lock()
_trusted: list[Callable[[cst.CSTNode], None]] = []


@contextmanager
def _trusting() -> Iterator[None]:
    """Build nodes without validating each: what the grammar has just accepted is valid, and checking costs a sixth.

    Threads that parse at the same time share one suspension, and the last one out ends it.
    """
    with _trust:
        _trusted.append(cst.CSTNode.__post_init__ if not _trusted else _trusted[0])
        cst.CSTNode.__post_init__ = _accept  # type: ignore[method-assign,assignment]
    try:
        yield
    finally:
        with _trust:
            checks = _trusted.pop()
            if not _trusted:
                cst.CSTNode.__post_init__ = checks  # type: ignore[method-assign,assignment]


def _accept(_: cst.CSTNode) -> None:
    """Stand in for the validation of a node."""


def _roomily(text: str) -> cst.Module:
    """Parse on a large stack: LibCST's native parser recurses once for each link of a chain, and ends the process."""
    done: list[cst.Module | Exception] = []

    def work() -> None:
        try:
            done.append(cst.parse_module(text))
        except Exception as error:  # noqa: BLE001  raised again below
            done.append(error)

    before = threading.stack_size(_LARGE_STACK)
    try:
        worker = threading.Thread(target=work)
        worker.start()
    except RuntimeError:
        raise RecursionError from None
    finally:
        threading.stack_size(before)
    worker.join()
    if isinstance(done[0], Exception):
        raise done[0]
    return done[0]


def _complaint(error: cst.ParserSyntaxError) -> str:
    first = error.message.strip().splitlines()[0]
    return first.removeprefix("parser error: ").removeprefix("tokenizer error: ").split(": expected")[0]


def read(module: cst.Module) -> Facts:
    """Walk a parsed module."""
    walk = Walk()
    try:
        body = walk.block(module.body)
    except RecursionError:
        message = "nested too deeply to be read"
        raise SourceError(message) from None
    return Facts(body, walk.words)


class Walk:
    """One pass over a LibCST tree; `words` counts the names and keywords met so far."""

    def __init__(self) -> None:
        """Start at the first word."""
        self.words = 0
        self._expressions: dict[type, Callable[..., Expression]] = {
            cst.Name: self._name,
            cst.Attribute: self._attribute,
            cst.Call: self._call,
            cst.Integer: self._number,
            cst.Float: self._number,
            cst.Imaginary: self._number,
            cst.SimpleString: self._string,
            cst.ConcatenatedString: self._concatenation,
            cst.FormattedString: self._formatted,
            cst.BinaryOperation: self._binary,
            cst.BooleanOperation: self._boolean,
            cst.UnaryOperation: self._unary,
            cst.Comparison: self._comparison,
            cst.IfExp: self._choice,
            cst.Lambda: self._lambda,
            cst.Tuple: self._collection,
            cst.List: self._collection,
            cst.Set: self._collection,
            cst.Dict: self._dict,
            cst.Subscript: self._subscript,
            cst.ListComp: self._comprehension,
            cst.SetComp: self._comprehension,
            cst.GeneratorExp: self._comprehension,
            cst.DictComp: self._comprehension,
            cst.NamedExpr: self._walrus,
            cst.Await: self._await,
            cst.Yield: self._yield,
            cst.Ellipsis: self._ellipsis,
            cst.StarredElement: self._starred,
        }
        if hasattr(cst, "TemplatedString"):
            # Python 3.14's t-strings, known to LibCST 1.9 and later.
            self._expressions[cst.TemplatedString] = self._formatted
        self._statements: dict[type, Callable[..., Statement | None]] = {
            cst.Expr: self._evaluate,
            cst.Assign: self._assign,
            cst.AnnAssign: self._annotated,
            cst.AugAssign: self._augmented,
            cst.Return: self._return,
            cst.Raise: self._raise,
            cst.Break: self._jump,
            cst.Continue: self._jump,
            cst.Pass: self._pass,
            cst.Assert: self._assert,
            cst.Del: self._delete,
            cst.Global: self._global,
            cst.Nonlocal: self._global,
            cst.Import: self._import,
            cst.ImportFrom: self._import_from,
            cst.If: self._if,
            cst.For: self._for,
            cst.While: self._while,
            cst.With: self._with,
            cst.Try: self._try,
            cst.TryStar: self._try,
            cst.Match: self._match,
            cst.FunctionDef: self._function,
            cst.ClassDef: self._class,
            cst.TypeAlias: self._type_alias,
        }

    def watch(self, wrap: Callable[[Callable[..., Any]], Callable[..., Any]]) -> None:
        """Wrap every reader of a node, for `places` to observe where words stand."""
        self._expressions = {kind: wrap(read) for kind, read in self._expressions.items()}
        self._statements = {kind: wrap(read) for kind, read in self._statements.items()}

    # Blocks and statements

    def block(self, body: Iterable[cst.CSTNode]) -> tuple[Statement, ...]:
        """Read statements in order."""
        statements: list[Statement] = []
        handlers = self._statements
        for line in body:
            small = line.body if type(line) is cst.SimpleStatementLine else (line,)
            for item in cast("Sequence[cst.CSTNode]", small):
                statement = handlers[type(item)](item)
                if statement is not None:
                    statements.append(statement)
        return tuple(statements)

    def _suite(self, suite: cst.BaseSuite) -> tuple[Statement, ...]:
        return self.block(suite.body)

    def _else(self, orelse: cst.Else | None) -> tuple[Statement, ...]:
        if orelse is None:
            return ()
        self.words += 1
        return self.block(orelse.body.body)

    def _evaluate(self, item: cst.Expr) -> Statement | None:
        if type(item.value) is cst.SimpleString:
            return None
        at = self.words
        value = self.expression(item.value)
        return Evaluate(at, self.words, value)

    def _assign(self, item: cst.Assign) -> Assign:
        at = self.words
        targets = tuple([self.expression(target.target) for target in item.targets])
        value = self.expression(item.value)
        return Assign(at, self.words, targets, value, None, "")

    def _annotated(self, item: cst.AnnAssign) -> Assign:
        at = self.words
        target = self.expression(item.target)
        annotation = self.expression(item.annotation.annotation)
        value = self._maybe(item.value)
        return Assign(at, self.words, (target,), value, annotation, "")

    def _augmented(self, item: cst.AugAssign) -> Assign:
        at = self.words
        target = self.expression(item.target)
        value = self.expression(item.value)
        return Assign(at, self.words, (target,), value, None, _OPERATORS[type(item.operator).__name__])

    def _return(self, item: cst.Return) -> Leave:
        at = self._keyword()
        value = self._maybe(item.value)
        return Leave(at, self.words, "return", value)

    def _raise(self, item: cst.Raise) -> Leave:
        at = self._keyword()
        value = self._maybe(item.exc)
        if item.cause is not None:
            self.words += 1
            self.expression(item.cause.item)
        return Leave(at, self.words, "raise", value)

    def _jump(self, item: cst.Break | cst.Continue) -> Leave:
        at = self._keyword()
        return Leave(at, self.words, "break" if type(item) is cst.Break else "continue", None)

    def _pass(self, _: cst.Pass) -> Touch:
        at = self._keyword()
        return Touch(at, self.words, "pass", ())

    def _assert(self, item: cst.Assert) -> Touch:
        at = self._keyword()
        test = self.expression(item.test)
        if item.msg is not None:
            self.expression(item.msg)
        return Touch(at, self.words, "assert", (test,))

    def _delete(self, item: cst.Del) -> Touch:
        at = self._keyword()
        target = self.expression(item.target)
        return Touch(at, self.words, "del", (target,))

    def _global(self, item: cst.Global | cst.Nonlocal) -> Touch:
        at = self._keyword()
        names = tuple([self.expression(name.name) for name in item.names])
        return Touch(at, self.words, "global" if type(item) is cst.Global else "nonlocal", names)

    def _import(self, item: cst.Import) -> Import:
        at = self._keyword()
        names = tuple([self._alias(alias, plain=True) for alias in item.names])
        return Import(at, self.words, None, 0, names)

    def _import_from(self, item: cst.ImportFrom) -> Import:
        at = self._keyword()
        module = self._dotted(item.module) if item.module is not None else ""
        self.words += 1
        if isinstance(item.names, cst.ImportStar):
            names: tuple[tuple[str, str], ...] = (("*", "*"),)
        else:
            names = tuple([self._alias(alias, plain=False) for alias in item.names])
        return Import(at, self.words, module, len(item.relative), names)

    def _alias(self, alias: cst.ImportAlias, *, plain: bool) -> tuple[str, str]:
        name = self._dotted(alias.name)
        if alias.asname is not None:
            self.words += 1
            return name, self._dotted(alias.asname.name)
        return name, name.partition(".")[0] if plain else name

    def _dotted(self, name: cst.BaseExpression) -> str:
        parts = []
        while isinstance(name, cst.Attribute):
            parts.append(name.attr.value)
            name = name.value
        parts.append(cast("cst.Name", name).value)
        self.words += len(parts)
        return ".".join(reversed(parts))

    def _if(self, item: cst.If) -> If:
        # Chains of `elif` run to hundreds in real code: no recursion.
        chain: list[tuple[int, Expression, tuple[Statement, ...]]] = []
        while True:
            at = self._keyword()
            chain.append((at, self.expression(item.test), self._suite(item.body)))
            if type(item.orelse) is not cst.If:
                break
            item = item.orelse
        orelse = self._else(cast("cst.Else | None", item.orelse))
        for at, test, body in reversed(chain):
            orelse = (If(at, self.words, test, body, orelse),)
        return cast("If", orelse[0])

    def _for(self, item: cst.For) -> For:
        at = self.words
        self.words += 1 if item.asynchronous is None else 2
        target = self.expression(item.target)
        self.words += 1
        iterable = self.expression(item.iter)
        head = self.words
        body = self._suite(item.body)
        orelse = self._else(item.orelse)
        return For(at, self.words, target, iterable, body, orelse, head)

    def _while(self, item: cst.While) -> While:
        at = self._keyword()
        test = self.expression(item.test)
        head = self.words
        body = self._suite(item.body)
        orelse = self._else(item.orelse)
        return While(at, self.words, test, body, orelse, head)

    def _with(self, item: cst.With) -> With:
        at = self.words
        self.words += 1 if item.asynchronous is None else 2
        items = tuple([self._with_item(one) for one in item.items])
        body = self._suite(item.body)
        return With(at, self.words, items, body)

    def _with_item(self, item: cst.WithItem) -> tuple[Expression, Expression | None]:
        value = self.expression(item.item)
        return value, self._as(item.asname)

    def _as(self, name: cst.AsName | None) -> Expression | None:
        if name is None:
            return None
        self.words += 1
        return self.expression(name.name)

    def _try(self, item: cst.Try | cst.TryStar) -> Try:
        at = self._keyword()
        body = self._suite(item.body)
        handlers = tuple([self._handler(handler) for handler in item.handlers])
        orelse = self._else(item.orelse)
        finalbody: tuple[Statement, ...] = ()
        if item.finalbody is not None:
            self.words += 1
            finalbody = self._suite(item.finalbody.body)
        return Try(at, self.words, body, handlers, orelse, finalbody)

    def _handler(
        self, handler: cst.ExceptHandler | cst.ExceptStarHandler
    ) -> tuple[Expression | None, str, tuple[Statement, ...]]:
        self.words += 1
        kind = self._maybe(handler.type)
        name = self._as(handler.name)
        return kind, name.id if isinstance(name, Name) else "", self._suite(handler.body)

    def _match(self, item: cst.Match) -> Match:
        at = self._keyword()
        subject = self.expression(item.subject)
        cases = []
        for case in item.cases:
            self.words += 1
            expressions: list[Expression] = []
            names: list[Name] = []
            self._pattern(case.pattern, expressions, names)
            if case.guard is not None:
                self.words += 1
                expressions.append(self.expression(case.guard))
            cases.append((tuple(expressions), tuple(names), self._suite(case.body)))
        return Match(at, self.words, subject, tuple(cases))

    def _pattern(self, pattern: cst.CSTNode, expressions: list[Expression], names: list[Name]) -> None:
        kind = type(pattern)
        if kind is cst.MatchAs:
            _as = cast("cst.MatchAs", pattern)
            if _as.pattern is not None:
                self._pattern(_as.pattern, expressions, names)
                self.words += 1
            self.words += 1
            if _as.name is not None:
                names.append(Name(self.words - 1, self.words, _as.name.value))
        elif kind in (cst.MatchValue, cst.MatchSingleton):
            expressions.append(self.expression(cast("cst.MatchValue", pattern).value))
        elif kind is cst.MatchStar or kind is cst.Name:
            name = pattern.name if isinstance(pattern, cst.MatchStar) else pattern
            self.words += 1
            if isinstance(name, cst.Name):
                names.append(Name(self.words - 1, self.words, name.value))
        elif type(pattern) in self._expressions:
            expressions.append(self.expression(cast("cst.BaseExpression", pattern)))
        else:
            for child in pattern.children:
                self._pattern(child, expressions, names)

    def _function(self, item: cst.FunctionDef) -> Function:
        at = self.words
        decorators = tuple([self.expression(decorator.decorator) for decorator in item.decorators])
        self.words += 1 if item.asynchronous is None else 2
        name_at = self.words
        self.words += 1
        self._type_parameters(item.type_parameters)
        parameters = self._parameters(item.params)
        if item.returns is not None:
            self.expression(item.returns.annotation)
        body = self._suite(item.body)
        return Function(
            at,
            self.words,
            item.name.value,
            parameters,
            decorators,
            body,
            item.asynchronous is not None,
            name_at,
        )

    def _parameters(self, parameters: cst.Parameters) -> tuple[Parameter, ...]:
        found = [self._parameter(one, "", named=False) for one in parameters.posonly_params]
        found += [self._parameter(one, "", named=False) for one in parameters.params]
        if isinstance(parameters.star_arg, cst.Param):
            found.append(self._parameter(parameters.star_arg, "*", named=False))
        found += [self._parameter(one, "", named=True) for one in parameters.kwonly_params]
        if parameters.star_kwarg is not None:
            found.append(self._parameter(parameters.star_kwarg, "**", named=False))
        return tuple(found)

    def _parameter(self, parameter: cst.Param, star: str, *, named: bool) -> Parameter:
        at = self._keyword()
        annotation = self._maybe(parameter.annotation.annotation if parameter.annotation is not None else None)
        default = self._maybe(parameter.default)
        return Parameter(at, self.words, parameter.name.value, annotation, default, star, named)

    def _class(self, item: cst.ClassDef) -> Class:
        at = self.words
        decorators = tuple([self.expression(decorator.decorator) for decorator in item.decorators])
        self.words += 1
        name_at = self.words
        self.words += 1
        self._type_parameters(item.type_parameters)
        bases = tuple([self._argument(one) for one in (*item.bases, *item.keywords)])
        body = self._suite(item.body)
        return Class(at, self.words, item.name.value, bases, decorators, body, name_at)

    def _type_parameters(self, parameters: cst.TypeParameters | None) -> None:
        if parameters is None:
            return
        for one in parameters.params:
            self.words += 1
            if isinstance(one.param, cst.TypeVar) and one.param.bound is not None:
                self.expression(one.param.bound)
            if one.default is not None:
                self.expression(one.default)

    def _type_alias(self, item: cst.TypeAlias) -> None:
        self.words += 2
        self._type_parameters(item.type_parameters)
        self.expression(item.value)

    # Expressions

    def expression(self, item: cst.CSTNode) -> Expression:
        """Read one expression."""
        return self._expressions[type(item)](item)

    def _maybe(self, item: cst.BaseExpression | None) -> Expression | None:
        return None if item is None else self._expressions[type(item)](item)

    def _keyword(self) -> int:
        at = self.words
        self.words = at + 1
        return at

    def _name(self, item: cst.Name) -> Expression:
        at = self.words
        self.words = at + 1
        name = item.value
        if name in _LITERALS:
            return Constant(at, at + 1, _LITERALS[name])
        return Name(at, at + 1, name)

    def _attribute(self, item: cst.Attribute) -> Attribute:
        at = self.words
        value = self._expressions[type(item.value)](item.value)
        self.words += 1
        return Attribute(at, self.words, value, item.attr.value)

    def _call(self, item: cst.Call) -> Call:
        at = self.words
        func = self._expressions[type(item.func)](item.func)
        arguments = tuple([self._argument(one) for one in item.args])
        return Call(at, self.words, func, arguments)

    def _argument(self, item: cst.Arg) -> Argument:
        at = self.words
        keyword = item.keyword
        name = ""
        if keyword is not None:
            self.words = at + 1
            name = keyword.value
        value = self._expressions[type(item.value)](item.value)
        return Argument(at, self.words, value, name, item.star)

    def _number(self, item: cst.Integer | cst.Float | cst.Imaginary) -> Constant:
        at = self.words
        try:
            return Constant(at, at, ast.literal_eval(item.value))
        except (ValueError, SyntaxError, OverflowError):
            # An integer of thousands of digits: no setting of a training has one.
            return Constant(at, at, ...)

    def _string(self, item: cst.SimpleString) -> Constant:
        at = self.words
        raw = item.value
        if "\\" not in raw and raw[0] in "\"'":
            size = 3 if raw[:3] in ('"""', "'''") and len(raw) > 5 else 1  # noqa: PLR2004
            return Constant(at, at, raw[size:-size])
        try:
            return Constant(at, at, item.evaluated_value)
        except (ValueError, SyntaxError):
            return Constant(at, at, "")

    def _concatenation(self, item: cst.ConcatenatedString) -> Expression:
        at = self.words
        left, right = self.expression(item.left), self.expression(item.right)
        if isinstance(left, Constant) and isinstance(right, Constant):
            both = (left.value, right.value)
            if isinstance(both[0], str) and isinstance(both[1], str):
                return Constant(at, at, both[0] + both[1])
        return Group(at, self.words, "text", (left, right))

    def _formatted(self, item: cst.FormattedString) -> Group:
        # Words inside an f-string are not counted: they lie in a string. What is inside has the string's place.
        at = self.words
        inner = Walk()
        inner.words = at
        parts: list[Expression] = []
        for part in item.parts:
            expression = getattr(part, "expression", None)
            if expression is not None:
                parts.append(inner.expression(expression))
                inner.words = at
            else:
                parts.append(Constant(at, at, getattr(part, "value", "")))
        return Group(at, at, "text", tuple(parts))

    def _binary(self, item: cst.BinaryOperation) -> Operation:
        at = self.words
        left = self._expressions[type(item.left)](item.left)
        right = self._expressions[type(item.right)](item.right)
        return Operation(at, self.words, _OPERATORS[type(item.operator).__name__], (left, right))

    def _boolean(self, item: cst.BooleanOperation) -> Operation:
        at = self.words
        left = self._expressions[type(item.left)](item.left)
        self.words += 1
        right = self._expressions[type(item.right)](item.right)
        return Operation(at, self.words, "and" if type(item.operator) is cst.And else "or", (left, right))

    def _unary(self, item: cst.UnaryOperation) -> Expression:
        at = self.words
        operator = _OPERATORS[type(item.operator).__name__]
        if operator == "not":
            self.words += 1
        operand = self._expressions[type(item.expression)](item.expression)
        if operator == "-" and isinstance(operand, Constant) and isinstance(operand.value, (int, float)):
            return Constant(at, self.words, -operand.value)
        return Operation(at, self.words, operator, (operand,))

    def _comparison(self, item: cst.Comparison) -> Operation:
        at = self.words
        operands = [self.expression(item.left)]
        operators = []
        for target in item.comparisons:
            operator = _OPERATORS[type(target.operator).__name__]
            self.words += len(operator.split()) if operator[0] in "in" else 0
            operators.append(operator)
            operands.append(self.expression(target.comparator))
        return Operation(at, self.words, operators[0] if len(operators) == 1 else "<>", tuple(operands))

    def _choice(self, item: cst.IfExp) -> Choice:
        at = self.words
        body = self.expression(item.body)
        self.words += 1
        test = self.expression(item.test)
        self.words += 1
        orelse = self.expression(item.orelse)
        return Choice(at, self.words, test, body, orelse)

    def _lambda(self, item: cst.Lambda) -> Lambda:
        at = self._keyword()
        parameters = self._parameters(item.params)
        body = self.expression(item.body)
        return Lambda(at, self.words, parameters, body)

    def _collection(self, item: cst.Tuple | cst.List | cst.Set) -> Collection:
        at = self.words
        items = tuple(
            [
                self._starred(one) if type(one) is cst.StarredElement else self.expression(one.value)
                for one in item.elements
            ]
        )
        return Collection(at, self.words, type(item).__name__.lower(), items)

    def _starred(self, item: cst.StarredElement) -> Group:
        at = self.words
        value = self.expression(item.value)
        return Group(at, self.words, "*", (value,))

    def _dict(self, item: cst.Dict) -> Mapping:
        at = self.words
        keys: list[Expression | None] = []
        values: list[Expression] = []
        for element in item.elements:
            keys.append(self.expression(element.key) if isinstance(element, cst.DictElement) else None)
            values.append(self.expression(element.value))
        return Mapping(at, self.words, tuple(keys), tuple(values))

    def _subscript(self, item: cst.Subscript) -> Subscript:
        at = self.words
        value = self.expression(item.value)
        index = tuple([self._index(element.slice) for element in item.slice])
        return Subscript(at, self.words, value, index)

    def _index(self, item: cst.BaseSlice) -> Expression:
        if isinstance(item, cst.Index):
            return self.expression(item.value)
        at = self.words
        part = cast("cst.Slice", item)
        items = [self.expression(one) for one in (part.lower, part.upper, part.step) if one is not None]
        return Group(at, self.words, ":", tuple(items))

    def _comprehension(self, item: cst.ListComp | cst.SetComp | cst.GeneratorExp | cst.DictComp) -> Comprehension:
        at = self.words
        if isinstance(item, cst.DictComp):
            elements: tuple[Expression, ...] = (self.expression(item.key), self.expression(item.value))
        else:
            elements = (self.expression(item.elt),)
        clauses = []
        clause: cst.CompFor | None = item.for_in
        while clause is not None:
            self.words += 1 if clause.asynchronous is None else 2
            target = self.expression(clause.target)
            self.words += 1
            iterable = self.expression(clause.iter)
            tests = []
            for one in clause.ifs:
                self.words += 1
                tests.append(self.expression(one.test))
            clauses.append((target, iterable, tuple(tests)))
            clause = clause.inner_for_in
        return Comprehension(at, self.words, type(item).__name__, elements, tuple(clauses))

    def _walrus(self, item: cst.NamedExpr) -> Expression:
        at = self.words
        target = self.expression(item.target)
        value = self.expression(item.value)
        return Walrus(at, self.words, target, value) if isinstance(target, Name) else value

    def _await(self, item: cst.Await) -> Expression:
        at = self._keyword()
        value = self.expression(item.expression)
        return Group(at, self.words, "await", (value,))

    def _yield(self, item: cst.Yield) -> Group:
        at = self._keyword()
        value = item.value
        if isinstance(value, cst.From):
            self.words += 1
            return Group(at, self.words, "yield", (self.expression(value.item),))
        return Group(at, self.words, "yield", () if value is None else (self.expression(value),))

    def _ellipsis(self, _: cst.Ellipsis) -> Constant:
        return Constant(self.words, self.words, ...)
