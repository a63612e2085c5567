"""The published networks and their training step in PyTorch, which the benchmarks compare with.

Written from the description of the published network alone (ktaebum/AttentionedDeepPaint). Tensors
have its names, so that `tf_deeppaint.networks.torch_weights` reads a state dict of `Generator`. All
shapes are `(N, C, H, W)`, values in [-1, 1].

`tuned` networks are as fast as we could make PyTorch on a CPU without changing what they compute:
channels last, and Adam as one kernel. `networks.TUNED_ENVIRONMENT` is the environment they need.
"""

import random
from itertools import pairwise

import torch
import torch.nn.functional as F  # noqa: N812 - as PyTorch's own documents have it
from torch import nn

DOWN = (2, 4, 8, 8, 8, 8)
UP = (8, 8, 8, 4, 2, 1)
# Stages of the decoder that end in dropout.
DROPPED = 3
L1_WEIGHT = 100.0
# Pictures in the pool of past fakes.
POOL = 50


class _Block(nn.Module):
    """Two 3 x 3 convolutions with a residual connection around them."""

    def __init__(self, inside: int, around: int, outputs: int):
        super().__init__()
        self.conv1 = nn.Conv2d(inside, outputs, 3, padding=1)
        self.norm1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1)
        self.norm2 = nn.BatchNorm2d(outputs)
        self.channel_map = None
        if around != outputs:
            self.channel_map = nn.Conv2d(around, outputs, 1, bias=False)

    def forward(self, inner: torch.Tensor, around: torch.Tensor) -> torch.Tensor:
        inner = F.relu(self.norm1(self.conv1(inner)))
        inner = self.norm2(self.conv2(inner))
        return inner + (around if self.channel_map is None else self.channel_map(around))


class _Gate(nn.Module):
    """Scales a skip connection by its attention to the gate signal."""

    def __init__(self, channels: int, signal: int):
        super().__init__()
        inner = channels // 2
        self.W = nn.Sequential(nn.Conv2d(channels, channels, 1), nn.BatchNorm2d(channels))
        self.Wx = nn.Conv2d(channels, inner, 2, stride=2, bias=False)
        self.Wg = nn.Conv2d(signal, inner, 1)
        self.psi = nn.Conv2d(inner, 1, 1)

    def forward(self, skip: torch.Tensor, signal: torch.Tensor) -> tuple:
        small = self.Wx(skip)
        scores = self.psi(F.relu(small + F.interpolate(self.Wg(signal), small.shape[2:])))
        attention = torch.sigmoid(scores)
        return self.W(F.interpolate(attention, skip.shape[2:]) * skip), attention


class Generator(nn.Module):
    """Sketch and histogram images, `(N, 15, H, W)`, -> picture `(N, 3, H, W)`.

    Args:
        width: Channels of the outermost level; the published network has 64.
    """

    def __init__(self, width: int):
        super().__init__()
        down = [width, *(factor * width for factor in DOWN)]
        up = [down[-1], *(factor * width for factor in UP)]
        deepest = down[-1]
        self.first_layer = nn.Sequential(nn.Conv2d(15, width, 3, padding=1), nn.BatchNorm2d(width))
        self.down_sampler = nn.ModuleList(
            _Block(before, before, after) for before, after in pairwise(down)
        )
        self.gate_block = nn.Sequential(nn.Conv2d(deepest, deepest, 1), nn.BatchNorm2d(deepest))
        self.attentions = nn.ModuleList(_Gate(channels, deepest) for channels in up[:-1])
        self.up_sampler = nn.ModuleList(
            _Block(2 * before, before, after) for before, after in pairwise(up)
        )
        self.last_layer = nn.Sequential(nn.ReLU(), nn.Conv2d(width, 3, 3, padding=1), nn.Tanh())
        self.apply(_initialize)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, list[torch.Tensor]]:
        """Returns the picture and the attention maps, the deepest first."""
        x = self.first_layer(x)
        levels = []
        for block in self.down_sampler:
            skip = block(F.relu(x), x)
            x, indices = F.max_pool2d(skip, 2, return_indices=True)
            levels.append((skip, indices))
        signal = self.gate_block(x)
        maps = []
        for stage, (block, gate) in enumerate(zip(self.up_sampler, self.attentions, strict=True)):
            skip, indices = levels.pop()
            skip, attention = gate(skip, signal)
            maps.append(attention)
            x = F.max_unpool2d(x, indices, 2)
            x = block(torch.cat([F.relu(x), skip], 1), x)
            if stage < DROPPED:
                x = F.dropout2d(x, 0.5, self.training)
        return self.last_layer(x), maps


class Discriminator(nn.Sequential):
    """Sketch and picture, `(N, 6, H, W)`, -> logits of patches, `(N, 1, H / 8 - 2, W / 8 - 2)`."""

    def __init__(self, width: int):
        channels = [6, width, 2 * width, 4 * width, 8 * width]
        layers: list[nn.Module] = []
        for (before, after), stride in zip(pairwise(channels), (2, 2, 2, 1), strict=True):
            layers.append(nn.Conv2d(before, after, 4, stride, padding=1))
            layers += [nn.BatchNorm2d(after)] if before != 6 else []
            layers.append(nn.LeakyReLU(0.2, inplace=True))
        super().__init__(*layers, nn.Conv2d(channels[-1], 1, 4, padding=1))
        self.apply(_initialize)


class Training:
    """The GAN and its step.

    Args:
        width: Of both networks.
        tuned: Whether PyTorch is tuned; see the module.
        bfloat16: Whether it computes under autocast to bfloat16.
    """

    def __init__(self, width: int, tuned: bool = False, bfloat16: bool = False):
        self.bfloat16 = bfloat16
        self.format = memory_format(tuned)
        self.generator = Generator(width).to(memory_format=self.format)
        self.discriminator = Discriminator(width).to(memory_format=self.format)
        self.adams = [
            torch.optim.Adam(network.parameters(), 2e-4, (0.5, 0.999), fused=tuned)
            for network in (self.generator, self.discriminator)
        ]
        self.pool: list[torch.Tensor] = []

    def step(
        self, sketch: torch.Tensor, histogram: torch.Tensor, picture: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """One step on a batch, `(N, 3, H, W)`, `(N, 12, H, W)` and `(N, 3, H, W)`: both losses."""
        of_generator, of_discriminator = self.adams
        with self._precision():
            painted, _ = self.generator(torch.cat([sketch, histogram], 1))
        painted = painted.float()
        fake = torch.cat([sketch, painted], 1)

        self.discriminator.requires_grad_(True)
        of_discriminator.zero_grad()
        real = torch.cat([sketch, picture], 1)
        loss = (self._judge(real, 1.0) + self._judge(self._exchange(fake.detach()), 0.0)) / 2
        loss.backward()
        of_discriminator.step()

        self.discriminator.requires_grad_(False)
        of_generator.zero_grad()
        generator_loss = self._judge(fake, 1.0) + L1_WEIGHT * F.l1_loss(painted, picture)
        generator_loss.backward()
        of_generator.step()
        return loss.detach(), generator_loss.detach()

    def _exchange(self, fakes: torch.Tensor) -> torch.Tensor:
        """Replaces new fakes, `(N, 6, H, W)`, by what the discriminator sees, of the pool too."""
        shown = []
        for fake in fakes:
            if len(self.pool) < POOL:
                self.pool.append(fake.clone())
            elif random.random() < 0.5:
                slot = random.randrange(POOL)
                fake, self.pool[slot] = self.pool[slot], fake.clone()
            shown.append(fake)
        return torch.stack(shown)

    def _judge(self, pairs: torch.Tensor, label: float) -> torch.Tensor:
        with self._precision():
            logits = self.discriminator(pairs.contiguous(memory_format=self.format))
        logits = logits.float()
        return F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, label))

    def _precision(self) -> torch.autocast:
        return torch.autocast("cpu", torch.bfloat16, enabled=self.bfloat16)


def memory_format(tuned: bool) -> torch.memory_format:
    return torch.channels_last if tuned else torch.contiguous_format


def settle(network: nn.Module, inputs: torch.Tensor) -> nn.Module:
    """Gives a network's norms the statistics of their inputs; returns it in training mode.

    Without them the features of random weights fade to denormal numbers, which are slow.
    """
    norms = [layer for layer in network.modules() if isinstance(layer, nn.BatchNorm2d)]
    for norm in norms:
        norm.momentum = 1.0
    with torch.no_grad():
        network.train()(inputs)
    for norm in norms:
        norm.momentum = 0.1  # PyTorch's own
    return network


def _initialize(layer: nn.Module) -> None:
    if isinstance(layer, nn.Conv2d):
        nn.init.normal_(layer.weight, 0.0, 0.02)
