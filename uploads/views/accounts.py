"""Signing up; everything else about accounts is Django's own."""

from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from uploads.forms import SignUpForm
from uploads.views.answers import SeeOther


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@login_not_required
def sign_up(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        return redirect("uploads:sheet")
    form = SignUpForm(request.POST or None)
    if form.is_valid():
        try:
            with transaction.atomic():
                user = form.save()
        except IntegrityError:
            form.add_error("username", _("A user with that username already exists."))
        else:
            login(request, user)
            return SeeOther(reverse("uploads:sheet"))
    return render(request, "registration/signup.html", {"form": form}, status=422 if form.is_bound else 200)
