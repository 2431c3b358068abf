"""Which backend, GPU and driver are found: the real detection, on folders that look as those of other machines."""

import importlib
import os
import subprocess
import sys
from pathlib import Path

import made_up_records as made_up
import mlx.core as mx
import pytest
from score_mlx import runtime
from score_mlx.runs.records import environment
from score_mlx.system import blas, device, ptx_cache
from score_mlx.system.device import Build
from score_mlx.system.errors import UserError

ROOT = Path(__file__).resolve().parents[3]
USUAL = (
    "NVRM version: NVIDIA UNIX x86_64 Kernel Module  580.65.06  Sun Jul 27 07:19:41 UTC 2025\n"
    "GCC version:  gcc version 12.2.0 (Debian 12.2.0-14)\n"
)
VERSION = {
    USUAL: "580.65.06",
    "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  575.57.08  Release Build  (builder@U22)\n": "575.57.08",
    "NVRM version: something else\n": None,
}


@pytest.fixture
def site(monkeypatch, tmp_path):
    """A folder of installed distributions that comes before the real one."""
    device.build.cache_clear()
    folder = tmp_path / "site-packages"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    yield folder
    monkeypatch.undo()
    importlib.invalidate_caches()
    device.build.cache_clear()


@pytest.fixture
def proc(monkeypatch, tmp_path):
    """The driver's folder, empty as yet."""
    monkeypatch.setattr(device, "DRIVER", tmp_path / "nvidia")
    monkeypatch.setattr(device, "SIGNS", (tmp_path / "nvidia" / "version", tmp_path / "dxg"))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    (tmp_path / "nvidia").mkdir()
    return tmp_path / "nvidia"


def install(site, name, version="0.32.4"):
    """What pip leaves of a wheel that says who it is; the wheel of MLX's CUDA backend has no module of its own."""
    folder = site / f"{name.replace('-', '_')}-{version}.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    importlib.invalidate_caches()


def driver(proc, text=USUAL):
    (proc / "version").write_text(text)
    gpu = proc / "gpus" / "0000:01:00.0"
    gpu.mkdir(parents=True)
    (gpu / "information").write_text("Model: \t\t NVIDIA H100 80GB HBM3\nIRQ:   \t\t 16\n")


@pytest.mark.skipif(sys.platform != "linux", reason="of Linux's builds")
def test_the_build_is_that_of_the_installed_distribution(site, proc):
    assert device.build() is Build.CPU and not device.has_gpu()
    install(site, "mlx-cuda-13")
    device.build.cache_clear()
    assert device.build() is Build.CUDA
    assert not device.has_gpu()  # no driver
    assert device.driver() is None and device.gpus() == []
    driver(proc)
    assert device.has_gpu()
    assert device.driver() == "580.65.06" and device.gpus() == ["NVIDIA H100 80GB HBM3"]


def test_a_driver_without_the_cuda_build_is_no_gpu(site, proc):
    driver(proc)
    assert sys.platform == "darwin" or not device.has_gpu()


@pytest.mark.parametrize(("text", "found"), VERSION.items())
def test_the_driver_says_its_version(proc, text, found):
    driver(proc, text)
    assert device.driver() == found


def test_nvidia_smi_is_asked_where_linux_does_not_know(proc, tmp_path):
    smi = tmp_path / "bin" / "nvidia-smi"
    smi.parent.mkdir()
    smi.write_text("#!/bin/sh\necho 581.15\n")
    smi.chmod(0o755)
    assert device.driver() == "581.15"
    smi.write_text("#!/bin/sh\nexit 9\n")
    assert device.driver() is None


@pytest.mark.parametrize(("machine", "found"), [("arm64", Build.METAL), ("x86_64", Build.CPU)])
def test_a_mac(monkeypatch, site, machine, found):
    monkeypatch.setattr(device.sys, "platform", "darwin")
    monkeypatch.setattr(device.platform, "machine", lambda: machine)
    assert device.build() is found and device.has_gpu() == (found is Build.METAL)


@pytest.mark.skipif(sys.platform != "linux", reason="of Linux's builds")
def test_the_cuda_build_multiplies_by_openblas_on_the_cpu_and_without_a_driver_it_is_one_line(site, proc):
    install(site, "mlx-cuda-13")
    device.build.cache_clear()
    assert blas.load() == "openblas" and "cuda" not in blas.described()
    with pytest.raises(UserError, match="MLX's CUDA build: no NVIDIA driver here, expected one"):
        runtime.start()


def python(code, **environment):
    command = [sys.executable, "-c", code]
    given = {key: value for key, value in os.environ.items() if not key.startswith("MLX_")} | environment
    return subprocess.run(command, env=given, capture_output=True, text=True, check=True).stdout.split()


def test_products_are_float32_unless_the_environment_asks_for_tf32():
    code = "import os; from score_mlx import runtime; from score_mlx.system import device; runtime.start(); "
    code += "print(os.environ['MLX_ENABLE_TF32'], device.precision())"
    assert python(code) == ["0", "float32"]
    assert python(code, MLX_ENABLE_TF32="1") == ["1", "tf32"]


def test_runs_in_tf32_say_nothing_of_the_paper_s_numbers():
    record, meta = made_up.all_forty()[0]  # records from before it was noted were made on CPUs
    assert made_up.run(record, meta).incomparable() == ""
    assert made_up.run(record, meta | {"runtime": {"precision": "float32"}}).incomparable() == ""
    assert made_up.run(record, meta | {"runtime": {"precision": "tf32"}}).incomparable() == "float32 products in TF32"


def test_nothing_imports_mlx_before_it_is_ready_for_it():
    """Importing MLX fixes its settings, so every entry point that computes starts the runtime first."""
    code = "import sys; from score_mlx import cli, runtime; from score_mlx.models import families; "
    code += "print('mlx.core' in sys.modules)"
    assert python(code) == ["False"]


def test_a_gpu_gets_a_limit_of_cached_memory(monkeypatch):
    limits = []
    monkeypatch.setattr(runtime, "_started", False)
    monkeypatch.setattr(device, "has_gpu", lambda: True)
    monkeypatch.setattr(mx, "set_cache_limit", limits.append)
    monkeypatch.setattr(mx, "device_info", lambda: {"memory_size": 64 * 2**30})
    runtime.start()
    runtime.start()
    assert limits == [8 * 2**30]
    monkeypatch.setattr(mx, "device_info", lambda: {"total_memory": 4 * 2**30})
    assert runtime.cache_limit() == runtime.LEAST_CACHE


def test_the_record_says_what_the_runtime_was(monkeypatch):
    found = environment("graphs")
    if not device.has_gpu():
        assert found["runtime"] == {"compile": "on", "precision": "float32"}
        assert found["versions"]["blas"] == blas.described()

    class Gpu:
        type = mx.DeviceType.gpu

    monkeypatch.setattr(mx, "default_device", lambda: Gpu)
    monkeypatch.setattr(mx, "device_info", lambda: {"device_name": "NVIDIA H100"})
    monkeypatch.setattr(device, "build", lambda: Build.CUDA)
    monkeypatch.setattr(device, "driver", lambda: "580.65.06")
    monkeypatch.setenv("MLX_ENABLE_TF32", "1")
    monkeypatch.setenv("MLX_DISABLE_COMPILE", "1")
    found = environment("graphs")
    assert found["device"] == "gpu: NVIDIA H100"
    assert (found["versions"]["blas"], found["versions"]["kernels"]) == ("cublas", "none")
    assert found["runtime"] == {
        "compile": "off",
        "precision": "tf32",
        "cache_limit": runtime.LEAST_CACHE,
        "driver": "580.65.06",
        "cuda_graphs": "on",
    }


def kernel(private, name, content=b"cubin"):
    """What MLX writes for a kernel that it has compiled."""
    (private / f"{name}.ptx").write_bytes(content)
    (private / f"{name}.txt").write_text(f"{name}\tmangled\n")


def names(folder):
    return sorted(path.name for path in folder.iterdir() if path.suffix in (".ptx", ".txt"))


def test_compiled_kernels_are_kept_and_only_whole_ones(tmp_path):
    cache = tmp_path / "ptx"
    first = ptx_cache.take(cache)
    kernel(first, "a")
    ptx_cache.hand_over(first)
    assert not first.exists()
    second = ptx_cache.take(cache)
    assert names(second) == ["a.ptx", "a.txt"]
    kernel(second, "b")
    ptx_cache.hand_over(second)
    with (cache / "b.ptx").open("r+b") as file:
        file.truncate(2)
    third = ptx_cache.take(cache)
    assert names(third) == ["a.ptx", "a.txt"]  # b is compiled again
    kernel(third, "b")
    ptx_cache.hand_over(third)
    assert names(ptx_cache.take(cache)) == ["a.ptx", "a.txt", "b.ptx", "b.txt"]
    (cache / ptx_cache.MANIFEST).write_text("{")
    assert names(ptx_cache.take(cache)) == []


def test_a_kill_in_the_middle_of_writing_leaves_nothing_to_stumble_over(tmp_path):
    """A process dies with half a kernel in its folder; another one that lives keeps its own."""
    code = f"""
import os, pathlib, signal
from score_mlx.system import ptx_cache
private = ptx_cache.take(pathlib.Path({str(tmp_path / "ptx")!r}))
(private / "a.ptx").write_bytes(b"cu")
print(private, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    alive = ptx_cache.take(tmp_path / "ptx")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == -9
    dead = Path(done.stdout.strip())
    assert dead.is_dir()
    fresh = ptx_cache.take(tmp_path / "ptx")
    assert names(fresh) == [] and not dead.exists() and alive.is_dir()


def test_a_process_hands_over_at_its_end_and_never_overrules_the_user(tmp_path, monkeypatch):
    code = """
import os, pathlib, sys
from score_mlx.system import ptx_cache
sys.prefix = sys.argv[1]
private = ptx_cache.use()
if private:
    assert os.environ["MLX_PTX_CACHE_DIR"] == str(private)
    (private / "a.ptx").write_bytes(b"cubin")
print(private and private.parent)
"""
    given = {key: value for key, value in os.environ.items() if key != ptx_cache.VARIABLE}

    def run(**more):
        command = [sys.executable, "-c", code, str(tmp_path)]
        return subprocess.run(command, env=given | more, capture_output=True, text=True, check=True).stdout.strip()

    cache = Path(run())
    assert cache.parent == tmp_path / "lib" / "score_mlx" and (cache / "a.ptx").read_bytes() == b"cubin"
    assert run(MLX_PTX_CACHE_DIR=str(tmp_path / "own")) == "None"
