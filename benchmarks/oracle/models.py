"""Write the models that the oracle is run on: generated ones in ONNX's text form, and exports of torch modules.

    python benchmarks/oracle/models.py FOLDER [--torch]

The generated ones are small variations (type, opset, rank, order of inputs, a second reader, a value that leaves the
graph) around each pattern, so that what ONNX Runtime refuses to fuse is asked as often as what it fuses.
"""

from __future__ import annotations

import argparse
import itertools
from pathlib import Path
from typing import TYPE_CHECKING

import onnx
import onnx.parser

if TYPE_CHECKING:
    from collections.abc import Iterator

ACTIVATIONS = {
    "Relu": "", "Sigmoid": "", "Tanh": "", "LeakyRelu": "<alpha = 0.1>", "HardSigmoid": "<alpha = 0.2, beta = 0.5>",
    "Elu": "<alpha = 1.0>", "Selu": "", "Softplus": "", "Softsign": "", "ThresholdedRelu": "<alpha = 1.0>", "Exp": "",
    "HardSwish": "", "Erf": "",
}  # fmt: skip


def texts() -> Iterator[tuple[str, str]]:
    """Names and texts of the generated models."""
    for opset in (11, 13, 17, 21):
        for name, body in _bodies(opset):
            ir = 10 if opset > 20 else 8
            yield f"{name}-{opset}", f'<ir_version: {ir}, opset_import: ["" : {opset}]>\n{body}'


def _numbers(count: int, start: float = 0.5) -> str:
    return ", ".join(f"{start + 0.25 * (i % 7)}" for i in range(count))


W4 = f"float[4, 4, 1, 1] w = {{{_numbers(16)}}}"
M4 = f"float[4, 4] w = {{{_numbers(16)}}}"
B4 = f"float[4] b = {{{_numbers(4)}}}"
BN = f"float[4] s = {{{_numbers(4)}}}, float[4] o = {{{_numbers(4)}}}, float[4] m = {{{_numbers(4)}}}, float[4] v = {{{_numbers(4)}}}"
IMAGE = "float[N, 4, 8, 8] x"
ENDS = {
    "plain": ("float[N, 4, 8, 8] y", ""),
    "shared": ("float[N, 4, 8, 8] y, float[N, 4, 8, 8] z", "z = Neg (h)"),
    "leaves": ("float[N, 4, 8, 8] y, float[N, 4, 8, 8] h", ""),
}


def _bodies(opset: int) -> Iterator[tuple[str, str]]:
    new = opset >= 13
    for (act, attributes), (end, (outputs, extra)) in itertools.product(ACTIVATIONS.items(), ENDS.items()):
        if act == "HardSwish" and opset < 14:
            continue
        yield (
            f"conv-{act}-{end}",
            f"""g ({IMAGE}) => ({outputs}) <{W4}> {{
            h = Conv (x, w)
            y = {act} {attributes} (h)
            {extra}
        }}""",
        )
        if end == "plain":
            yield (
                f"gemm-{act}",
                f"""g (float[N, 4] x) => (float[N, 4] y) <{M4}, {B4}> {{
                h = Gemm (x, w, b)
                y = {act} {attributes} (h)
            }}""",
            )
            yield (
                f"matmuladd-{act}",
                f"""g (float[N, 4] x) => (float[N, 4] y) <{M4}, {B4}> {{
                g1 = MatMul (x, w)
                h = Add (g1, b)
                y = {act} {attributes} (h)
            }}""",
            )
            yield (
                f"convbn-{act}",
                f"""g ({IMAGE}) => ({outputs}) <{W4}, {BN}> {{
                g1 = Conv (x, w)
                h = BatchNormalization (g1, s, o, m, v)
                y = {act} {attributes} (h)
            }}""",
            )
            yield (
                f"matmul-{act}",
                f"""g (float[N, 4] x) => (float[N, 4] y) <{M4}> {{
                h = MatMul (x, w)
                y = {act} {attributes} (h)
            }}""",
            )
    for end, (outputs, extra) in ENDS.items():
        yield (
            f"conv-clip-{end}",
            f"""g ({IMAGE}) => ({outputs}) <{W4}, float lo = {{0}}, float hi = {{6}}> {{
            h = Conv (x, w)
            y = Clip (h, lo, hi)
            {extra}
        }}""",
        )
        for op in ("Conv", "ConvTranspose"):
            yield (
                f"{op}-bn-{end}",
                f"""g ({IMAGE}) => ({outputs}) <{W4}, {BN}> {{
                h = {op} (x, w)
                y = BatchNormalization (h, s, o, m, v)
                {extra}
            }}""",
            )
        for shape, op, side in itertools.product(
            ("4,1,1", "1,4,1,1", "1", "4", "1,1,1,1", "1,4,8,8"), ("Add", "Mul"), "lr"
        ):
            count = 256 if "8" in shape else 4 if "4" in shape else 1
            pair = "c, h" if side == "l" else "h, c"
            if end == "plain" or shape == "4,1,1":
                yield (
                    f"conv-{op}-{shape}-{side}-{end}",
                    f"""g ({IMAGE}) => ({outputs})
                    <{W4}, float[{shape}] c = {{{_numbers(count)}}}> {{
                    h = Conv (x, w)
                    y = {op} ({pair})
                    {extra}
                }}""",
                )
    yield (
        "conv-clip-input",
        f"""g ({IMAGE}, float lo) => (float[N, 4, 8, 8] y) <{W4}> {{
        h = Conv (x, w)
        y = Clip (h, lo)
    }}""",
    )
    yield (
        "conv-bn-input",
        f"""g ({IMAGE}, float[4] m) => (float[N, 4, 8, 8] y)
        <{W4}, float[4] s = {{{_numbers(4)}}}, float[4] o = {{{_numbers(4)}}}, float[4] v = {{{_numbers(4)}}}> {{
        h = Conv (x, w)
        y = BatchNormalization (h, s, o, m, v)
    }}""",
    )
    for rank, shape in ((2, "N, 4"), (3, "2, 3, 4"), (3, "N, 3, 4")):
        for bias in ("4", "1,4", "1", "3,4"):
            count = 12 if bias.startswith("3") else 1 if bias == "1" else 4
            if bias == "3,4" and rank == 2:
                continue
            for pair in ("h, b", "b, h"):
                yield (
                    f"matmul-add-{shape}-{bias}-{pair[0]}".replace(" ", ""),
                    f"""g (float[{shape}] x) => (float[{shape}] y)
                    <{M4}, float[{bias}] b = {{{_numbers(count)}}}> {{
                    h = MatMul (x, w)
                    y = Add ({pair})
                }}""",
                )
        yield (
            f"matmul-bn-{shape}".replace(" ", ""),
            f"""g (float[{shape}] x) => (float[{shape}] y) <{M4}, {BN}> {{
            h = MatMul (x, w)
            y = BatchNormalization (h, s, o, m, v)
        }}"""
            if rank == 2
            else f"""g (float[{shape}] x) => (float[{shape}] y) <{M4}> {{
            y = MatMul (x, w)
        }}""",
        )
    yield (
        "gemm-bn",
        f"""g (float[N, 4] x) => (float[N, 4] y) <{M4}, {B4}, {BN}> {{
        h = Gemm (x, w, b)
        y = BatchNormalization (h, s, o, m, v)
    }}""",
    )
    for op, factor, where in itertools.product(
        ("Mul", "Div"), ("float", "float[1]", "float[4]"), ("before", "after", "left")
    ):
        count = 4 if "4" in factor else 1
        lines = {
            "before": f"h = {op} (a, c)\ny = MatMul (h, q)",
            "after": f"h = MatMul (a, q)\ny = {op} (h, c)",
            "left": f"h = {op} (c, a)\ny = MatMul (h, q)",
        }[where]
        yield (
            f"scale-{op}-{factor}-{where}",
            f"""g (float[2, 3, 4] a, float[2, 4, 4] q) => (float[2, 3, 4] y)
            <{factor} c = {{{_numbers(count)}}}> {{
            {lines}
        }}""",
        )
    for perm, side in itertools.product(("0, 2, 1", "1, 0, 2"), "lr"):
        pair = "h, q" if side == "l" else "q, h"
        yield (
            f"transpose-matmul-{perm}-{side}".replace(" ", ""),
            f"""g (float[4, 4, 4] a, float[4, 4, 4] q) => (float[4, 4, 4] y) {{
            h = Transpose <perm = [{perm}]> (a)
            y = MatMul ({pair})
        }}""",
        )
        yield (
            f"transpose-matmul-{perm}-{side}-leaves".replace(" ", ""),
            f"""g (float[4, 4, 4] a, float[4, 4, 4] q) => (float[4, 4, 4] y, float[4, 4, 4] h) {{
            h = Transpose <perm = [{perm}]> (a)
            y = MatMul ({pair})
        }}""",
        )
    yield (
        "transpose-gemm",
        f"""g (float[4, N] x) => (float[N, 4] y) <{M4}, {B4}> {{
        h = Transpose <perm = [1, 0]> (x)
        y = Gemm (h, w, b)
    }}""",
    )
    yield (
        "gemm-transpose",
        f"""g (float[N, 4] x) => (float[4, N] y) <{M4}> {{
        h = Gemm (x, w)
        y = Transpose <perm = [1, 0]> (h)
    }}""",
    )
    for bias in ("4", "1, 4", "N, 4"):
        yield (
            f"gemm-sum-{bias}".replace(" ", ""),
            f"""g (float[N, 4] x, float[{bias}] c) => (float[N, 4] y) <{M4}> {{
            h = Gemm (x, w)
            y = Add (h, c)
        }}""",
        )
    for pads, mode, value in itertools.product(
        ("0,0,1,1,0,0,1,1", "0,1,0,0,0,0,0,0"), ("constant", "reflect"), ("", ", z", ", f")
    ):
        yield (
            f"pad-conv-{pads}-{mode}{value[-1:]}",
            f"""g ({IMAGE}) => (float[N, 4, P, Q] y)
            <float[4, {5 if pads[2] == "1" else 4}, 1, 1] w = {{{_numbers(20 if pads[2] == "1" else 16)}}},
            int64[8] p = {{{pads}}}, float z = {{0}}, float f = {{1}}> {{
            h = Pad <mode = "{mode}"> (x, p{value})
            y = Conv (h, w)
        }}""",
        )
    yield from _activations(opset)
    yield from _norms(opset, new=new)
    yield from _no_ops(opset, new=new)
    yield from _constants(opset, new=new)


def _activations(opset: int) -> Iterator[tuple[str, str]]:
    head = "g (float[N, 4] x) => (float[N, 4] y) <float half = {0.5}, float one = {1}, float root = {1.4142135}, " \
        "float inv = {0.70710677}, float two = {2}, float three = {3}, float a = {0.044715}, float k = {0.7978846}, " \
        "float q = {1.702}> {"  # fmt: skip
    forms = {
        "gelu-1": "t = Div (x, root)\ne = Erf (t)\nf = Add (e, one)\ng1 = Mul (x, f)\ny = Mul (g1, half)",
        "gelu-2": "t = Mul (x, inv)\ne = Erf (t)\nf = Add (one, e)\ng1 = Mul (f, half)\ny = Mul (x, g1)",
        "gelu-3": "t = Div (x, root)\ne = Erf (t)\nf = Add (e, one)\nh = Mul (x, half)\ny = Mul (h, f)",
        "gelu-4": "t = Div (x, root)\ne = Erf (t)\nf = Add (e, one)\nh = Mul (half, x)\ny = Mul (f, h)",
        "gelu-wrong-root": "t = Div (x, two)\ne = Erf (t)\nf = Add (e, one)\ng1 = Mul (x, f)\ny = Mul (g1, half)",
        "gelu-wrong-half": "t = Div (x, root)\ne = Erf (t)\nf = Add (e, one)\ng1 = Mul (x, f)\ny = Mul (g1, two)",
        "fast-gelu-pow": "p = Pow (x, three)\nr = Mul (p, a)\ns = Add (x, r)\nt = Mul (s, k)\ne = Tanh (t)\n"
        "f = Add (e, one)\nh = Mul (x, half)\ny = Mul (h, f)",
        "fast-gelu-cube": "p0 = Mul (x, x)\np = Mul (p0, x)\nr = Mul (p, a)\ns = Add (x, r)\nt = Mul (s, k)\ne = Tanh (t)\n"
        "f = Add (e, one)\nh = Mul (x, half)\ny = Mul (h, f)",
        "silu": "e = Sigmoid (x)\ny = Mul (x, e)",
        "silu-turned": "e = Sigmoid (x)\ny = Mul (e, x)",
        "silu-shared": "e = Sigmoid (x)\nz = Mul (e, x)\ny = Add (z, e)",
        "quick-gelu": "t = Mul (x, q)\ne = Sigmoid (t)\ny = Mul (x, e)",
        "quick-gelu-turned": "t = Mul (q, x)\ne = Sigmoid (t)\ny = Mul (e, x)",
        "glu": "t = Neg (x)\ne = Sigmoid (t)\ny = Mul (x, e)",
        "mish": "t = Softplus (x)\ne = Tanh (t)\ny = Mul (x, e)",
        "hard-swish": "e = HardSigmoid <alpha = 0.16666667, beta = 0.5> (x)\ny = Mul (x, e)",
    }
    for name, body in forms.items():
        yield name, head + body + "}"


def _norms(opset: int, *, new: bool) -> Iterator[tuple[str, str]]:
    mean = (lambda v: f"ReduceMean <axes = [-1]> ({v})") if opset < 18 else (lambda v: f"ReduceMean ({v}, last)")
    last = ", int64[1] last = {-1}"
    head = f"g (float[2, 3, 8] x) => (float[2, 3, 8] y) <float[8] w = {{{_numbers(8)}}}, float[8] b = {{{_numbers(8)}}}, " \
        f"float e = {{0.00001}}, float two = {{2}}, float one = {{1}}{last}> {{"  # fmt: skip
    center = f"u = {mean('x')}\nd = Sub (x, u)\n"
    variance = f"p = Pow (d, two)\nq = {mean('p')}\nr = Add (q, e)\ns = Sqrt (r)\n"
    forms = {
        "layer-norm": f"{center}{variance}n = Div (d, s)\nh = Mul (n, w)\ny = Add (h, b)",
        "layer-norm-turned": f"{center}{variance}n = Div (d, s)\nh = Mul (w, n)\ny = Add (b, h)",
        "layer-norm-bare": f"{center}{variance}y = Div (d, s)",
        "layer-norm-square": f"{center}p = Mul (d, d)\nq = {mean('p')}\nr = Add (q, e)\ns = Sqrt (r)\n"
        "n = Div (d, s)\nh = Mul (n, w)\ny = Add (h, b)",
        "rms-norm": f"p = Pow (x, two)\nq = {mean('p')}\nr = Add (q, e)\ns = Sqrt (r)\nn = Div (x, s)\ny = Mul (n, w)",
        "rms-norm-turned": f"p = Pow (x, two)\nq = {mean('p')}\nr = Add (q, e)\ns = Sqrt (r)\nn = Div (x, s)\ny = Mul (w, n)",
        "rms-norm-reciprocal": f"p = Pow (x, two)\nq = {mean('p')}\nr = Add (q, e)\ns = Sqrt (r)\ni = Reciprocal (s)\n"
        "n = Mul (x, i)\ny = Mul (n, w)",
        "rms-norm-one-over": f"p = Pow (x, two)\nq = {mean('p')}\nr = Add (q, e)\ns = Sqrt (r)\ni = Div (one, s)\n"
        "n = Mul (x, i)\ny = Mul (n, w)",
        "rms-norm-bare": f"p = Pow (x, two)\nq = {mean('p')}\nr = Add (q, e)\ns = Sqrt (r)\ny = Div (x, s)",
        "std": f"{center}{variance}y = Mul (s, x)",
    }
    for name, body in forms.items():
        yield name, head + body + "}"
    if opset >= 17:
        for shape, other in itertools.product(("2, 3, 8", "N, 3, 8", "2, 8"), ("same", "bias", "row")):
            second = {"same": shape, "bias": "8", "row": "1, 8"}[other]
            weight = f"<float[8] w = {{{_numbers(8)}}}, float[8] b = {{{_numbers(8)}}}>"
            yield (
                f"skip-norm-{shape}-{other}".replace(" ", ""),
                f"""g (float[{shape}] x, float[{second}] r) => (float[{shape}] y) {weight} {{
                h = Add (x, r)
                y = LayerNormalization <axis = -1> (h, w, b)
            }}""",
            )
            yield (
                f"skip-norm-{shape}-{other}-read".replace(" ", ""),
                f"""g (float[{shape}] x, float[{second}] r) => (float[{shape}] y, float[{shape}] z) {weight} {{
                h = Add (x, r)
                y = LayerNormalization <axis = -1> (h, w, b)
                z = Relu (h)
            }}""",
            )


def _no_ops(opset: int, *, new: bool) -> Iterator[tuple[str, str]]:
    constants = "float zero = {0}, float one = {1}, float[1] one1 = {1}, float[1, 1, 1] wide = {1}, float[4] ones = {1, 1, 1, 1}, " \
        "int64[2] shape = {2, 4}, int64[2] twos = {1, 1}, int64[1] i0 = {0}, int64[1] big = {9223372036854775807}, " \
        "int64[1] i4 = {4}, int64[1] i1 = {1}, int64[4] pads = {0, 0, 0, 0}"  # fmt: skip
    forms = {
        "identity": "h = Identity (r)", "cast-own": "h = Cast <to = 1> (r)", "add-0": "h = Add (r, zero)",
        "add-0-left": "h = Add (zero, r)", "sub-0": "h = Sub (r, zero)", "sub-0-left": "h = Sub (zero, r)",
        "mul-1": "h = Mul (r, one)", "mul-1-left": "h = Mul (one, r)", "div-1": "h = Div (r, one)",
        "mul-ones": "h = Mul (r, ones)", "mul-one1": "h = Mul (r, one1)", "add-1": "h = Add (r, one)",
        "transpose-same": "h = Transpose <perm = [0, 1]> (r)", "transpose-twice": "t = Transpose <perm = [1, 0]> (r)\nh = Transpose <perm = [1, 0]> (t)",
        "reshape-same": "h = Reshape (r, shape)", "expand-same": "h = Expand (r, twos)", "expand-full": "h = Expand (r, shape)",
        "slice-all": "h = Slice (r, i0, big, i1)", "slice-exact": "h = Slice (r, i0, i4, i1)", "slice-some": "h = Slice (r, i1, big, i1)",
        "slice-plain": "h = Slice (r, i0, big)",
        "concat-one": "h = Concat <axis = 0> (r)", "pad-none": "h = Pad (r, pads)", "dropout": "h = Dropout (r)",
        "cast-twice": "t = Cast <to = 11> (r)\nh = Cast <to = 1> (t)", "cast-narrow": "t = Cast <to = 10> (r)\nh = Cast <to = 1> (t)",
        "cse": "t = Exp (r)\nu = Exp (r)\nh = Add (t, u)", "cse-attribute": "t = Elu <alpha = 1.0> (r)\nu = Elu <alpha = 2.0> (r)\nh = Add (t, u)",
        "cse-scalar": "t = Add (r, one)\nu = Add (r, one2)\nh = Mul (t, u)", "dead": "h = Abs (r)\nz = Exp (r)",
        "cse-chain": "t = Exp (r)\nu = Exp (r)\nt1 = Abs (t)\nu1 = Abs (u)\nh = Add (t1, u1)",
        "sum-one": "h = Sum (r)", "clip-relu": "h = Clip (r, zero)",
        "reshape-twice": "t = Reshape (r, i8)\nh = Reshape (t, shape)",
    }  # fmt: skip
    for name, body in forms.items():
        yield (
            f"noop-{name}",
            f"""g (float[2, 4] x) => (float[2, 4] y) <{constants}, float one2 = {{1}}, int64[1] i8 = {{8}}> {{
            r = Neg (x)
            {body}
            y = Exp (h)
        }}""",
        )
        yield (
            f"noop-out-{name}",
            f"""g (float[2, 4] x) => (float[2, 4] h) <{constants}, float one2 = {{1}}, int64[1] i8 = {{8}}> {{
            r = Neg (x)
            {body}
        }}""",
        )
        yield (
            f"noop-in-{name}",
            f"""g (float[2, 4] r) => (float[2, 4] y) <{constants}, float one2 = {{1}}, int64[1] i8 = {{8}}> {{
            {body}
            y = Exp (h)
        }}""",
        )
    yield "identity-in-out", "g (float[2, 4] x) => (float[2, 4] y) { y = Identity (x) }"
    yield "identity-two-outs", "g (float[2, 4] x) => (float[2, 4] y, float[2, 4] z) { z = Neg (x)\ny = Identity (z) }"
    yield "wide-one", f"g (float[2, 4] x) => (float[1, 2, 4] y) <{constants}> {{ r = Neg (x)\ny = Mul (r, wide) }}"
    for mode, ratio in itertools.product(("", ", true_", ", false_", ", mode"), ("ratio", "zero")):
        extra = ", bool mode" if mode == ", mode" else ""
        if opset >= 13:
            yield (
                f"dropout{mode[2:]}-{ratio}",
                f"""g (float[2, 4] x{extra}) => (float[2, 4] y)
                <float ratio = {{0.5}}, float zero = {{0}}, bool true_ = {{1}}, bool false_ = {{0}}> {{
                r = Neg (x)
                h = Dropout (r, {ratio}{mode})
                y = Exp (h)
            }}""",
            )


def _constants(opset: int, *, new: bool) -> Iterator[tuple[str, str]]:
    head = (
        "g (float[2, 4] x) => (float[2, 4] y) <float[4] a = {1, 2, 3, 4}, int64[1] i = {1}, int64[2] shape = {2, 4}> {"
    )
    forms = {
        "exp": "c = Exp (a)\ny = Add (x, c)",
        "chain": "c = Exp (a)\nd = Neg (c)\ny = Add (x, d)",
        "shared": "c = Exp (a)\nd = Neg (c)\nh = Add (x, c)\ny = Mul (h, d)",
        "shape-static": "s = Shape (x)\ny = Reshape (x, s)",
        "of-shape": "c = ConstantOfShape (shape)\ny = Add (x, c)",
        "random": "c = RandomNormal <shape = [2, 4]> ()\ny = Add (x, c)",
        "constant-node": "c = Constant <value = float[4] {1, 2, 3, 4}> ()\ny = Add (x, c)",
        "constant-node-fold": "c = Constant <value = float[4] {1, 2, 3, 4}> ()\nd = Neg (c)\ny = Add (x, d)",
        "identity": "c = Identity (a)\ny = Add (x, c)",
        "unsqueeze": "c = Unsqueeze (a, zero)\ny = Add (x, c)"
        if new
        else "c = Unsqueeze <axes = [0]> (a)\ny = Add (x, c)",
        "cast": "c = Cast <to = 11> (a)\nd = Cast <to = 1> (c)\ny = Add (x, d)",
        "unused": "y = Neg (x)",
        "range": "c = Transpose (t)\ny = MatMul (x, c)",
    }
    for name, body in forms.items():
        extra = f", int64[1] zero = {{0}}, float[4, 4] t = {{{_numbers(16)}}}"
        yield f"constant-{name}", head.replace("> {", extra + "> {") + body + "}"
    yield (
        "constant-out",
        "g (float[2, 4] x) => (float[2, 4] y, float[4] c) <float[4] a = {1, 2, 3, 4}> { c = Exp (a)\ny = Add (x, c) }",
    )
    yield "constant-shape-dynamic", "g (float[N, 4] x) => (float[N, 4] y) { s = Shape (x)\ny = Reshape (x, s) }"


def main() -> int:
    """Write the models into a folder."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--torch", action="store_true", help="export torch modules too")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    written = 0
    for name, text in texts():
        try:
            model = onnx.parser.parse_model(text)
        except onnx.parser.ParseError as error:
            message = f"{name}: {error}\n{text}"
            raise SystemExit(message) from None
        read = {read for node in model.graph.node for read in node.input}
        kept = [value for value in model.graph.initializer if value.name in read or "unused" in name]
        del model.graph.initializer[:]
        model.graph.initializer.extend(kept)
        onnx.save(model, arguments.folder / f"{name.replace(', ', '_')}.onnx")
        written += 1
    print(f"{written} models in {arguments.folder}")
    if arguments.torch:
        from torch_models import export_all

        export_all(arguments.folder)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
