"""Which BLAS is put under MLX, and what is said when there is none."""

import os
import subprocess
import sys
import textwrap
import warnings

import pytest
from score_mlx.system import blas
from score_mlx.system.processor import abilities


@pytest.fixture
def fresh(monkeypatch):
    """`blas` as in a new process."""
    monkeypatch.setattr(blas, "_loaded", None)
    monkeypatch.setattr(sys, "platform", "linux")
    for name in ("MKL_CBWR", "MKL_THREADING_LAYER", "MKL_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        monkeypatch.setenv(name, "as it was")
    monkeypatch.setenv("OPENBLAS_CORETYPE", os.environ.get("OPENBLAS_CORETYPE", ""))  # put back afterwards
    return monkeypatch


@pytest.fixture
def without_package(fresh):
    """As where PyPI's OpenBLAS is not installed."""
    fresh.setattr(blas, "PACKAGE", "no_such_openblas")
    return fresh


def test_loading_again_is_harmless(fresh):
    fresh.setattr(blas, "_load", lambda threads: "some library")
    assert blas.load() == "some library"
    fresh.setattr(blas, "_load", lambda: pytest.fail("loaded twice"))
    assert blas.load() == "some library"


def test_this_process_has_loaded_one():
    assert blas.load() == blas.load()
    assert blas.load() in ("openblas", *blas.LIBRARIES, "accelerate", "reference")


def run(code: str, **environment: str) -> str:
    """What a new Python prints."""
    command = [sys.executable, "-c", textwrap.dedent(code)]
    return subprocess.run(command, env=os.environ | environment, capture_output=True, text=True, check=True).stdout


@pytest.mark.skipif(sys.platform != "linux", reason="Accelerate multiplies here")
def test_products_of_mlx_are_openblas_s():
    """Each kind of product goes through the names that are put before the reference BLAS's, and is right."""
    out = run("""
        import ctypes
        from score_mlx.system import blas
        print(blas.load())
        import mlx.core as mx
        import numpy as np
        rng = np.random.default_rng(0)
        a, b = rng.normal(size=(33, 47)), rng.normal(size=(47, 21))
        with mx.stream(mx.cpu):
            for kind in (np.float32, np.float64, np.complex64):
                x, y = a.astype(kind), b.astype(kind)
                print(float(np.abs(np.array(mx.array(x) @ mx.array(y)) - x @ y).max()) < 1e-4)
        seen = ctypes.CDLL(None)  # the global scope
        print(hasattr(seen, "score_sgemm"), hasattr(seen, "scipy_cblas_sgemm"))
    """)
    assert out.split() == ["openblas", "True", "True", "True", "True", "False"]


@pytest.mark.skipif(sys.platform != "linux", reason="Accelerate multiplies here")
def test_the_choice_decides_the_last_bits():
    """The processor for which OpenBLAS's kernels were written is chosen, said, and gives the same bytes again."""
    code = """
        from score_mlx.system import blas
        print(blas.described().split()[1])
        import hashlib, mlx.core as mx
        a, b = (mx.random.normal((130, 130), key=mx.random.key(i), stream=mx.cpu) for i in range(2))
        print(hashlib.sha256(bytes(mx.matmul(a, b, stream=mx.cpu))).hexdigest())
    """
    if not abilities() >= blas.AVX2:
        pytest.skip("this processor has no AVX2")
    chosen = run(code, OPENBLAS_CORETYPE="")
    name = "SkylakeX" if abilities() >= blas.AVX512 else "Haswell"
    assert chosen.startswith(f"({name})")
    assert chosen == run(code, OPENBLAS_CORETYPE=name)
    assert run(code, OPENBLAS_CORETYPE="Haswell").startswith("(Haswell)")


@pytest.mark.parametrize(
    ("machine", "has", "said", "chosen"),
    [
        ("x86_64", blas.AVX2 | blas.AVX512, "", "SkylakeX"),
        ("x86_64", blas.AVX2 | {"avx512f"}, "", "Haswell"),  # as processors of 2016 for other work than this
        ("x86_64", blas.AVX2, "", "Haswell"),
        ("x86_64", blas.AVX2 | blas.AVX512, "Zen", "Zen"),
        ("x86_64", {"sse2"}, "", ""),
        ("aarch64", set(), "", ""),
    ],
)
def test_kernels_are_chosen_by_what_the_processor_can(without_package, machine, has, said, chosen):
    fresh = without_package
    fresh.setattr(blas, "LIBRARIES", ("libc.so.6",))
    fresh.setattr(blas.platform, "machine", lambda: machine)
    fresh.setattr(blas, "abilities", lambda: has)
    fresh.setenv("OPENBLAS_CORETYPE", said)
    blas.load()
    assert os.environ["OPENBLAS_CORETYPE"] == chosen


def test_a_library_that_is_there(without_package):
    """The C library stands for a BLAS: it is everywhere and loading it changes nothing."""
    fresh = without_package
    fresh.setattr(blas, "LIBRARIES", ("libno-such-blas.so.9", "libc.so.6"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert blas.load() == "libc.so.6"


def test_none_found_says_what_to_install(without_package):
    without_package.setattr(blas, "LIBRARIES", ("libno-such-blas.so.9",))
    with pytest.warns(UserWarning, match="no_such_openblas is not installed; another way is Debian's `libopenblas0-"):
        assert blas.load() == "reference"
    with warnings.catch_warnings():  # said once
        warnings.simplefilter("error")
        assert blas.load() == "reference"


def test_no_compiler_is_said(fresh, tmp_path):
    fresh.setattr(blas, "place", lambda name, depends_on: tmp_path / "none.so")
    fresh.setattr(blas, "LIBRARIES", ())
    fresh.setenv("PATH", str(tmp_path))
    with pytest.warns(UserWarning, match=r"no g\+\+ found"):
        assert blas.load() == "reference"


def test_settings_for_equal_bytes_are_made_before_loading_and_never_override(without_package):
    fresh = without_package
    fresh.setattr(blas, "LIBRARIES", ("libc.so.6",))
    fresh.delenv("MKL_CBWR")
    fresh.delenv("OMP_NUM_THREADS")
    blas.load()
    assert os.environ["MKL_CBWR"] == "AVX2,STRICT"
    assert os.environ["OMP_NUM_THREADS"] == "1"
    assert os.environ["MKL_NUM_THREADS"] == "as it was"


def test_macos_needs_nothing(fresh):
    fresh.setattr(blas, "LIBRARIES", ("libno-such-blas.so.9",))  # looking for one would warn, an error here
    fresh.setattr(sys, "platform", "darwin")
    assert blas.load() == "accelerate"
