"""The experiment: what attention blocks learn on real handwritten digits in clutter.

``python -m gate_by_gate.experiment --help`` says how to run it; ``gate_by_gate.results`` holds what came out.
Needs NumPy, scikit-learn, tqdm and filelock; training on several machines also Dask.
"""

try:
    from gate_by_gate.experiment.cluttered_digits import ClutteredDigits, Split, load_split, to_input
    from gate_by_gate.experiment.evaluation import Evaluation, evaluate
    from gate_by_gate.experiment.model import NetworkConfig, build_network
    from gate_by_gate.experiment.plan import planned_runs
    from gate_by_gate.experiment.run import Run, execute
    from gate_by_gate.experiment.training import LearningCurve, TrainingConfig, train
except ModuleNotFoundError as error:
    needed = "NumPy, scikit-learn, tqdm and filelock"
    raise ImportError(f"the experiment needs {needed}: pip install -r requirements.txt") from error

__all__ = [
    "ClutteredDigits",
    "Evaluation",
    "LearningCurve",
    "NetworkConfig",
    "Run",
    "Split",
    "TrainingConfig",
    "build_network",
    "evaluate",
    "execute",
    "load_split",
    "planned_runs",
    "to_input",
    "train",
]
