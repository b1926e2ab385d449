"""Appearance: remembered by the browser, on every page, signed in or not."""

import pytest

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_theme_is_kept_on_every_page(visitor, theme):
    answer = visitor.post("/appearance/", {"theme": theme, "next": "/images/?page=1"})
    assert (answer.status_code, answer["Location"]) == (303, "/images/?page=1")
    for path in ("/", "/images/", "/accounts/login/", "/nowhere/"):
        assert f'data-theme="{theme}"' in visitor.get(path).content.decode()


@pytest.mark.parametrize("theme", ["", "neon", '"><script>'])
def test_anything_else_leaves_it_to_the_device(visitor, theme):
    visitor.post("/appearance/", {"theme": "dark"})
    visitor.post("/appearance/", {"theme": theme})
    assert "data-theme" not in visitor.get("/").content.decode()


def test_a_cookie_that_was_made_up_is_passed_over(visitor):
    visitor.cookies["theme"] = '"><script>'
    assert "data-theme" not in visitor.get("/").content.decode()


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "javascript:alert(1)", ""])
def test_it_leads_to_no_other_site(visitor, target):
    assert visitor.post("/appearance/", {"theme": "dark", "next": target})["Location"] == "/"


def test_it_is_no_page_of_its_own(visitor):
    assert visitor.get("/appearance/")["Location"] == "/"


def test_nobody_has_to_sign_in_for_it(visitor, settings):
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "django.contrib.auth.middleware.LoginRequiredMiddleware"]
    assert visitor.post("/appearance/", {"theme": "dark", "next": "/images/"})["Location"] == "/images/"
