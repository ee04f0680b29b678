"""RANSynCoders as a loop of PyTorch modules, the way such models are usually written: the peer of the benchmark.

One module per estimator, run one after the other; the published shape (hidden widths halved layer by layer, two decoders
on one latent), the published loss and optimiser. Written for this benchmark from the description of the method.
"""

import time

import numpy
import torch


def stack(widths, last):
    layers = []
    for ins, outs in zip(widths, widths[1:]):
        layers += [torch.nn.Linear(ins, outs), torch.nn.ReLU()]
    layers[-1] = last
    return torch.nn.Sequential(*layers)


class Coder(torch.nn.Module):
    def __init__(self, features, seen, latent, encoding_depth, decoding_depth):
        super().__init__()
        self.seen = torch.from_numpy(seen)
        inputs = len(seen)
        hidden = [max(inputs >> (k + 1), 1) for k in range(encoding_depth)]
        self.encoder = stack([inputs, *hidden, latent], torch.nn.ReLU())
        hidden = [max(features >> (decoding_depth - k), 1) for k in range(decoding_depth)]
        self.high = stack([latent, *hidden, features], torch.nn.Sigmoid())
        self.low = stack([latent, *hidden, features], torch.nn.Sigmoid())

    def forward(self, x):
        z = self.encoder(x[:, self.seen])
        return self.high(z), self.low(z)


def pinball(q, error):
    return torch.maximum(q * error, (q - 1) * error).mean(dim=1).sum()


def fit(rows: numpy.ndarray, shape: dict, epochs: int, batch: int, delta: float = 0.05, seed: int = 0):
    """Returns the modules and the seconds that the epochs took."""
    torch.manual_seed(seed)
    chance = numpy.random.default_rng(seed)
    features = rows.shape[1]
    coders = [
        Coder(features, chance.permutation(features)[: shape["inputs"]], shape["latent"], 1, 2)
        for _ in range(shape["estimators"])
    ]
    optimizer = torch.optim.Adam([p for coder in coders for p in coder.parameters()], lr=1e-3, eps=1e-7)
    data = torch.from_numpy(rows.astype(numpy.float32))
    began = time.process_time()
    for _ in range(epochs):
        for picked in torch.randperm(len(data)).split(batch):
            x = data[picked]
            optimizer.zero_grad()
            loss = 0
            for coder in coders:
                high, low = coder(x)
                loss = loss + pinball(1 - delta, x - high) + pinball(delta, x - low)
            loss.backward()
            optimizer.step()
    return coders, time.process_time() - began


def excess(coders, rows: numpy.ndarray) -> numpy.ndarray:
    """The continuous score: mean excess over the bounds."""
    data = torch.from_numpy(rows.astype(numpy.float32))
    total = torch.zeros(len(data))
    with torch.no_grad():
        for first in range(0, len(data), 1800):
            x = data[first : first + 1800]
            for coder in coders:
                high, low = coder(x)
                total[first : first + 1800] += (torch.relu(x - high) + torch.relu(low - x)).mean(dim=1)
    return (total / len(coders)).numpy()
