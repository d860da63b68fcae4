"""CIFAR-10 (Krizhevsky 2009): 50,000 and 10,000 photographs, 32x32, three channels, 10 classes."""

from scaling_study.data.torchvision_sets import load_cifar


def load(root=None, train_images=None, test_images=None):
    """(train, test) Images through torchvision, which downloads them once."""
    return load_cifar("CIFAR10", root)
