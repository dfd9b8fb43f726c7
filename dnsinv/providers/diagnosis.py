"""Why an account cannot be read, in words for the person who must mend it."""

from collections.abc import Callable, Mapping

from dnsinv.errors import (
    AccessDenied,
    BadCredential,
    DnsinvError,
    IncompleteListing,
    MalformedReply,
    ProviderUnavailable,
)
from dnsinv.providers.provider import Diagnosis

_REMEDIES = {
    "rate_limited": "Wait a few minutes; if it stays, another program uses this credential too.",
    "unreachable": "Check the network, a proxy or firewall in between, and the account's base_url.",
    "malformed": "Check the account's base_url: this does not look like the provider's API.",
    "missing_scope": "Give the credential permission to read domains and DNS records.",
    "unknown": "The provider's own words above are all that is known.",
}


def diagnose(
    read: Callable[[], str],
    cause_of_denial: Callable[[AccessDenied], str],
    remedies: Mapping[str, str],
) -> Diagnosis:
    """What `read`, a small real reading that says in a sentence what it saw, came to.

    `cause_of_denial` gives the code of an AccessDenied; `remedies` has the provider's own sentence
    per code, for those that are not the same everywhere.
    """
    try:
        return Diagnosis(is_ok=True, code="ok", text=read())
    except DnsinvError as error:
        code = _code(error, cause_of_denial)
        remedy = remedies.get(code) or _REMEDIES[code]
        return Diagnosis(is_ok=False, code=code, text=f"{error} {remedy}")


def _code(error: DnsinvError, cause_of_denial: Callable[[AccessDenied], str]) -> str:
    match error:
        case BadCredential():
            return "bad_key"
        case AccessDenied():
            return cause_of_denial(error)
        case ProviderUnavailable(code="429"):
            return "rate_limited"
        case ProviderUnavailable():
            return "unreachable"
        case MalformedReply() | IncompleteListing():
            return "malformed"
        case _:
            return "unknown"
