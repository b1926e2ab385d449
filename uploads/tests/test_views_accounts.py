"""Accounts: signing up and in moves a visitor's pictures to the account, once."""

import re

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.test import Client

import config.settings
from uploads.models import Draft, StoredImage
from uploads.tests.drafts import confirm, draft_row, image_row
from uploads.tests.people import add, begin_session, ids, words
from uploads.views.owner import SESSION_KEY

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)

PASSWORD = "correct horse battery"
SIGN_UP = {"username": "grace", "email": "grace@example.org", "password1": PASSWORD, "password2": PASSWORD}


def sign_in(client: Client, username: str = "ada") -> None:
    answer = client.post("/accounts/login/", {"username": username, "password": PASSWORD})
    assert (answer.status_code, answer["Location"]) == (302, "/")


def has(client: Client) -> tuple[set, set]:
    """The drafts and the stored images that somebody sees."""
    images = client.get("/images/").context["page_obj"]
    return set(ids(client.get("/"))), {image.pk for image in images}


def test_signing_up_signs_in_and_moves_what_the_visitor_had(visitor, bucket):
    image, draft = confirm(add(visitor)), add(visitor)
    answer = visitor.post("/accounts/signup/", SIGN_UP)
    assert (answer.status_code, answer["Location"]) == (303, "/")
    user = User.objects.get()
    assert (user.username, user.email, user.is_staff) == ("grace", "grace@example.org", False)
    assert has(visitor) == ({draft.pk}, {image.pk})
    assert Draft.objects.get().owner == StoredImage.objects.get().owner == user


def test_signing_in_moves_what_the_visitor_had_beside_what_the_account_has(visitor, member, user):
    owner = begin_session(visitor)
    mine, image = draft_row(owner), image_row(owner)
    had = add(member)
    sign_in(visitor)
    assert has(visitor) == has(member) == ({mine.pk, had.pk}, {image.pk})


def test_a_session_that_signed_in_is_no_visitors_any_more(visitor, user):
    begin_session(visitor)
    sign_in(visitor)
    assert SESSION_KEY not in visitor.session


def test_pictures_move_once(visitor, user):
    User.objects.create_user("eve", password=PASSWORD)
    draft = draft_row(begin_session(visitor))
    sign_in(visitor)
    visitor.post("/accounts/logout/")
    sign_in(visitor, "eve")
    assert has(visitor) == (set(), set())
    assert Draft.objects.get(pk=draft.pk).owner == user


def test_after_signing_out_nothing_of_the_account_is_seen(visitor, user):
    draft = draft_row(begin_session(visitor))
    sign_in(visitor)
    answer = visitor.post("/accounts/logout/")
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert has(visitor) == (set(), set())
    assert visitor.get(f"/drafts/{draft.pk}/").status_code == 404
    assert add(visitor).owner is None


def test_an_account_is_the_same_on_another_device(member, user):
    draft = add(member)
    phone = Client()
    sign_in(phone)
    assert has(phone) == ({draft.pk}, set())


def test_another_session_sees_nothing(visitor, other_visitor, member, user):
    owner = begin_session(visitor)
    draft_row(owner), image_row(owner)
    begin_session(other_visitor)
    for stranger in (Client(), other_visitor, member):
        assert has(stranger) == (set(), set())


def test_somebody_elses_visit_does_not_move_with_a_login(visitor, other_visitor, user):
    theirs = draft_row(begin_session(other_visitor))
    begin_session(visitor)
    sign_in(visitor)
    assert has(visitor) == (set(), set())
    assert has(other_visitor) == ({theirs.pk}, set())


def test_a_picture_goes_on_after_the_login_where_it_was(visitor, user, bucket):
    draft = add(visitor)
    sign_in(visitor)
    answer = visitor.post(f"/drafts/{draft.pk}/confirm/")
    assert answer["Location"] == f"/images/{draft.pk}/"
    assert StoredImage.objects.get().owner == user


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"username": "ada"}, "A user with that username already exists."),
        ({"username": ""}, "This field is required."),
        ({"email": "nowhere"}, "Enter a valid email address."),
        ({"email": ""}, "This field is required."),
        ({"password2": "another"}, "The two password fields didn"),
        ({"password1": "12345678", "password2": "12345678"}, "This password is too common."),
        ({"password1": "grace123", "password2": "grace123"}, "too similar to the username"),
    ],
    ids=str,
)
def test_signing_up_says_what_is_wrong(visitor, user, changed, said):
    answer = visitor.post("/accounts/signup/", SIGN_UP | changed)
    assert answer.status_code == 422
    assert said in words(answer)
    assert User.objects.get() == user
    assert PASSWORD not in answer.content.decode()


def test_nobody_signs_up_as_staff(visitor):
    visitor.post("/accounts/signup/", SIGN_UP | {"is_staff": "on", "is_superuser": "on"})
    assert User.objects.values_list("is_staff", "is_superuser").get() == (False, False)


def test_who_is_signed_in_needs_no_sign_up(member):
    assert member.get("/accounts/signup/")["Location"] == "/"
    member.post("/accounts/signup/", SIGN_UP)
    assert User.objects.count() == 1


def test_a_wrong_password_is_told_and_changes_nothing(visitor, user):
    draft = draft_row(begin_session(visitor))
    answer = visitor.post("/accounts/login/", {"username": "ada", "password": "wrong"})
    assert "Please enter a correct username and password" in words(answer)
    assert has(visitor) == ({draft.pk}, set())


def test_a_login_leads_nowhere_but_to_this_site(visitor, user):
    fields = {"username": "ada", "password": PASSWORD, "next": "https://evil.example/"}
    assert visitor.post("/accounts/login/", fields)["Location"] == "/"


def test_a_login_takes_a_new_session(visitor, user):
    begin_session(visitor)
    before = visitor.session.session_key
    sign_in(visitor)
    assert visitor.session.session_key != before


def test_signing_out_needs_a_form(member):
    assert member.get("/accounts/logout/").status_code == 405


def test_passwords_are_kept_with_argon2(visitor, settings):
    settings.PASSWORD_HASHERS = config.settings.PASSWORD_HASHERS
    visitor.post("/accounts/signup/", SIGN_UP)
    assert User.objects.get().password.startswith("argon2")


def test_a_forgotten_password_is_set_anew_by_mail(visitor, user):
    assert visitor.post("/accounts/password_reset/", {"email": "ada@example.org"}).status_code == 302
    (letter,) = mail.outbox
    assert letter.to == ["ada@example.org"]
    assert "\n" not in letter.subject
    path = re.search(r"https?://[^/]+(/accounts/reset/\S+)", letter.body)[1]
    form = visitor.get(path, follow=True)
    new = "another horse battery"
    answer = visitor.post(form.redirect_chain[-1][0], {"new_password1": new, "new_password2": new}, follow=True)
    assert answer.status_code == 200
    user.refresh_from_db()
    assert user.check_password(new)
    assert visitor.get(path, follow=True).context["validlink"] is False


def test_who_has_no_account_is_not_told_so(visitor):
    answer = visitor.post("/accounts/password_reset/", {"email": "nobody@example.org"})
    assert answer.status_code == 302
    assert mail.outbox == []


def test_a_password_is_changed_with_the_old_one_only(member, user):
    new = {"new_password1": "another horse battery", "new_password2": "another horse battery"}
    member.post("/accounts/password_change/", {"old_password": "wrong", **new})
    user.refresh_from_db()
    assert user.check_password(PASSWORD)
    assert member.post("/accounts/password_change/", {"old_password": PASSWORD, **new}).status_code == 302
    user.refresh_from_db()
    assert user.check_password("another horse battery")
