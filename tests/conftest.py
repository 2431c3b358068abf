"""Settings and fixtures for all tests."""

import os

# Before anything loads a BLAS: tests compare small numbers, more threads would only make them slower and less equal.
for _threads in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"):
    os.environ[_threads] = "1"
os.environ.setdefault("MPLBACKEND", "Agg")

import time  # noqa: E402
import warnings  # noqa: E402
from collections.abc import Callable, Iterator  # noqa: E402
from pathlib import Path  # noqa: E402

import pytest  # noqa: E402
from score_mlx.system import blas  # noqa: E402

with warnings.catch_warnings():  # without a fast BLAS tests only take longer
    warnings.simplefilter("default")
    blas.load()  # before anything imports MLX

REPO = Path(__file__).resolve().parent.parent
DATA_FOLDERS = (REPO / "data" / "raw", REPO.parent / "shared" / "data")  # config.yaml's data_folders


@pytest.fixture(scope="session")
def repo() -> Path:
    """The root of the repository."""
    return REPO


@pytest.fixture
def cpu() -> Iterator[None]:
    """The test computes on the CPU, where MLX has double precision, whatever the machine."""
    import mlx.core as mx

    before = mx.default_device()
    mx.set_default_device(mx.cpu)
    yield
    mx.set_default_device(before)


@pytest.fixture(params=["kernels", "plain"])
def both_ways(request) -> Iterator[None]:
    """The test runs twice: with compiled kernels, where there are any, and with MLX's own operations only."""
    from score_mlx import kernels

    if request.param == "plain":
        with kernels.switched_off():
            yield
    elif kernels.compiled():
        yield
    else:
        pytest.skip("no kernels are compiled here: python -m score_mlx.kernels")


@pytest.fixture(scope="session")
def shared_data() -> Callable[[str], Path]:
    """`shared_data("name")` is that raw file in a local data folder; where no folder has it, the test is skipped."""

    def find(name: str) -> Path:
        for folder in DATA_FOLDERS:
            if (folder / name).is_file():
                return folder / name
        pytest.skip(f"{name} is neither in data/raw nor in ../shared/data, and tests use no network")

    return find


# -- how many cases of bad input there were ---------------------------------------------------------------------------
class BadInput:
    """Counts the cases that passed, in the process that reports them: tests run in several."""

    def __init__(self) -> None:
        self.cases, self.start = 0, time.monotonic()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        counts = report.when == "call" and report.passed and "badinput" in report.keywords
        self.cases += counts and "fuzz" not in report.keywords

    def pytest_terminal_summary(self, terminalreporter) -> None:
        if self.cases:
            seconds = time.monotonic() - self.start
            terminalreporter.write_line(f"bad input: {self.cases} cases passed in {seconds:.0f} s")


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):  # pytest-xdist's workers report to the process that started them
        config.pluginmanager.register(BadInput())
