"""Read settings from the environment and ``.env``: a wrong value stops the start with its name."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import available_timezones

import environ
from django.core.exceptions import ImproperlyConfigured

T = TypeVar("T")

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
env.read_env(os.environ.get("ENV_FILE", BASE_DIR / ".env"))
# An empty variable counts as one that is not set.
env.ENVIRON = {name: value for name, value in os.environ.items() if value.strip()}


def read(name: str, kind: Callable[..., T], default: Any = environ.Env.NOTSET) -> T:
    """Read one variable.

    Raises:
        ImproperlyConfigured: it is missing and has no default, or is not of its kind.
    """
    if default is environ.Env.NOTSET and name not in env.ENVIRON:
        raise ImproperlyConfigured(f"Set {name} in the environment; .env.example says what it is for.")
    try:
        return kind(name, default=default)
    except (ValueError, KeyError, ImproperlyConfigured) as error:
        raise ImproperlyConfigured(f"{name}={env.ENVIRON.get(name)!r} is not valid: {error}") from error


def boolean(name: str, *, default: bool) -> bool:
    """A yes or a no; anything else is refused, where django-environ would take it for a no."""
    words = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
    text = read(name, env.str, str(default)).lower()
    if text not in words:
        raise ImproperlyConfigured(f"{name}={text!r} is not valid: use true or false.")
    return words[text]


def positive(name: str, default: int, *, most: int | None = None) -> int:
    """A whole number above zero."""
    number: int = read(name, env.int, default)
    if number < 1 or (most is not None and number > most):
        wanted = "a whole number above zero" if most is None else f"a whole number from 1 to {most}"
        raise ImproperlyConfigured(f"{name}={number} is not valid: use {wanted}.")
    return number


def among(name: str, known: list[str], default: list[str]) -> list[str]:
    """Some of the known words, separated by commas."""
    chosen: list[str] = read(name, env.list, default)
    if not chosen:
        raise ImproperlyConfigured(f"{name} names nothing: use some of {', '.join(known)}.")
    if unknown := [word for word in chosen if word not in known]:
        raise ImproperlyConfigured(f"{name}: {', '.join(unknown)} is not among {', '.join(known)}.")
    return chosen


def database_url(name: str, default: str) -> dict[str, Any]:
    """Django's database settings."""
    database: dict[str, Any] = read(name, env.db, default)
    if not database.get("ENGINE", "").startswith("django."):
        raise ImproperlyConfigured(
            f"{name} is not valid: use postgres://user:password@host:5432/name or sqlite:///path."
        )
    return database


def time_zone(name: str, default: str) -> str:
    """A name from the time zone database."""
    zone: str = read(name, env.str, default)
    if zone not in available_timezones():
        raise ImproperlyConfigured(f"{name}={zone!r} is not valid: use a name like Europe/Berlin.")
    return zone
