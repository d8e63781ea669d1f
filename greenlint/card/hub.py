"""What model cards know: tasks, licences, kinds of training by Hugging Face; sections after Mitchell et al. (2019)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

TASKS = frozenset(
    """
    text-classification token-classification table-question-answering question-answering zero-shot-classification
    translation summarization feature-extraction text-generation fill-mask sentence-similarity text-to-speech
    text-to-audio automatic-speech-recognition audio-to-audio audio-classification voice-activity-detection
    depth-estimation image-classification object-detection image-segmentation text-to-image image-to-text image-to-image
    image-to-video unconditional-image-generation video-classification reinforcement-learning robotics
    tabular-classification tabular-regression tabular-to-text table-to-text multiple-choice text-ranking text-retrieval
    time-series-forecasting text-to-video image-text-to-text visual-question-answering document-question-answering
    zero-shot-image-classification graph-ml mask-generation zero-shot-object-detection text-to-3d image-to-3d
    image-feature-extraction video-text-to-text keypoint-detection visual-document-retrieval any-to-any
    """.split(),  # noqa: SIM905 - words read better as words
)
"""Tasks that Hugging Face knows as `pipeline_tag`."""

LICENCES = frozenset(
    """
    afl-3.0 agpl-3.0 apache-2.0 apple-amlr apple-ascl artistic-2.0 bigcode-openrail-m bigscience-bloom-rail-1.0
    bigscience-openrail-m bsd bsd-2-clause bsd-3-clause bsd-3-clause-clear bsl-1.0 c-uda cc cc-by-2.0 cc-by-2.5
    cc-by-3.0 cc-by-4.0 cc-by-nc-2.0 cc-by-nc-3.0 cc-by-nc-4.0 cc-by-nc-nd-3.0 cc-by-nc-nd-4.0 cc-by-nc-sa-2.0
    cc-by-nc-sa-3.0 cc-by-nc-sa-4.0 cc-by-nd-4.0 cc-by-sa-3.0 cc-by-sa-4.0 cc0-1.0 cdla-permissive-1.0
    cdla-permissive-2.0 cdla-sharing-1.0 creativeml-openrail-m deepfloyd-if-license ecl-2.0 epl-1.0 epl-2.0 etalab-2.0
    eupl-1.1 eupl-1.2 fair-noncommercial-research-license gemma gfdl gpl gpl-2.0 gpl-3.0 grok2-community h-research
    intel-research isc lgpl lgpl-2.1 lgpl-3.0 lgpl-lr llama2 llama3 llama3.1 llama3.2 llama3.3 llama4 lppl-1.3c mit
    mpl-2.0 ms-pl ncsa odbl odc-by ofl-1.1 open-mdw openmdw-1.0 openrail openrail++ osl-3.0 pddl postgresql unlicense
    wtfpl zlib other unknown
    """.split(),  # noqa: SIM905 - words read better as words
)
"""Licence ids of Hugging Face's model cards."""

TRAINING_TYPES = ("pre-training", "fine-tuning")

SECTIONS: Mapping[str, tuple[str, ...]] = {
    "how_to_use": ("how to use", "how to get started", "getting started", "utilisation"),
    "intended_use": ("intended use", "direct use", "usage prévu"),
    "out_of_scope": ("out of scope", "out-of-scope", "usages exclus"),
    "factors": ("factor", "facteur"),
    "architecture": ("architecture",),
    "training_data": ("training data", "données d'entraînement"),
    "evaluation_data": ("evaluation data", "testing data", "test data", "données d'évaluation"),
    "metrics": ("metric", "results", "métrique", "résultat"),
    "ethics": ("ethic", "éthique"),
    "limitations": ("limitation", "limites"),
    "recommendations": ("recommendation", "recommandation"),
}
"""Parts of a card in their order, with what their headings say in cards of any origin, in English or French."""
