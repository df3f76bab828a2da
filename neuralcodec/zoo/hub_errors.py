"""What the Hub's client raises, as one sentence each that says what to do."""

import contextlib

from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    HTTPError,  # the base class of everything that can happen on the way to the Hub
    LocalEntryNotFoundError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from neuralcodec.errors import HubError, PresetNotFoundError

# The client also raises built-in exceptions: OSError for a file of a wrong size, ValueError for a card that the Hub
# refuses, RuntimeError for an upload that breaks off.
FAILURES = (HTTPError, OSError, ValueError, RuntimeError, LocalEntryNotFoundError)


@contextlib.contextmanager
def explained(place, missing, revision=None):
    """Turns what the Hub's client raises into the package's own exceptions.

    Args:
        place: the repository or account, for messages.
        missing: the whole message if there is no such repository.
        revision: what was asked for.

    Raises:
        PresetNotFoundError: there is no such repository.
        HubError: everything else.
    """
    try:
        yield
    except FAILURES as error:
        if isinstance(error, (RepositoryNotFoundError, HFValidationError)) and not isinstance(error, GatedRepoError):
            raise PresetNotFoundError(missing) from error
        raise HubError(_sentence(error, place, revision)) from error


def is_refusal(error):
    """Whether the Hub has answered, and its answer will be the same the next time."""
    if not isinstance(error, HfHubHTTPError):
        return isinstance(error, HFValidationError)
    return 400 <= error.response.status_code < 500 and error.response.status_code not in (408, 429)


def not_cached(place, unreachable):
    """Message where a download is needed and the Hub cannot be asked.

    Args:
        place: the repository.
        unreachable: why not: an exception, or None where the caller did not want it to be.
    """
    if unreachable is None:
        return f"'{place}' has not been downloaded before; download it without local_files_only first."
    if isinstance(unreachable, OfflineModeIsEnabled):
        return f"'{place}' has not been downloaded before; unset HF_HUB_OFFLINE, so that it can be."
    return f"'{place}' has not been downloaded before, and the Hub cannot be reached; check the network and try again."


def _sentence(error, place, revision):
    if isinstance(error, GatedRepoError):
        return (f"'{place}' is gated: ask for access on its page on the Hub, then log in with `hf auth login` or give "
                "a token.")
    if isinstance(error, RevisionNotFoundError):
        return f"'{place}' has no revision '{revision}'; give a branch, tag or commit that it has."
    if isinstance(error, OfflineModeIsEnabled):
        return f"HF_HUB_OFFLINE is set; unset it, so that the Hub can be asked for '{place}'."
    if isinstance(error, HfHubHTTPError):
        return _refusal(error.response.status_code, place)
    if isinstance(error, HTTPError):
        return f"The Hub cannot be reached for '{place}'; check the network and try again."
    reason = next(iter(str(error).strip().splitlines()), type(error).__name__).rstrip(".")
    return f"The exchange of '{place}' with the Hub failed ({reason}); try again."


def _refusal(status, place):
    if status == 401:
        return f"The Hub does not know you, or not any more, and refuses '{place}'; log in with `hf auth login`."
    if status == 403:
        return f"Your token does not permit that to '{place}'; use one that may, from an account that may."
    if 400 <= status < 500 and status != 429:
        return f"The Hub refuses what was asked of '{place}' (HTTP status {status}); check its name and your token."
    return f"The Hub is busy or broken (HTTP status {status}) and did not serve '{place}'; try again later."
