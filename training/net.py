"""The network: one encoder and one decoder with five heads, small enough to run live on two processor cores.

Input `picture`: grey of one frame, float32, 0 to 1, (n, 1, SIZE, SIZE). Outputs by name: `structures`, logits,
(n, 19, SIZE, SIZE); `landmarks`, logits of heat maps, (n, 7, SIZE / 2, SIZE / 2); `view`, logits, (n, 11); `place`,
(n, 9), see `targets`; `features`, (n, FEATURES + 1), by which like pictures are found, and the last of them, 0 or more,
says how strange the picture is.

A U-Net (Ronneberger et al. 2015) with a stem of stride 2; the decoder's last step is a sub-pixel convolution (Shi et
al. 2016), so that thin surfaces are drawn at full size without a full-size layer of many channels.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

from training.machines import SIZE

WIDTHS = (20, 36, 64, 112, 160)
"""Channels from half size down to a 32nd."""
FEATURES = 128
NARROW = 32
"""Channels in which the deepest layer keeps where things are: place and view cannot be told from means alone."""
WATCHED = 32
"""Channels in which strangeness is judged."""
N_STRUCTURES, N_LANDMARKS, N_VIEWS, N_PLACE = 19, 7, 11, 9
OUTPUTS = ("structures", "landmarks", "view", "place", "features")


class Block(nn.Module):
    """Two 3x3 convolutions and a way around the second."""

    def __init__(self, inside: int, outside: int, stride: int = 1) -> None:
        super().__init__()
        self.first = nn.Sequential(
            nn.Conv2d(inside, outside, 3, stride, 1, bias=False), nn.BatchNorm2d(outside), nn.ReLU(inplace=True)
        )
        self.second = nn.Sequential(nn.Conv2d(outside, outside, 3, 1, 1, bias=False), nn.BatchNorm2d(outside))
        self.act = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        """Return the features of `x`, (n, outside, rows, columns)."""
        kept = self.first(x)
        return self.act(kept + self.second(kept))


class Network(nn.Module):
    """See the module's text."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(1, WIDTHS[0], 5, 2, 2, bias=False), nn.BatchNorm2d(WIDTHS[0]), nn.ReLU(inplace=True)
        )
        pairs = list(pairwise(WIDTHS))
        self.down = nn.ModuleList(Block(a, b, 2) for a, b in pairs)
        self.up = nn.ModuleList(Block(b + a, a) for a, b in pairs)
        self.structures = nn.Sequential(nn.Conv2d(WIDTHS[0], 4 * N_STRUCTURES, 1), nn.PixelShuffle(2))
        self.landmarks = nn.Conv2d(WIDTHS[0], N_LANDMARKS, 1)
        self.narrow = nn.Sequential(
            nn.Conv2d(WIDTHS[-1], NARROW, 1, bias=False), nn.BatchNorm2d(NARROW), nn.ReLU(inplace=True)
        )
        described = 2 * WIDTHS[-1] + NARROW * (SIZE >> len(WIDTHS)) ** 2
        self.describe = nn.Sequential(nn.Linear(described, FEATURES), nn.ReLU(inplace=True))
        self.view = nn.Linear(FEATURES, N_VIEWS)
        self.place = nn.Linear(FEATURES, N_PLACE)
        self.strange = nn.Sequential(
            nn.Linear(2 * sum(WIDTHS), WATCHED), nn.ReLU(inplace=True), nn.Linear(WATCHED, 1), nn.Softplus()
        )
        nn.init.constant_(self.landmarks.bias, -4.0)

    def forward(self, picture: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        """Return the outputs in the order of OUTPUTS."""
        steps = [self.stem(picture)]
        for down in self.down:
            steps.append(down(steps[-1]))
        deepest = steps[-1]
        what = (deepest.mean(dim=(2, 3)), deepest.amax(dim=(2, 3)))
        where = self.narrow(deepest).flatten(1)
        told = self.describe(torch.cat((*what, where), dim=1))
        sizes = [one.float() for one in steps]
        means = [one.mean(dim=(2, 3)) for one in sizes] + [
            ((one * one).mean(dim=(2, 3)) + 1e-6).sqrt() for one in sizes
        ]
        features = torch.cat((told, self.strange(torch.cat(means, dim=1))), dim=1)
        up = deepest
        for depth in reversed(range(len(self.up))):
            grown = nn.functional.interpolate(up, scale_factor=2.0, mode="nearest")
            up = self.up[depth](torch.cat((grown, steps[depth]), dim=1))
        return self.structures(up), self.landmarks(up), self.view(told), self.place(told), features


def half_precision() -> torch.autocast:
    """Return a context that computes in bfloat16 where the processor does that in hardware, else does nothing."""
    return torch.autocast("cpu", torch.bfloat16, enabled=torch.ops.mkldnn._is_mkldnn_bf16_supported())


def n_weights(network: nn.Module) -> int:
    """Return the number of trained weights."""
    return sum(one.numel() for one in network.parameters())


__all__ = ["OUTPUTS", "SIZE", "Network", "half_precision", "n_weights"]
