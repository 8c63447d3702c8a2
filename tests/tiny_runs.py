"""Two runs of a second each, for tests of how runs are kept and published."""

from gate_by_gate.experiment.cluttered_digits import ClutteredDigits
from gate_by_gate.experiment.model import NetworkConfig
from gate_by_gate.experiment.run import Run
from gate_by_gate.experiment.training import TrainingConfig

# A multiple of 8, so that a cell of every stage stands for whole pixels.
DATA = ClutteredDigits(
    canvas=16, digit=13, fragments=1, fragment=5, train_images=211, validation_images=53, test_images=59
)
TRAINING = TrainingConfig(epochs=3, batch_size=23)
TINY = [
    Run(NetworkConfig("se", {"reduction": 5}), DATA, TRAINING, seed=0),
    Run(NetworkConfig(), DATA, TRAINING, seed=1),
]


def silent(line):
    """Take a line of progress, and do not show it."""
