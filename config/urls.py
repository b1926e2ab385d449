"""All routes: the site's own, Django's accounts, the admin."""

from django.contrib import admin
from django.urls import include, path

from uploads.views.accounts import sign_up
from uploads.views.answers import favicon

admin.site.site_header = admin.site.site_title = "Proofsheet"

urlpatterns = [
    path("", include("uploads.urls")),
    path("accounts/signup/", sign_up, name="signup"),
    path("accounts/", include("django.contrib.auth.urls")),
    path("admin/", admin.site.urls),
    path("favicon.ico", favicon),
]
handler400 = "uploads.views.answers.bad_request"
