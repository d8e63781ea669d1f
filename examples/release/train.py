"""Train small classifiers of handwritten digits, keep the smallest good one, and export it.

    python -m pip install -r requirements.txt
    python train.py

Writes emissions.csv (one row for each candidate) and digits.onnx. The tracker works offline and
accounts the run in France.
"""

from pathlib import Path

import numpy as np
from codecarbon import OfflineEmissionsTracker
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

HERE = Path(__file__).parent
SEED = 7
SIZES = (16, 64, 256)
TOLERANCE = 0.03


def shifted(images, labels):
    """Return the images and their copies moved by one pixel in eight directions, with their labels."""
    moves = [(down, right) for down in (-1, 0, 1) for right in (-1, 0, 1)]
    moved = [np.roll(images, move, axis=(1, 2)).reshape(len(images), -1) for move in moves]
    return np.concatenate(moved), np.tile(labels, len(moves))


def candidates():
    """Yield a name and an untrained model, from the smallest to the largest."""
    yield "baseline", LogisticRegression(max_iter=300)
    for size in SIZES:
        # Stops when a tenth of the training data has not improved for five epochs.
        yield (
            f"mlp-{size}",
            MLPClassifier((size,), max_iter=100, early_stopping=True, n_iter_no_change=5, random_state=SEED),
        )


def measured(name, model, samples, labels):
    """Train one candidate under the energy tracker."""
    tracker = OfflineEmissionsTracker(
        country_iso_code="FRA",
        project_name=name,
        output_dir=str(HERE),
        measure_power_secs=1,
        log_level="error",
        allow_multiple_runs=True,
    )
    tracker.start()
    try:
        return model.fit(samples, labels)
    finally:
        tracker.stop()


def export(model, path):
    """Write the network as ONNX with a free batch size and plain probabilities."""
    onnx_model = to_onnx(
        model,
        initial_types=[("pixels", FloatTensorType([None, 64]))],
        options={id(model): {"zipmap": False}},
        target_opset=17,
    )
    path.write_bytes(onnx_model.SerializeToString())


def main():
    """Train, measure, choose, export."""
    digits = load_digits()
    train_x, test_x, train_y, test_y = train_test_split(
        (digits.images / 16).astype("float32"), digits.target, test_size=0.25, stratify=digits.target, random_state=SEED
    )
    test_x = test_x.reshape(len(test_x), -1)
    samples, labels = shifted(train_x, train_y)
    models, accuracy = {}, {}
    for name, model in candidates():
        models[name] = measured(name, model, samples, labels)
        accuracy[name] = accuracy_score(test_y, model.predict(test_x))
        print(f"{name:10} accuracy {accuracy[name]:.3f}")

    best = max(accuracy.values())
    chosen = next(name for name, reached in accuracy.items() if reached >= best - TOLERANCE)
    print(f"chosen: {chosen}, the smallest within {TOLERANCE:.0%} of the best")
    export(models[chosen], HERE / "digits.onnx")


if __name__ == "__main__":
    main()
