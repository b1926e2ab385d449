"""Upload handlers for tests."""

from pytest_django import Settings


def with_second(handler: str, settings: Settings) -> list[str]:
    """The site's handlers with another one behind the first."""
    first, *others = settings.FILE_UPLOAD_HANDLERS
    return [first, handler, *others]
