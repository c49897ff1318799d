"""The stages of `dvc.yaml`, a page each: parse, call the package, write. Imported by nothing.

Importing this package pins what decides the last bit of a floating-point result, before numpy, OpenBLAS, numba or OpenMP load: the
same instructions on every x86-64 machine, so that `dvc repro` gives the same bytes. Arrow is told to give decode buffers back.
"""

import os

PINNED = {
    "NPY_DISABLE_CPU_FEATURES": "X86_V3 X86_V4 AVX512_ICL AVX512_SPR",
    "OPENBLAS_CORETYPE": "Nehalem",
    "OPENBLAS_NUM_THREADS": "1",
    "NUMBA_CPU_NAME": "generic",
    "OMP_WAIT_POLICY": "passive",
    "OMP_NUM_THREADS": "1",
    "ARROW_DEFAULT_MEMORY_POOL": "system",
}
os.environ.update(PINNED)
