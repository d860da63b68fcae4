"""CIFAR-100 (Krizhevsky 2009): 50,000 and 10,000 photographs, 32x32, three channels, 100 classes."""

from scaling_study.data.torchvision_sets import load_cifar


def load(root=None, train_images=None, test_images=None):
    """(train, test) Images through torchvision, which downloads them once."""
    return load_cifar("CIFAR100", root)
