"""Each switch of `plain_cpu` does something: the library that it is for says which kernels it has chosen."""

import json
import os
import platform
import re
import subprocess
import sys
from pathlib import Path

import pytest

from plain_cpu import NUMPY, X86, environment

pytestmark = pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="only x86 has these switches")

ASK = """
import ctypes, json, numpy, scipy.linalg, torch
from threadpoolctl import threadpool_info
from plain_cpu import numpy_features

def address(library, name):
    return ctypes.cast(getattr(library, name), ctypes.c_void_p).value

x = torch.ones(64, 64)
x @ x
torch.nn.functional.conv2d(torch.ones(2, 3, 9, 9), torch.ones(4, 3, 3, 3))
libm = ctypes.CDLL("libm.so.6")
print(json.dumps({
    "numpy": numpy_features(),
    "torch": torch.backends.cpu.get_cpu_capability(),
    "openblas": sorted({b["architecture"] for b in threadpool_info() if b["internal_api"] == "openblas"}),
    "sine": address(libm, "sin") - address(libm, "floor"),
}))
"""


def chosen(**variables: str) -> dict:
    """Which kernels each library chooses, in a process of its own."""
    speaking = {"MKL_VERBOSE": "1", "ONEDNN_VERBOSE": "1", "PYTHONPATH": str(Path(__file__).parent)}
    done = subprocess.run(
        [sys.executable, "-c", ASK], env={**variables, **speaking}, capture_output=True, text=True, check=True
    )
    *spoken, facts = done.stdout.splitlines()
    assert done.stderr == ""  # NumPy warns of a feature that it does not know
    return json.loads(facts) | {
        "mkl": re.findall(r"(?:SGEMM.* CNR:(\w+))", "\n".join(spoken)),
        "onednn": re.findall(r"^onednn_verbose,.*cpu,isa:(.*)$", "\n".join(spoken), re.M),
    }


@pytest.fixture(scope="module")
def off() -> dict:
    return chosen(**environment())


def test_every_library_says_that_it_leaves_the_vector_units_alone(off):
    assert off["numpy"] == []
    assert off["torch"] == "DEFAULT"
    assert off["openblas"] == ["Nehalem"]
    assert off["mkl"] == ["COMPATIBLE"]
    assert off["onednn"] == ["Intel SSE4.1"]


def test_without_the_switches_it_uses_them(off):
    if not {"avx2", "fma"} <= set(Path("/proc/cpuinfo").read_text().split()):
        pytest.skip("this processor has no AVX2 and FMA to be switched off")
    on = chosen(**{name: value for name, value in os.environ.items() if name not in (*X86, NUMPY)})
    assert {name for name in off if on[name] == off[name]} == set()
    assert on["mkl"] == ["OFF"]


@pytest.mark.slow  # it compiles a few programs to find out what the processor can do
def test_the_compiler_of_torch_writes_no_vector_code():
    ask = """if True:
        from torch._inductor import config, cpu_vec_isa
        print(bool(cpu_vec_isa.pick_vec_isa()), config.cpp.march)
    """
    done = subprocess.run([sys.executable, "-c", ask], env=environment(), capture_output=True, text=True, check=True)
    assert done.stdout == "False x86-64\n"
