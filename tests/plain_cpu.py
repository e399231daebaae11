"""A processor without AVX, AVX2, AVX-512 and FMA, as far as one that has them can be told to leave them alone.

`python -m tests.plain_cpu COMMAND ...` runs a command so. Each library chooses among its kernels when it is loaded, and
has a switch of its own; `tests/test_plain_cpu.py` shows that each switch does something. GMP chooses too, and has none:
its whole numbers, on which balls are built, are exact with any kernel.
"""

import os
import platform
import sys
from collections.abc import Mapping

X86 = {
    # torch: its own kernels, and those that its compiler writes
    "ATEN_CPU_CAPABILITY": "default",
    "TORCHINDUCTOR_CPP_MARCH": "x86-64",
    # torch's matrix products and convolutions
    "MKL_CBWR": "COMPATIBLE",
    "MKL_ENABLE_INSTRUCTIONS": "SSE4_2",
    "ONEDNN_MAX_CPU_ISA": "SSE41",
    # NumPy's and SciPy's
    "OPENBLAS_CORETYPE": "Nehalem",
    # exp, log and sin of the C library, which NumPy, SciPy and Python call; *_Usable: before glibc 2.33
    "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX,-AVX2,-AVX512F,-FMA,-FMA4"
    ",-AVX_Usable,-AVX2_Usable,-AVX512F_Usable,-FMA_Usable,-FMA4_Usable",
}

NUMPY = "NPY_DISABLE_CPU_FEATURES"


def numpy_features() -> list[str]:
    """The features that this NumPy has kernels for besides its baseline, and that this processor has.

    NumPy warns of any other name. None is left where they are switched off already.
    """
    from numpy._core._multiarray_umath import __cpu_dispatch__, __cpu_features__

    return [name for name in __cpu_dispatch__ if __cpu_features__.get(name)]


def environment(of: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The environment in which the libraries leave the vector units alone."""
    features = of.get(NUMPY) or " ".join(numpy_features())
    switches = X86 if platform.machine() in ("x86_64", "AMD64") else {"ATEN_CPU_CAPABILITY": "default"}
    return {**of, **switches, **({NUMPY: features} if features else {})}


if __name__ == "__main__":
    os.execvpe(sys.argv[1], sys.argv[1:], environment())
