"""What a measurement says of the machine that it was made on."""

import platform
import subprocess

import pytest
import torch

from gate_by_gate.experiment import machine
from gate_by_gate.experiment.machine import cpu_name, one_thread, platform_name, versions


def stop_in_one_thread():
    with one_thread():
        assert torch.get_num_threads() == 1
        raise RuntimeError("stop")


def test_one_thread_is_given_back_also_after_an_error():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        with pytest.raises(RuntimeError, match="stop"):
            stop_in_one_thread()
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_versions_are_those_that_are_installed():
    assert versions() == {"python": platform.python_version(), "torch": torch.__version__}
    assert list(versions("numpy", "tqdm")) == ["python", "torch", "numpy", "tqdm"]


def test_the_platform_is_a_system_and_an_architecture():
    assert platform_name() == f"{platform.system()} {platform.machine()}"


def test_linux_names_its_processor(tmp_path, monkeypatch):
    info = tmp_path / "cpuinfo"
    info.write_text(
        "processor\t: 0\nmodel\t\t: 17\nmodel name\t: A  Fast\tProcessor\nmodel name\t: another\n"
    )
    monkeypatch.setattr(machine, "_CPU_INFO", info)
    assert cpu_name() == "A Fast Processor"


def test_macos_is_asked_for_its_processor(tmp_path, monkeypatch):
    def run(command, **options):
        assert command == ["sysctl", "-n", "machdep.cpu.brand_string"]
        return subprocess.CompletedProcess(command, 0, stdout="A Core\n")

    monkeypatch.setattr(machine, "_CPU_INFO", tmp_path / "nowhere")
    monkeypatch.setattr(platform, "system", lambda: "Darwin")
    monkeypatch.setattr(subprocess, "run", run)
    assert cpu_name() == "A Core"


def test_a_processor_that_nobody_names_is_its_architecture(tmp_path, monkeypatch):
    info = tmp_path / "cpuinfo"
    info.write_text("processor\t: 0\n")
    monkeypatch.setattr(machine, "_CPU_INFO", info)
    monkeypatch.setattr(platform, "system", lambda: "Linux")
    monkeypatch.setattr(platform, "processor", lambda: "")
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    assert cpu_name() == "riscv64"
