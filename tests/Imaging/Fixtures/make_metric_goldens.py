"""Writes metric_goldens.json beside this file: /usr/bin/python3 make_metric_goldens.py

Made with numpy 1.24.2 and scipy 1.10.1 (Debian 12: python3-scipy). Every input is a formula over a linear congruential
generator, so the tests make the same masks, scores and images from their seeds and only the answers are stored.
Every answer follows from a definition (sums over voxels, pairs of cases, windows of voxels), not from the method that the
library uses.
"""
import json
import pathlib
from fractions import Fraction

import numpy as np
from scipy import ndimage


class Lcg:
    """s <- s * 1664525 + 1013904223 mod 2^32; a number is s >> 8, 24 bits."""

    def __init__(self, seed):
        self.state = seed

    def next(self):
        self.state = (self.state * 1664525 + 1013904223) % 2**32
        return self.state >> 8

    def below(self, bound):
        return self.next() % bound

    def uniform(self):
        return self.next() / 2**24


def image(seed, shape):
    lcg = Lcg(seed)
    return np.array([lcg.uniform() for _ in range(int(np.prod(shape)))], dtype=np.float32).reshape(shape)


def mask(kind, seed, shape):
    lcg, at = Lcg(seed), np.indices(shape)
    if kind == "empty":
        return np.zeros(shape, bool)
    if kind == "full":
        return np.ones(shape, bool)
    if kind == "single":
        m = np.zeros(shape, bool)
        m[tuple(lcg.below(n) for n in shape)] = True
        return m
    if kind == "noise":
        return image(seed, shape) < 0.3
    if kind == "blobs":
        m = np.zeros(shape, bool)
        for _ in range(1 + lcg.below(4)):
            centre = [lcg.below(n) for n in shape]
            square = 1 + lcg.below(14)
            m |= sum((a - c) ** 2 for a, c in zip(at, centre)) <= square
        return m
    if kind == "corner":
        return np.all([a < 1 + lcg.below(n) for a, n in zip(at, shape)], axis=0)
    raise ValueError(kind)


def number(value):
    """JSON has neither NaN nor infinity."""
    return "NaN" if np.isnan(value) else "Infinity" if np.isinf(value) else float(value)


def dice(p, g, empty):
    if not g.any():
        return empty if empty != empty else float(not p.any())
    return 2 * int((p & g).sum()) / (int(p.sum()) + int(g.sum()))


def edges(m):
    return m & ~ndimage.binary_erosion(np.pad(m, 1))[1:-1, 1:-1, 1:-1]


def hausdorff(p, g, spacing, percent):
    if not p.any() or not g.any():
        return np.nan if percent is not None or not (p.any() or g.any()) else np.inf
    scale = np.array(spacing)
    a, b = (np.argwhere(edges(m)) * scale for m in (p, g))
    pairs = np.sqrt(((a[:, None] - b[None]) ** 2).sum(-1))
    ways = (pairs.min(1), pairs.min(0))
    transform = ndimage.distance_transform_edt(~edges(g), sampling=spacing)[edges(p)]
    assert np.allclose(transform, ways[0], rtol=1e-12)
    return max(w.max() if percent is None else np.percentile(w, percent) for w in ways)


def masks():
    kinds = ("blobs", "noise", "corner", "single", "blobs", "full", "empty", "blobs")
    shapes = ((7, 9, 5), (12, 5, 8), (1, 6, 9), (3, 3, 1), (16, 11, 13), (10, 10, 10), (4, 17, 2))
    spacings = ((1, 1, 1), (0.8, 1.2, 3.0), (2, 0.5, 1))
    lcg, cases = Lcg(2024), []
    for n in range(44):
        first, second = kinds[n % len(kinds)], kinds[lcg.below(len(kinds))]
        shape, spacing = shapes[n % len(shapes)], spacings[lcg.below(len(spacings))]
        seeds = (1000 + n, 1000 + n if n % 11 == 10 else 2000 + n)
        second = first if n % 11 == 10 else second
        p, g = mask(first, seeds[0], shape), mask(second, seeds[1], shape)
        cases.append(dict(
            prediction=[first, seeds[0]], truth=[second, seeds[1]], shape=shape, spacing=spacing,
            voxels=[int(p.sum()), int(g.sum())],
            dice=number(dice(p, g, np.nan)), diceScored=number(dice(p, g, 0.0)),
            hd95=number(hausdorff(p, g, spacing, 95)), hd50=number(hausdorff(p, g, spacing, 50)),
            hausdorff=number(hausdorff(p, g, spacing, None))))
    return cases


def auc(scores, labels):
    positive, negative = scores[labels], scores[~labels]
    if len(positive) == 0 or len(negative) == 0:
        return np.nan
    return float(sum(Fraction(int(a > b) * 2 + int(a == b), 2) for a in positive for b in negative) / (len(positive) * len(negative)))


def ratio(a, b):
    return np.nan if b == 0 else a / b


def counts(predicted, labels):
    tp, fp = int((predicted & labels).sum()), int((predicted & ~labels).sum())
    return tp, fp, int((~predicted & ~labels).sum()), int((~predicted & labels).sum())


def f1(predicted, labels):
    tp, fp, _, fn = counts(predicted, labels)
    return ratio(2 * tp, 2 * tp + fp + fn)


def binary():
    cases = []
    for n in range(30):
        lcg = Lcg(5000 + n)
        size, levels, share = 2 + lcg.below(40), (2, 4, 10, 1000)[n % 4], (50, 20, 80, 0, 100)[(n // 2) % 5]
        scores, labels = [], []
        for _ in range(size):
            scores.append(lcg.below(levels + 1) / levels)
            labels.append(lcg.below(100) < share)
        scores, labels = np.array(scores), np.array(labels)
        case = dict(seed=5000 + n, size=size, levels=levels, share=share, auc=number(auc(scores, labels)))
        for name, predicted in (("atLeast", scores >= 0.5), ("above", scores > 0.5)):
            tp, fp, tn, fn = counts(predicted, labels)
            case[name] = dict(
                counts=[tp, fp, tn, fn], accuracy=number(ratio(tp + tn, size)), precision=number(ratio(tp, tp + fp)),
                recall=number(ratio(tp, tp + fn)), specificity=number(ratio(tn, tn + fp)), f1=number(f1(predicted, labels)))
        cases.append(case)
    return cases


def mean(values, weights, absent):
    pairs = [(v, w) for v, w in zip(values, weights) if w > 0]
    if absent == "zero":
        pairs = [(0.0 if np.isnan(v) else v, w) for v, w in pairs]
    if absent == "excluded":
        pairs = [(v, w) for v, w in pairs if not np.isnan(v)]
    return ratio(sum(v * w for v, w in pairs), sum(w for _, w in pairs))


def multiclass():
    cases = []
    for n in range(12):
        lcg = Lcg(7000 + n)
        classes, size = 3 + n % 3, 6 + lcg.below(30)
        present = classes - (1 if n % 4 == 3 else 0)
        scores, labels = np.zeros((size, classes)), np.zeros(size, int)
        for case in range(size):
            for c in range(classes):
                scores[case, c] = lcg.below(17) / 16
            labels[case] = lcg.below(present)
        predicted, hot = scores.argmax(1), labels[:, None] == np.arange(classes)
        taken = predicted[:, None] == np.arange(classes)
        support = [int(hot[:, c].sum()) for c in range(classes)]
        f1s, aucs = ([f(v[:, c], hot[:, c]) for c in range(classes)] for f, v in ((f1, taken), (auc, scores)))
        entry = dict(
            seed=7000 + n, size=size, classes=classes, present=present,
            confusion=[[int(((labels == t) & (predicted == p)).sum()) for p in range(classes)] for t in range(classes)],
            accuracy=number((labels == predicted).mean()),
            f1Micro=number(f1(taken.ravel(), hot.ravel())), aucMicro=number(auc(scores.ravel(), hot.ravel())))
        for absent in ("zero", "excluded", "undefined"):
            for name, values in (("f1", f1s), ("auc", aucs)):
                entry[f"{name}Macro_{absent}"] = number(mean(values, [1] * classes, absent))
                entry[f"{name}Weighted_{absent}"] = number(mean(values, support, absent))
        cases.append(entry)
    return cases


def area(x, shape):
    """Each new voxel is the mean of the old voxels floor(i*n/m) .. ceil((i+1)*n/m) - 1 along every axis."""
    y = np.zeros(shape)
    for at in np.ndindex(*shape):
        runs = tuple(slice(i * n // m, -(-(i + 1) * n // m)) for i, n, m in zip(at, x.shape, shape))
        y[at] = x[runs].astype(np.float64).mean()
    return y


def trilinear(x, shape):
    """Half-pixel centres; the nearest voxel outside."""
    at = np.meshgrid(*[np.clip((np.arange(m) + 0.5) * n / m - 0.5, 0, n - 1) for n, m in zip(x.shape, shape)], indexing="ij")
    return ndimage.map_coordinates(x.astype(np.float64), at, order=1, mode="nearest")


def nearest(x, shape):
    return x[np.ix_(*[[i * n // m for i in range(m)] for n, m in zip(x.shape, shape)])].astype(np.float64)


def resizes():
    cases = []
    for n, (old, new) in enumerate((((6, 5, 4), (3, 2, 4)), ((5, 7, 3), (4, 3, 5)), ((4, 4, 4), (2, 2, 2)), ((2, 3, 1), (5, 4, 3)),
                                    ((9, 8, 7), (2, 3, 3)), ((3, 5, 6), (3, 5, 3)), ((14, 3, 2), (20, 2, 1)), ((1, 1, 8), (2, 1, 5)))):
        x = image(9000 + n, old)
        cases.append(dict(seed=9000 + n, old=old, new=new, **{name: [float(v) for v in f(x, new).ravel()] for name, f in
                          (("area", area), ("trilinear", trilinear), ("nearest", nearest))}))
    return cases


def labels():
    """Nearest neighbour by world coordinates, halves to the even index, border repeated; the grid starts at the same corner."""
    cases = []
    for n, (shape, spacing) in enumerate((((4, 5, 3), (2, 2, 2)), ((6, 4, 5), (0.5, 1, 3)), ((3, 3, 7), (1.5, 2.5, 0.8)))):
        x = np.floor(image(9500 + n, shape) * 4)
        new = [int(np.round((d - 1) * s + 1)) for d, s in zip(shape, spacing)]
        at = [np.rint(np.clip(np.arange(m) * (1 / s), 0, d - 1)).astype(int) for m, s, d in zip(new, spacing, shape)]
        cases.append(dict(seed=9500 + n, shape=shape, spacing=spacing, new=new, labels=[int(v) for v in x[np.ix_(*at)].ravel()]))
    return cases


def unclipped():
    cases = []
    for n, shape in enumerate(((9, 7, 5), (6, 6, 6))):
        x = image(9800 + n, shape) * np.float32(1000) - np.float32(200)
        low, high = np.float32(np.percentile(x, 5)), np.float32(np.percentile(x, 95))
        y = (x - low) / (high - low)
        cases.append(dict(seed=9800 + n, shape=shape, values=[float(v) for v in y.ravel()[::7]], min=float(y.min()), max=float(y.max())))
    return cases


def average():
    """Overlapping predictions averaged with bell weights, in double and voxel by voxel."""
    cases = []
    for n, (shape, roi, overlap, kind) in enumerate((((11, 7, 6), (4, 4, 4), 0.5, "constant"), ((11, 7, 6), (4, 4, 4), 0.5, "gaussian"),
                                                     ((5, 9, 3), (6, 4, 5), 0.25, "gaussian"), ((8, 8, 8), (8, 3, 5), 0.6, "gaussian"))):
        padded = [max(a, b) for a, b in zip(shape, roi)]
        before = [(a - b) // 2 for a, b in zip(padded, shape)]
        starts = []
        for length, window in zip(padded, roi):
            step = window if window == length else max(int(window * (1 - overlap)), 1)
            line = [0]
            while line[-1] + window < length:
                line.append(min(line[-1] + step, length - window))
            starts.append(line)
        axes = [np.ones(w) if kind == "constant" else np.exp(-((np.arange(w) - (w - 1) / 2) ** 2) / (2 * (0.125 * w) ** 2)) for w in roi]
        weights = np.maximum(axes[0][:, None, None] * axes[1][:, None] * axes[2], 1e-3)
        sums, total, lcg = np.zeros(padded), np.zeros(padded), Lcg(9900 + n)
        for i in starts[0]:
            for j in starts[1]:
                for k in starts[2]:
                    p = np.array([lcg.uniform() for _ in range(int(np.prod(roi)))]).reshape(roi)
                    at = (slice(i, i + roi[0]), slice(j, j + roi[1]), slice(k, k + roi[2]))
                    sums[at] += weights * p
                    total[at] += weights
        inside = tuple(slice(b, b + s) for b, s in zip(before, shape))
        cases.append(dict(seed=9900 + n, shape=shape, roi=roi, overlap=overlap, kind=kind, starts=starts,
                          values=[float(v) for v in (sums / total)[inside].ravel()[::5]]))
    return cases


goldens = dict(masks=masks(), binary=binary(), multiclass=multiclass(), resize=resizes(), labels=labels(), unclipped=unclipped(), average=average())
path = pathlib.Path(__file__).with_name("metric_goldens.json")
path.write_text("{\n" + ",\n".join(f'"{k}": [\n' + ",\n".join(json.dumps(c, separators=(",", ":")) for c in v) + "\n]" for k, v in goldens.items()) + "\n}\n")
print({k: len(v) for k, v in goldens.items()}, path.stat().st_size, "bytes")
