"""Makes the small PyTorch files of this folder. Run by hand with Python 3 and PyTorch 1.13 or newer; tests only read the results."""
import collections
import json
import os
import sys
import zipfile

import numpy
import torch

HERE = os.path.dirname(os.path.abspath(__file__))


def values(*shape, start=0.0, step=0.25, dtype=torch.float32):
    count = 1
    for side in shape:
        count *= side
    return (start + step * torch.arange(count, dtype=torch.float64)).to(dtype).reshape(shape)


def save(name, content, **options):
    torch.save(content, os.path.join(HERE, name), **options)


class Layers(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = torch.nn.Parameter(values(2, 3))
        self.linear = torch.nn.Linear(3, 2)
        self.norm = torch.nn.BatchNorm3d(2)
        with torch.no_grad():
            self.linear.weight.copy_(values(2, 3, start=-1))
            self.linear.bias.copy_(values(2, start=5))


class Runs:
    """Unpickling this would execute a command."""

    def __init__(self, function, *arguments):
        self.function, self.arguments = function, arguments

    def __reduce__(self):
        return self.function, self.arguments


def main():
    plain = Layers()
    save("plain.pt", plain.state_dict())
    save("parameters.pt", {"state_dict": collections.OrderedDict((n, p) for n, p in plain.named_parameters())})
    save("data-parallel.pt", {"current_epoch": 7, "state_dict": torch.nn.DataParallel(plain).state_dict()})
    save("protocol-4.pt", {"state_dict": plain.state_dict()}, pickle_protocol=4)
    save("protocol-5.pt", {"state_dict": plain.state_dict()}, pickle_protocol=5)

    save("types.pt", {"state_dict": collections.OrderedDict(
        half=values(3, dtype=torch.float16),
        bfloat16=values(3, dtype=torch.bfloat16),
        double=values(3, dtype=torch.float64),
        long=torch.tensor([1, -2, 2 ** 40]),
        int=torch.tensor([1, -2, 3], dtype=torch.int32),
        short=torch.tensor([1, -2, 3], dtype=torch.int16),
        char=torch.tensor([1, -2, 3], dtype=torch.int8),
        byte=torch.tensor([1, 2, 255], dtype=torch.uint8),
        bool=torch.tensor([True, False, True]),
        scalar=torch.tensor(2.5),
        empty=torch.zeros(0, 3))})

    base = values(4, 6)
    save("views.pt", {"state_dict": collections.OrderedDict(
        base=base, transposed=base.t(), row=base[2], column=base[:, 3], every_other=base[1::2, ::3], block=base[1:3, 2:5])})

    # What a training script keeps besides the weights: optimiser, scheduler, a numpy score.
    module = torch.nn.DataParallel(plain)
    optimizer = torch.optim.AdamW(module.parameters(), lr=3e-4, weight_decay=1e-5)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=10)
    for parameter in module.parameters():
        parameter.grad = torch.ones_like(parameter)
    optimizer.step()
    scheduler.step()
    save("training.pt", {
        "current_epoch": 7, "state_dict": module.state_dict(), "optimizer": optimizer.state_dict(),
        "scheduler": scheduler.state_dict(), "val_best": numpy.float64(0.875)})

    state = plain.state_dict()
    save("hostile.pt", {"state_dict": Runs(os.system, "touch executed-by-unpickling")})
    save("hostile-optimizer.pt", {
        "state_dict": state, "optimizer": {"state": {0: {"step": Runs(eval, "open('executed-by-unpickling', 'w')")}}, "param_groups": []}})
    save("hostile-class.pt", {"state_dict": state, "scheduler": collections.Counter, "model": plain})
    save("numpy-in-state.pt", {"state_dict": collections.OrderedDict(weight=numpy.float64(1))})
    save("legacy.pt", state, _use_new_zipfile_serialization=False)

    # Other shapes of archive: compressed again by a zip tool, and a big-endian mark.
    with zipfile.ZipFile(os.path.join(HERE, "plain.pt")) as source:
        with zipfile.ZipFile(os.path.join(HERE, "compressed.pt"), "w", zipfile.ZIP_DEFLATED) as target:
            for entry in source.infolist():
                target.writestr(zipfile.ZipInfo(entry.filename), source.read(entry), compress_type=zipfile.ZIP_DEFLATED)
        with zipfile.ZipFile(os.path.join(HERE, "big-endian.pt"), "w", zipfile.ZIP_STORED) as target:
            for entry in source.infolist():
                target.writestr(zipfile.ZipInfo(entry.filename), source.read(entry))
            target.writestr(zipfile.ZipInfo("plain/byteorder"), "big")

    # The values again in a form that needs no PyTorch.
    expected = {}
    for name in ("plain", "parameters", "data-parallel", "protocol-4", "protocol-5", "types", "views", "training"):
        content = torch.load(os.path.join(HERE, name + ".pt"))
        state = content.get("state_dict", content)
        expected[name] = {key: {"shape": list(v.shape), "values": [float(x) for x in v.detach().reshape(-1).to(torch.float64)]} for key, v in state.items()}
    with open(os.path.join(HERE, "expected.json"), "w", encoding="utf-8") as target:
        json.dump(expected, target, indent=1)
        target.write("\n")
    print("PyTorch", torch.__version__, "Python", sys.version.split()[0])


main()
