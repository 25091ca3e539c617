"""numpy, which does on one thread what we ask of it: several wait for each other wherever other processes are busy,
many times as long as a look takes.
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # read when numpy is

import numpy as np

__all__ = ["np"]
