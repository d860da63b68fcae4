"""ELPV (Buerhop-Lutz et al. 2018): 2,624 electroluminescence photographs of solar cells, 300x300, one channel.

Classes 0 to 3 are the defect probability in thirds. The photographs come with the package elpv-dataset, whose
licence (CC BY-NC-SA 4.0) allows no commercial use. The set has no test split of its own; a fixed seeded fifth serves.
"""

import numpy as np
import torch

from scaling_study.data.dataset import Images
from scaling_study.errors import StudyError

TEST_FRACTION = 0.2
SPLIT_SEED = 20180101


def load(
    root: str | None = None, train_images: int | None = None, test_images: int | None = None
) -> tuple[Images, Images]:
    """(train, test) Images, (n, 1, 300, 300). Raises StudyError when the optional package is not installed."""
    try:
        from elpv_dataset.utils import load_dataset
    except ImportError as error:
        raise StudyError("data=elpv needs the optional package: pip install 'scaling_study[elpv]'") from error
    images, probabilities, _ = load_dataset()
    whole = Images(torch.from_numpy(images)[:, None], torch.from_numpy(np.rint(3 * probabilities).astype(np.int64)))
    order = torch.randperm(len(whole), generator=torch.Generator().manual_seed(SPLIT_SEED))
    test = round(TEST_FRACTION * len(whole))
    return whole[order[test:]], whole[order[:test]]
