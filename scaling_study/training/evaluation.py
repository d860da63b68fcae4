"""Accuracy and loss of a network on a split."""

import torch
import torch.nn.functional as F

from scaling_study.data.batches import in_order
from scaling_study.training.device import autocast

EVALUATION_BATCH = 500


@torch.inference_mode()
def evaluate(network, images, prepare, precision, batch_size=EVALUATION_BATCH):
    """Top-1 and top-5 accuracy in percent and mean cross-entropy (nats, no smoothing) over all ``images``."""
    network.eval()
    device = next(network.parameters()).device
    totals = torch.zeros(3, dtype=torch.float64, device=device)
    for batch, labels in in_order(images, batch_size):
        batch, labels = batch.to(device, non_blocking=True), labels.to(device, non_blocking=True)
        with autocast(precision, device):
            logits = network(prepare(batch))
        logits = logits.float()
        hits = logits.topk(min(5, logits.shape[1])).indices == labels[:, None]
        loss = F.cross_entropy(logits, labels, reduction="sum")
        totals += torch.stack([hits[:, 0].sum(), hits.sum(), loss]).double()
    top1, top5, loss = (totals / len(images)).tolist()
    return {"top1": 100 * top1, "top5": 100 * top5, "loss": loss}
