"""Formats: what is offered is what this machine decodes."""

import sys

import pytest
from PIL import Image

from uploads.imaging.formats import FORMAT_CHOICES, FORMATS, decodes, offered, register


@pytest.fixture(autouse=True)
def _forget_what_was_tried():
    decodes.cache_clear()
    yield
    decodes.cache_clear()


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_of_the_site_decodes_here(name):
    assert decodes(name)


@pytest.mark.parametrize("name", FORMATS)
def test_content_types_are_those_that_pillow_knows(name):
    Image.init()
    register([name])
    assert Image.MIME[name] in {FORMATS[name].content_type, "image/heif"}
    assert Image.EXTENSION[f".{FORMATS[name].extension}"] == name


def test_the_order_of_the_setting_is_kept():
    assert offered(["GIF", "JPEG"]) == ("GIF", "JPEG")


def test_an_unknown_format_is_not_offered():
    assert offered(["JPEG", "BMP", "jpeg", ""]) == ("JPEG",)


def test_a_format_that_this_machine_lacks_is_not_offered(monkeypatch):
    Image.init()
    monkeypatch.delitem(Image.SAVE, "AVIF")
    assert offered(["JPEG", "AVIF"]) == ("JPEG",)


def test_heic_is_offered_only_where_its_decoder_is(monkeypatch):
    assert offered(["JPEG", "HEIF"]) == ("JPEG", "HEIF")
    decodes.cache_clear()
    monkeypatch.setitem(sys.modules, "pi_heif", None)  # importing it fails
    assert offered(["JPEG", "HEIF"]) == ("JPEG",)


def test_choices_are_names_and_what_people_call_them():
    assert ("WEBP", "WebP") in FORMAT_CHOICES
