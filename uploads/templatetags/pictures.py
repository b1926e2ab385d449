"""``{% load pictures %}``: stored images in pages."""

from itertools import groupby
from typing import Any

from django import template

from uploads.models import Rendition, StoredImage

register = template.Library()

# Smallest first, as pictures usually are; after these comes the main file's own format.
BEST_FORMATS = ["AVIF", "WEBP"]


@register.inclusion_tag("uploads/partials/picture.html")
def picture(image: StoredImage, slug: str, *, sizes: str = "", loading: str = "lazy") -> dict[str, Any]:
    """Show a crop of an image in the best format, and at the width, that a browser chooses for itself.

    ``{% picture image "banner" sizes="(min-width: 60rem) 50vw, 100vw" %}``; ``sizes`` says how wide the picture is on
    the page, and is as wide as it can be without being enlarged where nothing is said. A crop that the image does not
    have, as presets change, is left out. Nothing but rows is read, none where ``renditions`` were prefetched.
    """
    main = next((each for each in image.main_renditions if each.slug == slug), None)
    if main is None:
        return {}
    return {
        "image": image,
        "main": main,
        "sources": _sources(main),
        "sizes": sizes or f"(max-width: {main.width}px) 100vw, {main.width}px",
        "loading": loading,
    }


def _sources(main: Rendition) -> list[dict[str, str]]:
    """What ``<source>`` says about each format, best first; nothing where there is but the main file."""
    if not main.others:
        return []
    order = [*BEST_FORMATS, main.format]

    def rank(rendition: Rendition) -> tuple[int, str, int]:
        place = order.index(rendition.format) if rendition.format in order else len(order)
        return place, rendition.format, rendition.width

    by_format = groupby(sorted([main, *main.others], key=rank), key=lambda each: each.content_type)
    return [
        {"content_type": content_type, "srcset": ", ".join(f"{each.url} {each.width}w" for each in files)}
        for content_type, files in by_format
    ]
