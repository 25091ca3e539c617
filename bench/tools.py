"""What the benchmarks need: programs, which get installed where they are missing, and an interpreter."""

import os
import platform
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterable

PACKAGES = {
    "cc": "gcc libc6-dev",
    "wrk": "wrk",
    "nginx": "nginx-light",
    "taskset": "util-linux",
    "redis-server": "redis-server",
}


def require(programs: Iterable[str]) -> None:
    """Install with apt-get what is missing, where we may; else end with a sentence that says what to do."""
    missing = [program for program in programs if shutil.which(program) is None]
    if not missing:
        return
    packages = " ".join(PACKAGES[program] for program in missing)
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        sys.exit(f"The benchmarks need {', '.join(missing)}. On Debian and Ubuntu: sudo apt-get install {packages}")
    print(f"Installing with apt-get, for the benchmarks: {packages}", flush=True)
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", "update", "-qq"], env=quiet, check=True)
    subprocess.run(
        ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages.split()], env=quiet, check=True
    )


def profiled() -> bool:
    """Whether this interpreter was built with a profile, as far as it tells; distributions' are."""
    return sys.base_prefix == "/usr" or "--enable-optimizations" in (sysconfig.get_config_var("CONFIG_ARGS") or "")


def interpreter() -> str:
    """Which one this is, and how it was built: that is worth a tenth."""
    return f"Python {platform.python_version()}, built {'with' if profiled() else 'without'} a profile"
