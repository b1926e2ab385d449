"""``{% picture %}``: from rows alone, the browser chooses among all files of a crop."""

import re

import pytest
from django.template import Context, Template

from uploads import storage
from uploads.models import StoredImage
from uploads.tests.drafts import image_row, other_row, somebody

pytestmark = pytest.mark.django_db


@pytest.fixture
def image():
    return image_row(somebody(), alt_text='A "beach"')


def shown(image: StoredImage, arguments: str = '"free"') -> str:
    """What the tag makes of an image whose renditions were prefetched."""
    prefetched = StoredImage.objects.prefetch_related("renditions").get(pk=image.pk)
    return Template("{% load pictures %}{% picture image " + arguments + " %}").render(Context({"image": prefetched}))


def attributes(html: str, tag: str) -> list[dict[str, str]]:
    """The attributes of each element of a name."""
    elements = re.findall(rf"<{tag}\s([^>]*)>", html)
    return [dict(re.findall(r'([a-z]+)="([^"]*)"', each)) for each in elements]


def test_the_main_file_is_there_for_every_browser(image):
    other_row(image, 200, "WEBP")
    (found,) = attributes(shown(image), "img")
    assert found == {
        "src": f"/images/{image.pk}/free",
        "width": "400",
        "height": "300",
        "alt": "A &quot;beach&quot;",
        "loading": "lazy",
        "decoding": "async",
    }


def test_each_format_is_a_source_best_first_with_ascending_widths(image):
    for width in (200, 1000, 90):
        for format_name in ("PNG", "WEBP", "AVIF", "JPEG"):
            other_row(image, width, format_name)
    sources = attributes(shown(image), "source")
    assert [each["type"] for each in sources] == ["image/avif", "image/webp", "image/jpeg", "image/png"]
    base = f"/images/{image.pk}/free"
    assert sources[0]["srcset"] == f"{base}/90.avif 90w, {base}/200.avif 200w, {base}/1000.avif 1000w"
    assert sources[2]["srcset"] == f"{base}/90.jpg 90w, {base}/200.jpg 200w, {base} 400w, {base}/1000.jpg 1000w"


def test_the_main_files_format_comes_before_one_that_may_show_less(image):
    """A transparent PNG has a JPEG beside it: no browser takes that instead."""
    image.renditions.update(format="PNG")
    other_row(image, 400, "JPEG")
    assert [each["type"] for each in attributes(shown(image), "source")] == ["image/png", "image/jpeg"]


def test_a_main_file_that_some_browsers_cannot_show_has_its_substitutes(image):
    image.renditions.update(format="AVIF")
    other_row(image, 400, "JPEG")
    assert [each["type"] for each in attributes(shown(image), "source")] == ["image/avif", "image/jpeg"]


def test_a_crop_of_one_file_has_no_sources(image):
    html = shown(image)
    assert "<picture>" in html
    assert "<source" not in html


def test_files_of_other_crops_are_not_mixed_in(image):
    other_row(image, 200, "WEBP")
    image.renditions.update(slug="banner")
    other_row(image, 100, "AVIF")
    html = shown(image, '"banner"')
    assert "200.webp" in html
    assert "avif" not in html


def test_how_wide_it_is_shown_is_said_or_is_all_its_pixels(image):
    other_row(image, 200, "WEBP")
    assert attributes(shown(image), "source")[0]["sizes"] == "(max-width: 400px) 100vw, 400px"
    html = shown(image, '"free" sizes="(min-width: 60rem) 50vw, 100vw" loading="eager"')
    assert {each["sizes"] for each in attributes(html, "source")} == {"(min-width: 60rem) 50vw, 100vw"}
    assert attributes(html, "img")[0]["loading"] == "eager"


def test_a_crop_that_the_image_does_not_have_is_left_out(image):
    assert shown(image, '"banner"').strip() == ""


def test_numbers_are_for_machines_in_every_language(image, settings):
    settings.USE_THOUSAND_SEPARATOR = True
    image.renditions.update(width=4000, height=3000)
    other_row(image, 2000, "WEBP")
    html = shown(image)
    assert 'width="4000"' in html
    assert "2000.webp 2000w" in html


def test_nothing_is_asked_of_the_database_or_the_bucket(image, django_assert_num_queries, monkeypatch):
    for width in (100, 200):
        other_row(image, width, "WEBP")

    def refuse(*args, **named):
        raise AssertionError

    for name in ("client", "open_object", "presigned_url", "url", "exists", "size"):
        monkeypatch.setattr(storage.ImageStorage, name, refuse)
    with django_assert_num_queries(2):  # the image and its renditions
        shown(image)
