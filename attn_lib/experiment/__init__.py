"""The experiment: what attention blocks learn on real handwritten digits in clutter.

``python -m attn_lib.experiment --help`` says how to run it; ``attn_lib.results`` holds what came out. Needs
NumPy and scikit-learn: ``pip install attn-lib[experiment]``.
"""

from attn_lib.experiment.cluttered_digits import ClutteredDigits, Split, load_split, to_input
from attn_lib.experiment.evaluation import Evaluation, evaluate
from attn_lib.experiment.model import NetworkSetting, build_network
from attn_lib.experiment.plan import planned_runs
from attn_lib.experiment.run import Run, execute
from attn_lib.experiment.training import LearningCurve, TrainingSettings, train

__all__ = [
    "ClutteredDigits",
    "Evaluation",
    "LearningCurve",
    "NetworkSetting",
    "Run",
    "Split",
    "TrainingSettings",
    "build_network",
    "evaluate",
    "execute",
    "load_split",
    "planned_runs",
    "to_input",
    "train",
]
