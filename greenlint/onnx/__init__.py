"""Seeing ONNX: a model file in, a plain graph out; the only package that imports onnx."""

MISSING_EXTRA = 'reading ONNX models needs the packages onnx and numpy: pip install "greenlint[onnx]"'
