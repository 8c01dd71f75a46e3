"""ExchNet: fine-grained hashing by parts, whose features are exchanged with those of their class."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.optim import SGD, Adam, Optimizer

from bitscape.methods.base.learned import Learned, Outputs
from bitscape.networks.anchors import class_anchors, exchange
from bitscape.networks.chosen import Readable
from bitscape.networks.diversity import channel_diversity, spatial_diversity
from bitscape.networks.parts import PartsEncoder, ReducedParts
from bitscape.networks.published.resnet_parts import ResNetParts
from bitscape.supervision.discrete_codes import LearnedCodes
from bitscape.supervision.sufficient import require_dissimilar
from bitscape.supervision.supervision import Supervision

SCALE = 12  # the re-implementations': the loss is multiplied by 12 / bits
MOMENTUM, DECAY = 0.9, 1e-4  # of the published network, likewise
FALL = 0.1


@dataclass(frozen=True)
class Block:
    """A mini-batch: `places` (b,) in the round's sample, and rows of the similarity to all n with a label, (b, n)."""

    images: NDArray[np.int64]
    places: NDArray[np.int64]
    similarity: Tensor


class ExchNet(Learned):
    """ExchNet (Cui et al., ECCV 2020), after two re-implementations; there is no official code.

    L = 12/q mean (u_i . v_j - q S_ij)^2 + lambda mean L_sp + gamma mean L_cp over a batch's u, the network's tanh
    outputs, and the learned codes v of all labelled photographs, free variables as in ADSH. A round draws a sample,
    trains the network for some epochs, and then improves V by one sweep over its bits (V-step) and recomputes the class
    anchors, the mean local features of each label (C-step). In late rounds a part's feature is exchanged with its
    anchor's half of the time. Equations 1 to 4 and 8 were seen in the paper; 5 to 7, 9, 10, the objective and the
    algorithm are from memory and agree with the re-implementations. The scale 12/q and the balanced S~ are theirs.

    Proposals, not the paper's: V starts at random signs, the mean anchor of a photograph's labels where it has several,
    signs of the network for photographs without a label, and all of `network: shared`.
    """

    one_device = True  # the learned codes need the outputs of all batches

    @property
    def epochs(self) -> int:
        """How many epochs there are in all rounds."""
        return int(self.settings.rounds * self.settings.epochs)

    def network(self, channels: int, classes: int) -> PartsEncoder:
        """Parts and whole of the shared maps, or the published network."""
        chosen = self.settings
        if chosen.network == "paper":
            return ResNetParts(chosen.parts, self.bits)
        return ReducedParts(channels, chosen.channels, chosen.parts, chosen.width, self.bits)

    def start(self, network: PartsEncoder, supervision: Supervision, features: Readable) -> None:
        """Take the labels; draw the first codes."""
        supervision.require_classes("exchnet", 1 if supervision.source == "geometry-graded" else 2)
        require_dissimilar(supervision, "exchnet")
        if isinstance(network, ResNetParts):
            network.load(self.settings.weights)
        self.encoder, self.features, self.supervision = network, features, supervision
        self.learned = LearnedCodes(supervision, self.bits, self.seed, self.settings.balanced)
        self.anchors: NDArray[np.float32] | None = None
        self.all_codes: NDArray[np.int8] | None = None

    def optimiser(self, groups: list[dict[str, Any]]) -> Optimizer:
        """Adam on the shared maps; SGD for the published network."""
        if self.settings.network == "paper":
            return SGD(groups, momentum=MOMENTUM, weight_decay=DECAY)
        return Adam(groups)

    def done(self, epoch: int) -> float:
        """Give the share of the rounds that are done before an epoch."""
        return (epoch - 1) // self.settings.epochs / self.settings.rounds

    def rate(self, epoch: int) -> float:
        """A tenth in the last rounds."""
        return FALL if self.done(epoch) >= self.settings.fall_after else 1.0

    def batches(self, epoch: int, outputs: Outputs, rng: np.random.Generator) -> Iterator[Block]:
        """Draw the round's sample in its first epoch; shuffle it in each into batches of nearly the same size."""
        if (epoch - 1) % self.settings.epochs == 0:
            self.learned.draw(self.settings.samples, rng)
        sample = self.learned.sample
        for places in np.array_split(rng.permutation(len(sample)), -(-len(sample) // self.settings.batch_size)):
            images = self.learned.labelled[sample[places]]
            yield Block(images, places, torch.from_numpy(self.learned.similarity(places)))

    def loss(self, network: PartsEncoder, features: Tensor, batch: Block) -> dict[str, Tensor]:
        """Similarity to the learned codes, the two constraints, and what else is switched on."""
        chosen, terms = self.settings, dict[str, Tensor]()
        found = network.represent(features)
        local = found.local
        if self.anchors is not None and network.training:
            shares = self.supervision.distributions(batch.images)
            anchors = torch.from_numpy(np.tensordot(shares, self.anchors, 1)).to(local)
            local = exchange(local, anchors, torch.rand(local.shape[:2]).to(local.device) >= chosen.exchanged)
            if chosen.alignment:
                terms["alignment"] = chosen.alignment * (local - anchors).norm() / len(local)
        u = network.code(local, found.whole)
        self.learned.U[batch.places] = u.detach().float().cpu().numpy()
        V, own = (torch.from_numpy(codes).to(u) for codes in (self.learned.V, self.learned.own(batch.places)))
        gaps = u @ V.T - self.bits * batch.similarity.to(u)
        terms["similarity"] = SCALE / self.bits * gaps.square().mean()
        if chosen.quantisation:
            scale = SCALE / self.bits * chosen.quantisation / gaps.numel()
            terms["quantisation"] = scale * (u - own).square().sum()
        if chosen.spatial:
            terms["spatial"] = chosen.spatial * spatial_diversity(found.refined, chosen.aggregation).mean()
        if chosen.channel:
            terms["channel"] = chosen.channel * channel_diversity(found.local, chosen.channel_limit).mean()
        return terms

    def end_epoch(self, epoch: int, outputs: Outputs) -> dict[str, float]:
        """Between rounds, the V-step, and the C-step if the next round exchanges; give the share of changed bits."""
        chosen, told = self.settings, dict[str, float]()
        if epoch % chosen.epochs == 0:
            told["changed_bits"] = self.learned.improve(chosen.quantisation)
            if chosen.exchange and chosen.parts and self.done(epoch + 1) >= chosen.exchange_after:
                self.anchors = class_anchors(
                    self.encoder, self.features, self.learned.labelled, self.supervision.labels
                )
        if epoch >= chosen.epochs:
            self.all_codes = self.learned.complete(outputs)
        return told

    def codes(self) -> NDArray[np.int8] | None:
        """Give V, (n, bits), once the first V-step is done."""
        return self.all_codes

    def state(self) -> dict[str, NDArray[Any]]:
        """Give the learned codes with the round they are in, and the anchors if there are any."""
        anchors = {} if self.anchors is None else {"anchors": self.anchors}
        return self.learned.state() | anchors

    def restore(self, state: dict[str, NDArray[Any]]) -> None:
        """Take both back."""
        self.learned.restore(state)
        self.anchors = state.get("anchors")
