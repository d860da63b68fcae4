"""Augmentation of whole batches on the device: random erasing, mixup and cutmix, all timm's."""


def make_mixing(recipe, classes, device):
    """A function from (inputs, labels) to the same, mixed and erased; labels become (n, classes) probabilities, already
    smoothed, where images are mixed."""
    from timm.data import Mixup
    from timm.data.random_erasing import RandomErasing

    erase = mix = None
    if recipe.random_erasing:
        erase = RandomErasing(recipe.random_erasing, mode="pixel", device=device)
    if recipe.mixup or recipe.cutmix:
        smoothing = recipe.label_smoothing
        mix = Mixup(recipe.mixup, recipe.cutmix, label_smoothing=smoothing, num_classes=classes)

    def mixed(inputs, labels):
        if erase:
            inputs = erase(inputs)
        return mix(inputs, labels) if mix else (inputs, labels)

    return mixed
