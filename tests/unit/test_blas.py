"""Which BLAS is put under MLX, and what is said when there is none."""

import os
import sys
import warnings

import pytest
from score_mlx import blas


@pytest.fixture
def fresh(monkeypatch):
    """`blas` as in a new process without CUDA."""
    monkeypatch.setattr(blas, "_loaded", None)
    monkeypatch.setattr(blas, "_mlx_has_cuda", lambda: False)
    monkeypatch.setattr(sys, "platform", "linux")
    for name in ("MKL_CBWR", "MKL_THREADING_LAYER", "MKL_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        monkeypatch.setenv(name, "as it was")
    return monkeypatch


def test_loading_again_is_harmless(fresh):
    fresh.setattr(blas, "_load", lambda threads: "some library")
    assert blas.load() == "some library"
    fresh.setattr(blas, "_load", lambda: pytest.fail("loaded twice"))
    assert blas.load() == "some library"


def test_this_process_has_loaded_one():
    assert blas.load() == blas.load()
    assert blas.load() in (*blas.LIBRARIES, "accelerate", "cuda", "reference")


def test_a_library_that_is_there(fresh):
    """The C library stands for a BLAS: it is everywhere and loading it changes nothing."""
    fresh.setattr(blas, "LIBRARIES", ("libno-such-blas.so.9", "libc.so.6"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert blas.load() == "libc.so.6"


def test_none_found_says_what_to_install(fresh):
    fresh.setattr(blas, "LIBRARIES", ("libno-such-blas.so.9",))
    with pytest.warns(UserWarning, match="install PyPI's `mkl`.*or Debian's `libopenblas0-pthread`"):
        assert blas.load() == "reference"
    with warnings.catch_warnings():  # said once
        warnings.simplefilter("error")
        assert blas.load() == "reference"


def test_settings_for_equal_bytes_are_made_before_loading_and_never_override(fresh):
    fresh.setattr(blas, "LIBRARIES", ("libc.so.6",))
    fresh.delenv("MKL_CBWR")
    fresh.delenv("OMP_NUM_THREADS")
    blas.load()
    assert os.environ["MKL_CBWR"] == "AVX2,STRICT"
    assert os.environ["OMP_NUM_THREADS"] == "1"
    assert os.environ["MKL_NUM_THREADS"] == "as it was"


def test_macos_and_cuda_need_nothing(fresh):
    fresh.setattr(blas, "LIBRARIES", ("libno-such-blas.so.9",))  # looking for one would warn, an error here
    fresh.setattr(blas, "_mlx_has_cuda", lambda: True)
    assert blas.load() == "cuda"
    fresh.setattr(blas, "_loaded", None)
    fresh.setattr(sys, "platform", "darwin")
    assert blas.load() == "accelerate"
