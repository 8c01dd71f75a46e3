"""BCDH: binary constrained deep hashing, from pairs that 3D models give."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.optim import Adam, Optimizer

from bitscape.methods.base.learned import Learned, Outputs
from bitscape.networks.chosen import Readable
from bitscape.networks.contrastive import contrastive, nearest_codes
from bitscape.networks.described import described
from bitscape.networks.graded import direction_gap, graded_similarity
from bitscape.networks.heads import LinearHash
from bitscape.networks.published.vgg_gem import VGGGeM
from bitscape.networks.whitened_start import start_whitened
from bitscape.supervision.mining import outputs_for_mining
from bitscape.supervision.pair_codes import pair_codes, signs
from bitscape.supervision.positives import draw_pairs, draw_positives, filled_up
from bitscape.supervision.sufficient import require_pairs
from bitscape.supervision.supervision import Supervision
from bitscape.supervision.tuples import Pairs, hardest_negatives, hardest_strangers, pairs_of

FALL = 0.1  # of the logarithm of the published network's learning rates, per epoch (Radenovic et al.'s code)


@dataclass(frozen=True)
class Block:
    """Some tuples: their photographs, their pairs, and (2, p, bits) codes of the pairs' ends where they are fixed.

    `weight` is lambda, or rho in reading C.
    """

    images: NDArray[np.int64]
    pairs: Pairs
    weight: float
    codes: NDArray[np.float32] | None = None


class BCDH(Learned):
    """A BCDH-style method (Do et al., WACV 2019): readings A, B and C of the specification, and a graded one.

    Only the abstract and the start of the introduction could be read; the paper's exact loss, algorithm and values are
    **unknown**. Over pairs of a query with its positives, which share 3D points, and with the hardest negatives of
    other models (Radenovic et al.), with f the outputs and b codes,

    * A: sum c(f_i, f_j) + lambda/2 (|f_i - b_i|^2 + |f_j - b_j|^2), b = sgn f,
    * B: sum c(b_i, b_j) + lambda/2 (...), b the exact minimum for each pair by itself; only the second term trains,
      without its lambda (1.6.2),
    * C: sum c(f_i, f_j) + sum_i u_i (f_i - b_i) + rho/2 |f_i - b_i|^2, b = sgn(f + u / rho), and after each epoch
      u_i += rho (f_i - b_i): an augmented Lagrangian, with multipliers u of each photograph.

    All sums are divided by the number of pairs. With `supervision: geometry-graded`, **this project's own**, the
    cosines of all photographs of a batch are brought to their shares of common 3D points, see `graded_similarity`.
    Proposals, not the paper's: both networks, the start (learned whitening, turned towards codes, outputs of unit
    deviation), the margin, the growing lambda and rho, Adam.
    """

    graded = False

    @property
    def epochs(self) -> int:
        """How many epochs there are in all."""
        return int(self.settings.graded_epochs if self.graded else self.settings.epochs)

    def network(self, channels: int, classes: int) -> LinearHash:
        """One linear layer without activation, on the shared backbone or on VGG-16."""
        if self.settings.network == "paper":
            return VGGGeM(self.bits, self.settings.gem_learned)
        return LinearHash(channels, self.bits)

    def start(self, network: LinearHash, supervision: Supervision, features: Readable) -> None:
        """Take the supervision; start the hash layer from learned whitening."""
        self.supervision, self.graded = supervision, supervision.source == "geometry-graded"
        positives = draw_pairs(supervision, np.random.default_rng(self.seed))
        require_pairs(supervision, "bcdh", positives, self.graded and self.settings.graded_strangers > 0)
        if isinstance(network, VGGGeM):
            network.load(self.settings.weights)
        start_whitened(network.hash, described(network, features), positives[:, 0], positives[:, 1], self.seed)
        self.multipliers = np.zeros((len(features), self.bits), dtype=np.float32)

    def optimiser(self, groups: list[dict[str, Any]]) -> Optimizer:
        """Adam."""
        return Adam(groups)

    def rate(self, epoch: int) -> float:
        """Let the rates of the network from pixels fall by exp(-0.1) each epoch, as Radenovic et al. do."""
        return math.exp(-FALL * (epoch - 1)) if self.settings.network == "paper" else 1.0

    def weight(self, epoch: int) -> float:
        """Give lambda, or rho in reading C, of an epoch (from 1)."""
        chosen = self.settings
        if chosen.reading == "B":
            return float(chosen.lambda_max)
        kind = "rho" if chosen.reading == "C" else "lambda"
        start, growth, most = (getattr(chosen, f"{kind}_{part}") for part in ("start", "growth", "max"))
        return float(min(start * growth ** (epoch - 1), most))

    def batches(self, epoch: int, outputs: Outputs, rng: np.random.Generator) -> Iterator[Block]:
        """Draw queries and positives; mine their hardest negatives `remine` times, under the network as it is then."""
        chosen, known = self.settings, self.supervision
        positives = chosen.graded_positives if self.graded else chosen.positives
        drawn = draw_positives(known, chosen.queries_per_epoch, positives, rng)
        pool = rng.permutation(len(known.rows))[: chosen.pool]
        # Rounds are of whole batches.
        rounds = np.array_split(np.arange(0, len(drawn), chosen.batch_size), chosen.remine)
        for starts in (starts for starts in rounds if len(starts)):
            part = drawn[starts[0] : starts[-1] + chosen.batch_size]
            current = outputs_for_mining(outputs, known, part, pool, self.graded)
            compared = current if self.graded or chosen.reading != "B" else signs(current)
            tuples = [part, hardest_negatives(compared, known, part[:, 0], chosen.negatives, pool)]
            if self.graded:
                tuples.append(hardest_strangers(current, known, part[:, 0], chosen.graded_strangers))
            mined = np.concatenate(tuples, axis=1)
            for start in range(0, len(mined), chosen.batch_size):
                pairs = pairs_of(mined[start : start + chosen.batch_size], positives)
                if self.graded:
                    images = filled_up(pairs.images, len(known.rows), chosen.graded_batch, rng)
                    yield Block(images, pairs, chosen.graded_quantisation)
                    continue
                fixed = self.codes_of(current[pairs.ends], pairs, self.weight(epoch))
                yield Block(pairs.images, pairs, self.weight(epoch), fixed if chosen.b_refresh == "round" else None)

    def codes_of(self, ends: NDArray[np.float32], pairs: Pairs, weight: float) -> NDArray[np.float32]:
        """Do the B-step: (2, p, bits) codes of the (2, p, bits) outputs of the pairs' ends."""
        chosen = self.settings
        if chosen.reading == "B":
            codes = pair_codes(ends[0], ends[1], pairs.similar, self.margin, weight, chosen.hinge)
            return codes.astype(np.float32)
        shift = self.multipliers[pairs.ends] / weight if chosen.reading == "C" else 0
        return signs(ends + shift)

    @property
    def margin(self) -> float:
        """The distance from which dissimilar outputs cost nothing (1.6.4)."""
        return float(self.settings.margin * math.sqrt(self.bits))

    def loss(self, network: Any, features: Tensor, batch: Block) -> dict[str, Tensor]:
        """Distances of the pairs and their quantisation, divided by the number of pairs."""
        outputs = network(features)
        if self.graded:
            return self._graded_terms(outputs, batch)
        pairs, reading, device = batch.pairs, self.settings.reading, outputs.device
        ends = torch.stack([outputs[pairs.left], outputs[pairs.right]])
        fixed = batch.codes
        if fixed is None:
            fixed = self.codes_of(ends.detach().float().cpu().numpy(), pairs, batch.weight)
        codes = torch.from_numpy(fixed).to(ends)
        shares = np.ones((2, len(pairs.left)), np.float32)
        if reading == "C" or self.settings.quant_count == "image":
            shares = pairs.shares()
        compared = codes if reading == "B" else ends
        similar = torch.from_numpy(pairs.similar).to(device)
        gaps = 0.5 * (1.0 if reading == "B" else batch.weight) * (ends - codes).square().sum(dim=-1)
        terms = {
            "contrastive": contrastive(compared[0], compared[1], similar, self.margin, self.settings.hinge).mean(),
            "quantisation": (torch.from_numpy(shares).to(gaps) * gaps).sum() / len(pairs.left),
        }
        if reading == "C":
            pulls = (torch.from_numpy(self.multipliers[pairs.ends]).to(ends) * (ends - codes)).sum(dim=-1)
            terms["multipliers"] = (torch.from_numpy(shares).to(pulls) * pulls).sum() / len(pairs.left)
        return terms

    def _graded_terms(self, outputs: Tensor, batch: Block) -> dict[str, Tensor]:
        overlap = self.supervision.targets(batch.images, batch.images)
        targets = torch.from_numpy(overlap**self.settings.graded_power).to(outputs)
        others = ~torch.eye(len(targets), dtype=torch.bool, device=outputs.device)
        return {
            "similarity": graded_similarity(outputs, targets, others, self.settings.graded_zeros),
            "quantisation": batch.weight * direction_gap(outputs, nearest_codes(outputs)),
        }

    def end_epoch(self, epoch: int, outputs: Outputs) -> dict[str, float]:
        """In reading C let the multipliers take a step; give how far outputs are from codes, per bit."""
        if self.settings.reading != "C" or self.graded:
            return {}
        now, rho = outputs(), self.weight(epoch)
        gaps = now - np.where(now + self.multipliers / rho >= 0, 1, -1)
        self.multipliers = (self.multipliers + rho * gaps).astype(np.float32)
        return {"residual": float(np.sqrt(np.mean(gaps**2)))}

    def state(self) -> dict[str, NDArray[Any]]:
        """Give the multipliers of reading C."""
        return {"multipliers": self.multipliers} if self.settings.reading == "C" else {}

    def restore(self, state: dict[str, NDArray[Any]]) -> None:
        """Take back the multipliers."""
        self.multipliers = state.get("multipliers", self.multipliers)
