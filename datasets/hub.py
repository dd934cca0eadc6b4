"""One revision of a repository on the Hugging Face Hub: its files, their download into the user's own cache,
and errors in words. Files that are there already are not downloaded again; the hub is $HF_ENDPOINT's."""

import contextlib
import glob
import os
import pathlib
import shutil
import sys

import httpx2
from huggingface_hub import HfApi, constants, errors, logging, snapshot_download, try_to_load_from_cache
from huggingface_hub.utils import disable_progress_bars, enable_progress_bars

NOT_BROUGHT = 1  # the net, the hub or the disk: the same command may do later
WRONG_INPUT = 2  # no such repository or revision, no access, or not what is expected in it
ANSWER_TIMEOUT_S = 30

logging.set_verbosity_error()


class FetchError(Exception):
    """What went wrong in one line, and the exit code."""

    def __init__(self, message, code):
        super().__init__(" ".join(str(message).split()))
        self.code = code


def say(message):
    """Talk goes to stderr; stdout has the folder alone."""
    print(message, file=sys.stderr, flush=True)


def first_cause(error):
    """The library wraps a refused connection several times; the innermost one says what happened."""
    while error.__cause__ is not None:
        error = error.__cause__
    return str(error).strip() or type(error).__name__


def is_unreachable(error):
    """No answer at all, or one that says that the hub is not well, as against a refusal."""
    if isinstance(error, errors.HfHubHTTPError):
        return error.response.status_code == 429 or error.response.status_code >= 500
    return isinstance(error, (httpx2.HTTPError, errors.OfflineModeIsEnabled))


class Repository:
    """`kind` is model or dataset, `name` org/name; `commit` is what `revision` stands for, "" if unknown."""

    def __init__(self, kind, name, revision):
        self.kind, self.name, self.revision, self.commit = kind, name, revision, ""

    def files(self):
        """Sizes in bytes by name. Without the hub: what the cache has of this revision."""
        with self._explained():
            try:
                info = HfApi(library_name="moebench").repo_info(
                    self.name, repo_type=self.kind, revision=self.revision, files_metadata=True,
                    timeout=ANSWER_TIMEOUT_S)
            except (httpx2.HTTPError, errors.HfHubHTTPError, errors.OfflineModeIsEnabled) as error:
                if not is_unreachable(error):
                    raise
                return self._cached_files(error)
        self.commit = info.sha
        return {file.rfilename: file.size or 0 for file in info.siblings}

    def download(self, names, sizes):
        """Brings these files (`sizes` as of files()) and returns the folder that has them."""
        missing = [name for name in names if not self._is_cached(name)]
        self._check_space(sum(sizes[name] for name in missing))
        if missing:
            say(f"{self.name} at {self.revision} ({self.commit[:12]}): {len(missing)} files to download, "
                f"{sum(sizes[name] for name in missing) / 1e6:.1f} MB, into {constants.HF_HUB_CACHE}")
            enable_progress_bars()
        else:
            disable_progress_bars()
        with self._explained():
            return pathlib.Path(snapshot_download(
                self.name, repo_type=self.kind, revision=self.revision,
                allow_patterns=[glob.escape(name) for name in names], library_name="moebench",
                local_files_only=not self.commit))

    def lacks(self, message):
        """The error of a repository, or of what a cache has of it, without what is needed."""
        return FetchError(f"{self.kind} {self.name} at {self.revision}: {message}",
                          WRONG_INPUT if self.commit else NOT_BROUGHT)

    def _cached_files(self, reason):
        try:
            folder = pathlib.Path(snapshot_download(
                self.name, repo_type=self.kind, revision=self.revision, allow_patterns=[],
                local_files_only=True))
        except errors.LocalEntryNotFoundError:
            raise reason from None
        say(f"{constants.ENDPOINT} cannot be reached ({first_cause(reason)}): taking {self.name} at "
            f"{self.revision} as it lies in {folder}")
        return {str(file.relative_to(folder)): file.stat().st_size
                for file in folder.rglob("*") if file.is_file()}

    def _is_cached(self, name):
        return isinstance(try_to_load_from_cache(
            self.name, name, repo_type=self.kind, revision=self.commit or self.revision), str)

    def _check_space(self, needed_bytes):
        place = pathlib.Path(constants.HF_HUB_CACHE).absolute()
        while not place.exists():
            place = place.parent
        free_bytes = shutil.disk_usage(place).free
        if needed_bytes > free_bytes:
            raise FetchError(f"{self.name}: {needed_bytes / 1e9:.1f} GB are to be downloaded, "
                             f"{free_bytes / 1e9:.1f} GB are free under {place}; $HF_HUB_CACHE names another "
                             "place", NOT_BROUGHT)

    @contextlib.contextmanager
    def _explained(self):
        """Turns what the library raises into a FetchError; the order is from the special to the general."""
        what = f"{self.kind} {self.name}"
        try:
            yield
        except errors.HFValidationError as error:
            raise FetchError(f"{what}: expected org/name: {error}", WRONG_INPUT) from error
        except errors.GatedRepoError as error:
            token = "the token in use has no access" if os.environ.get("HF_TOKEN") else "no token is set"
            page = f"{constants.ENDPOINT}/{'datasets/' if self.kind == 'dataset' else ''}{self.name}"
            raise FetchError(f"{what} is gated ({token}): accept its terms at {page}, then set HF_TOKEN to a "
                             f"token from {constants.ENDPOINT}/settings/tokens", WRONG_INPUT) from error
        except errors.RepositoryNotFoundError as error:
            raise FetchError(f"{what}: no such repository at {constants.ENDPOINT}; if it is private, set "
                             "HF_TOKEN to a token that may read it", WRONG_INPUT) from error
        except errors.RevisionNotFoundError as error:
            raise FetchError(f"{what}: no branch, tag or commit \"{self.revision}\"", WRONG_INPUT) from error
        except (httpx2.HTTPError, OSError) as error:
            status = getattr(getattr(error, "response", None), "status_code", 0)
            if status in (401, 403):
                raise FetchError(f"{what}: {constants.ENDPOINT} refused it (code {status}): {error}; is "
                                 "HF_TOKEN right?", WRONG_INPUT) from error
            raise FetchError(f"{what} could not be brought from {constants.ENDPOINT}: {first_cause(error)}; "
                             "the same command goes on with what is missing", NOT_BROUGHT) from error
