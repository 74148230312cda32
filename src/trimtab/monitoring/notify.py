"""Channels that alerts go to: a webhook, and whatever apprise reaches. Nothing is decided here."""

import logging
import warnings
from collections.abc import Mapping
from typing import Any

from trimtab.core.settings import AlertSection

WEBHOOK = "webhook"
TIMEOUT_SECONDS = 5.0

_log = logging.getLogger(__name__)


def channels_of(settings: AlertSection) -> dict[str, str]:
    """Return the URL of each channel by a name that holds no secret."""
    found = {f"channel {number}": url for number, url in enumerate(settings.channels, 1)}
    return {WEBHOOK: settings.webhook, **found} if settings.webhook else found


def deliver(name: str, url: str, alert: Mapping[str, Any]) -> str | None:
    """Send an alert to a channel; return None if it was taken, else what went wrong.

    Never raises for a channel's failure: the alert stays in the log and is tried again.
    """
    problem = _post(url, alert) if name == WEBHOOK else _notify(url, alert)
    if problem is not None:
        problem = f"{name} did not take alert {alert['id']}: {problem}"
        _log.warning(problem)
    return problem


def _post(url: str, alert: Mapping[str, Any]) -> str | None:
    """Post an alert as JSON; its id is the idempotency key."""
    import httpx

    try:
        answer = httpx.post(
            url, json=dict(alert), headers={"Idempotency-Key": str(alert["id"])},
            timeout=TIMEOUT_SECONDS,
        )  # fmt: skip
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return f"{type(error).__name__}"  # its text may hold the URL, and the URL a secret
    return None if answer.is_success else f"status {answer.status_code}"


def _notify(url: str, alert: Mapping[str, Any]) -> str | None:
    """Send an alert as text through apprise."""
    import apprise

    sender = apprise.Apprise()
    with warnings.catch_warnings():  # apprise loads its plugins here, and some are behind
        warnings.simplefilter("ignore", DeprecationWarning)
        known = sender.add(url)
    if not known:
        return "apprise does not know this kind of URL"
    title = f"[{alert['severity']}] {alert['model']}: {alert['monitor']}"
    body = f"{alert['message']}\n\nWhat to do: {alert['runbook']}"
    return None if sender.notify(title=title, body=body) else "apprise could not deliver it"
