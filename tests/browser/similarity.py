"""How alike two pictures are."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

WINDOW = 7


def ssim(one: Image.Image, other: Image.Image) -> float:
    """The mean structural similarity of two pictures' greys, 1 for equal ones.

    Source: Wang, Bovik, Sheikh, Simoncelli: Image quality assessment (IEEE TIP 13/4, 2004), with a uniform window.
    """
    x, y = (np.asarray(each.convert("L"), dtype=np.float64) for each in (one, other))
    mean_x, mean_y = _local_mean(x), _local_mean(y)
    variance_x = _local_mean(x * x) - mean_x**2
    variance_y = _local_mean(y * y) - mean_y**2
    covariance = _local_mean(x * y) - mean_x * mean_y
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    alike = (2 * mean_x * mean_y + c1) * (2 * covariance + c2)
    return float((alike / ((mean_x**2 + mean_y**2 + c1) * (variance_x + variance_y + c2))).mean())


def shift_of(one: Image.Image, other: Image.Image) -> tuple[float, float]:
    """By how many pixels, across and down, the second picture lies beside the first.

    By gradients (Lucas and Kanade, 1981): exact for less than a pixel or so.
    """
    x, y = (np.asarray(each.convert("L"), dtype=np.float64) for each in (one, other))
    down, across = np.gradient((x + y) / 2)
    change = (x - y)[2:-2, 2:-2].ravel()
    gradients = np.stack([across[2:-2, 2:-2].ravel(), down[2:-2, 2:-2].ravel()], axis=1)
    (shift_x, shift_y), *_ = np.linalg.lstsq(gradients, change, rcond=None)
    return float(shift_x), float(shift_y)


def _local_mean(values: NDArray[np.float64]) -> NDArray[np.float64]:
    windows = np.lib.stride_tricks.sliding_window_view(values, (WINDOW, WINDOW))
    return windows.mean(axis=(2, 3))
