"""The machine that runs an experiment: its name, the versions installed on it, and its number of threads."""

from __future__ import annotations

import platform
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

import torch

__all__ = ["cpu_name", "one_thread", "platform_name", "versions"]

_CPU_INFO = Path("/proc/cpuinfo")


@contextmanager
def one_thread() -> Iterator[None]:
    """Restrict torch to one thread inside a ``with`` statement.

    With two threads sums are split and added in another order, and weights differ in their last bits. Runs
    go side by side in processes instead, which is faster for networks this small.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def versions(*packages: str) -> dict[str, str]:
    """Return the installed versions of Python, torch and the given packages."""
    named = {package: version(package) for package in packages}
    return {"python": platform.python_version(), "torch": torch.__version__, **named}


def platform_name() -> str:
    """Return the system and the architecture: ``Linux x86_64``."""
    return f"{platform.system()} {platform.machine()}"


def cpu_name() -> str:
    """Return the processor's name as the system knows it, or its architecture if the system does not say."""
    if _CPU_INFO.exists():  # Linux
        for line in _CPU_INFO.read_text(encoding="utf-8").splitlines():
            field, _, value = line.partition(":")
            if field.strip() == "model name":
                return " ".join(value.split())
    if platform.system() == "Darwin":
        command = ["sysctl", "-n", "machdep.cpu.brand_string"]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    return platform.processor() or platform.machine()
