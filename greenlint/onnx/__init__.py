"""Seeing ONNX: a model file in, a plain graph out; the only package that imports onnx."""
