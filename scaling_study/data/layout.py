"""One line about a folder that is laid out in another way than is read: what is there, and how it should look."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from scaling_study.data.listing import counted, directly_in, endings, some
from scaling_study.errors import ConfigError, StudyError

if TYPE_CHECKING:
    from scaling_study.data.listing import Listing


def require_root(root: str | Path, split: str) -> None:
    """Raise ConfigError unless ``root`` holds the folder of a split; the message lists what it holds instead."""
    if root is None:
        raise ConfigError("data.root", root, f"data=imagefolder needs the folder that holds {split}/ and val/")
    folder = Path(root)
    if (folder / split).is_dir():
        return
    wanted = f"must hold a folder {split}/ with a folder of images per class"
    try:
        folders, images, _ = directly_in(folder)
    except StudyError as error:
        raise ConfigError("data.root", root, f"{wanted}; {error}") from error
    if (folder / split).exists():
        raise ConfigError("data.root", root, f"{wanted}; {folder / split} is a file")
    inner = [name for name in folders if (folder / name / split).is_dir()]
    if inner:
        wanted += f"; did you mean data.root={folder / inner[0]}?"
    elif any(directly_in(folder / name)[1] for name in folders[:1]):
        wanted += "; its own folders look like classes"
        wanted += f": did you mean data.root={folder.parent}?" if folder.name == split else ""
    raise ConfigError("data.root", root, f"{wanted}; it holds {held(folders, images)}")


def held(folders: Any, images: Any) -> str | None:
    """2 folders (a, b) and 3 images."""
    parts = [f"{counted(len(folders), 'folder')} ({some(folders)})"] if folders else []
    parts += [f"{counted(len(images), 'image')} ({some(images, 2)})"] if images else []
    return " and ".join(parts) or "neither folders nor images"


def require_classes(folder: Path, folders: Any, images: Any) -> None:
    """Raise StudyError for the folder of a split without folders."""
    if folders:
        return
    hint = ""
    if len(images) > 1 and all(name.startswith("ILSVRC2012_val_") for name in images):
        hint = "; ImageNet's validation images come so, and a script such as valprep.sh sorts them"
    wanted = f"images belong into a folder per class, {folder.name}/CLASS/IMAGE"
    raise StudyError(f"data=imagefolder: {folder} holds {held(folders, images)}; {wanted}{hint}")


def require_images(listing: Listing) -> None:
    """Raise StudyError for a split without images."""
    if listing.images:
        return
    unused = f"; not used: {some(listing.unused)}" if listing.unused else ""
    known = " ".join(sorted(endings()))
    message = f"none of the files in the folders of {listing.folder} is an image{unused}; endings read are {known}"
    raise StudyError(f"data=imagefolder: {message}")


def not_used(listing: Listing) -> str | None:
    """A line about files that are left aside, or None."""
    names = (*listing.loose, *listing.unused)
    if not names:
        return None
    are = "is" if len(names) == 1 else "are"
    loose = "; images directly in it belong to no class" if listing.loose else ""
    return f"{counted(len(names), 'file')} in {listing.folder} {are} not used: {some(names)}{loose}"
