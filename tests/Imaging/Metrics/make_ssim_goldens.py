"""Prints the golden values of StructuralSimilarityTests: /usr/bin/python3 make_ssim_goldens.py

Made with scikit-image 0.19.3, numpy 1.24.2 (Debian 12: python3-skimage). The volumes are formulas over a linear
congruential generator, so the test needs no file.
"""
import numpy as np
from skimage.metrics import structural_similarity


def uniform(seed, shape):
    """s <- s * 1664525 + 1013904223 mod 2^32; (s >> 8) / 2^24, exact in 32-bit floats; C-order."""
    values = []
    for _ in range(int(np.prod(shape))):
        seed = (seed * 1664525 + 1013904223) % 2**32
        values.append((seed >> 8) / 2**24)
    return np.array(values, dtype=np.float32).reshape(shape)


def ball(shape):
    """1 at most 4 voxels from voxel (shape - 1) // 2, else 0."""
    at = np.indices(shape)
    return (sum((a - (n - 1) // 2) ** 2 for a, n in zip(at, shape)) <= 16).astype(np.float32)


def show(name, first, second):
    value = structural_similarity(first.astype(np.float64), second.astype(np.float64), win_size=7, data_range=1.0)
    print(f"{name}: {value:.15f}")


for shape in ((7, 7, 7), (9, 11, 13), (16, 12, 20)):
    x, y = uniform(1, shape), uniform(2, shape)
    show(f"independent {shape}", x, y)
    show(f"correlated {shape}", x, np.float32(0.75) * x + np.float32(0.25) * y)
    show(f"opposite {shape}", x, 1 - x)
    show(f"ball {shape}", ball(shape), np.float32(0.5) * ball(shape) + np.float32(0.125) * y)
    show(f"flat {shape}", np.zeros(shape, np.float32), np.full(shape, 0.5, np.float32))
