"""Answer requests with the exported classifier (FastAPI)."""

import numpy
import onnxruntime
from fastapi import FastAPI

app = FastAPI()


@app.post("/classify")
def classify(pixels: list[float]) -> dict[str, int]:
    session = onnxruntime.InferenceSession("classifier.onnx")
    images = numpy.asarray(pixels, dtype=numpy.float32).reshape(1, 3, 32, 32)
    (scores,) = session.run(None, {session.get_inputs()[0].name: images})
    return {"class": int(scores.argmax())}
