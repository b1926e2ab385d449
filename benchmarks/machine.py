"""What the measurements run on, and where the tools are installed."""

import os
import platform
import re
import subprocess
import sys
from functools import cache
from importlib.metadata import version
from pathlib import Path

from PIL import features

from benchmarks.peers import PEERS
from benchmarks.sources import ROOT


def python_of(peer: str) -> str:
    """The Python that has a tool."""
    environment = PEERS[peer].environment
    return str(ROOT / "var" / environment / "bin" / "python") if environment else sys.executable


@cache
def _thumbor() -> str | None:
    """thumbor's version and its Pillow's; nothing if it is not installed."""
    ask = "from importlib.metadata import version as v; import thumbor; print(v('thumbor'), 'with Pillow', v('pillow'))"
    try:
        return subprocess.check_output([python_of("thumbor"), "-c", ask], text=True, stderr=subprocess.DEVNULL).strip()
    except (OSError, subprocess.CalledProcessError):
        return None


def has(peer: str) -> bool:
    """Whether a tool is installed; says so if it is not."""
    if peer != "thumbor" or _thumbor():
        return True
    print(f"thumbor is left out: {python_of(peer)} cannot import it; benchmarks/run installs it.", file=sys.stderr)
    return False


def describe(peers: list[str]) -> str:
    """The machine and the versions, in a sentence."""
    import pyvips

    processor = _field("/proc/cpuinfo", r"^model name\s*: (.*)$")
    gigabytes = int(_field("/proc/meminfo", r"^MemTotal:\s*(\d+)")) / 1024**2
    kernel = ".".join(platform.release().split(".")[:2])
    release = _field("/etc/os-release", r'^PRETTY_NAME="?([^"\n]*)')
    system = f"{release} (Linux {kernel}, glibc {platform.libc_ver()[1]})"
    names = {"jpg": "libjpeg-turbo", "webp": "libwebp", "avif": "libavif", "zlib_ng": "zlib-ng"}
    versions = {**{key: features.version(key) for key in names}, "jpg": features.version("libjpeg_turbo")}
    libraries = ", ".join(f"{name} {versions[key]}" for key, name in names.items() if versions[key])
    vips = ".".join(str(pyvips.version(part)) for part in range(3))
    tools = ", ".join(f"{name} {version(name)}" for name in ("Willow", "easy-thumbnails", "sorl-thumbnail", "pilkit"))
    thumbor = f"thumbor {_thumbor()}" if "thumbor" in peers else "without thumbor"
    return (
        f"{os.cpu_count()} processors ({processor}), {gigabytes:.0f} GB, {system}, Python {platform.python_version()}, "
        f"Pillow {version('pillow')} ({libraries}), "
        f"libvips {vips} through pyvips {version('pyvips')}, {tools}, {thumbor}"
    )


def _field(path: str, pattern: str) -> str:
    found = re.search(pattern, Path(path).read_text(), re.MULTILINE)
    return found[1].strip() if found else "unknown"
