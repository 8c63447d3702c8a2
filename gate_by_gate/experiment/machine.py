"""The machine that runs an experiment: its processor, what is installed on it, its threads and the commit."""

from __future__ import annotations

import platform
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

__all__ = ["commit", "cpu_name", "machine", "one_thread", "platform_name", "versions"]

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


def commit() -> str | None:
    """Return the commit that is checked out, and ``-dirty`` if files differ from it; None outside a clone."""
    command = ["git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    try:
        found = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parent)
    except (OSError, subprocess.CalledProcessError):
        return None
    return found.stdout.strip()


def machine() -> dict[str, Any]:
    """Return what a result depends on besides its seed: processor, threads, instructions and commit."""
    return {
        "cpu": cpu_name(),
        "threads": torch.get_num_threads(),
        "instructions": torch.backends.cpu.get_cpu_capability(),
        "commit": commit(),
    }
