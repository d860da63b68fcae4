"""A data set repository of the Hugging Face Hub, through its own client. What goes wrong there is one line."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from socket import gaierror
from typing import NamedTuple

from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi, get_token
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.hf_api import RepoFile
from huggingface_hub.utils import disable_progress_bars
from huggingface_hub.utils import logging as hub_logging

from scaling_study.errors import ConfigError, StudyError, one_line, reason_of

KIND = "dataset"
LOGIN = "log in with `hf auth login`, or set HF_TOKEN"


class Listing(NamedTuple):
    """commit: that the revision names; sizes: {name of a file: bytes}."""

    commit: str
    sizes: dict[str, int]


@dataclass(frozen=True)
class Repository:
    """name: USER/NAME; revision: branch, tag or commit, None for the main branch. Every method raises ConfigError or
    StudyError for whatever the Hub refuses."""

    name: str
    revision: str | None = None

    @property
    def endpoint(self) -> str:
        """The address of the Hub, which HF_ENDPOINT may set."""
        return (os.environ.get("HF_ENDPOINT") or "https://huggingface.co").rstrip("/")

    @property
    def url(self) -> str:
        return f"{self.endpoint}/datasets/{self.name}"

    @property
    def api(self) -> HfApi:
        hub_logging.set_verbosity_error()
        if not sys.stderr.isatty():
            disable_progress_bars()
        return HfApi(endpoint=self.endpoint, library_name="scaling_study")

    def require_login(self) -> None:
        """Raise StudyError unless there is a token that the Hub knows."""
        if get_token() is None:
            raise StudyError(f"{self.endpoint} must know who sends: {LOGIN} (tokens: {self.endpoint}/settings/tokens)")
        with self.refusals():
            self.api.whoami()

    def prepare(self, private: bool) -> None:
        """Make the repository where there is none. Raises ConfigError where there is one that is not as ``private``
        says: what was meant for few must not be sent to all."""
        with self.refusals():
            try:
                info = self.api.dataset_info(self.name)
            except RepositoryNotFoundError as error:
                if isinstance(error, GatedRepoError):
                    raise
                self.api.create_repo(self.name, repo_type=KIND, private=private)
                return
        if bool(info.private) != private:
            now = "private" if info.private else "public"
            message = f"{self.url} is {now}; give hub.private={str(not private).lower()}, or change it on its page"
            raise ConfigError("hub.private", private, message)

    def send(self, files: Mapping[str, Path | bytes], removed: Sequence[str], message: str) -> str:
        """Send files, {name: file or content}, and remove others, as one commit. Returns it, or the newest one where
        nothing differs."""
        changes: list[CommitOperationAdd | CommitOperationDelete] = [
            CommitOperationAdd(path_in_repo=name, path_or_fileobj=file) for name, file in files.items()
        ]
        changes += [CommitOperationDelete(path_in_repo=name) for name in removed]
        with self.refusals():
            return self.api.create_commit(self.name, changes, commit_message=message, repo_type=KIND).oid

    def listing(self) -> Listing:
        with self.refusals():
            commit = str(self.api.dataset_info(self.name, revision=self.revision).sha)
            tree = self.api.list_repo_tree(self.name, recursive=True, revision=commit, repo_type=KIND)
            return Listing(commit, {entry.path: entry.size for entry in tree if isinstance(entry, RepoFile)})

    def download(self, names: Sequence[str], commit: str, folder: Path) -> None:
        """Write the files, which hold no characters of patterns, into ``folder`` under their names."""
        with self.refusals():
            self.api.snapshot_download(
                self.name, repo_type=KIND, revision=commit, local_dir=folder, allow_patterns=list(names)
            )

    @contextmanager
    def refusals(self) -> Iterator[None]:
        """Turn what the client raises, of which kind ever, into one line."""
        try:
            yield
        except Exception as error:
            raise self.refusal(error) from error

    def refusal(self, error: Exception) -> ConfigError | StudyError:
        """The line for an error of the client."""
        first = origin(error)
        if isinstance(first, HfHubHTTPError):
            return self.answered(first)
        if isinstance(first, OfflineModeIsEnabled):
            return StudyError(f"{self.url} was not asked: HF_HUB_OFFLINE is set; unset it")
        if isinstance(first, ConnectionError | gaierror | TimeoutError):
            return StudyError(
                f"{self.endpoint} cannot be reached ({reason_of(first)}); is this machine on the network?"
            )
        return StudyError(f"{self.url} cannot be used ({one_line(first, 300) or type(first).__name__})")

    def answered(self, error: HfHubHTTPError) -> ConfigError | StudyError:
        """The line for an answer of the Hub with an error's status."""
        status = error.response.status_code
        if isinstance(error, GatedRepoError):
            return ConfigError(
                "hub.repo", self.name, f"its owner grants access: ask for it at {self.url}, then {LOGIN}"
            )
        if isinstance(error, RevisionNotFoundError):
            return ConfigError("hub.revision", self.revision, f"{self.url} has no such branch, tag or commit")
        if isinstance(error, RepositoryNotFoundError):
            message = f"there is no data set {self.url}, or it is private and you may not read it ({LOGIN})"
            return ConfigError("hub.repo", self.name, message)
        if status == 401:
            return StudyError(f"{self.endpoint} does not know this token (401): {LOGIN}")
        if status == 403:
            message = "your token may not do this (403); it needs the right to write data sets of "
            message += f"{self.name.partition('/')[0]} ({self.endpoint}/settings/tokens)"
            return ConfigError("hub.repo", self.name, message)
        said = one_line(error.server_message or "", 200)
        return StudyError(f"{self.url}: the Hub answered {status}{f' ({said})' if said else ''}; try again later")


def origin(error: BaseException) -> BaseException:
    """The answer of the Hub, or the lack of one, behind an error: the client wraps some in others."""
    while not isinstance(error, HfHubHTTPError | OfflineModeIsEnabled) and (
        behind := error.__cause__ or error.__context__
    ):
        error = behind
    return error
