"""All routes: the site's own, Django's accounts, the admin."""

from django.contrib import admin
from django.urls import include, path

from uploads.views.accounts import sign_up
from uploads.views.answers import favicon
from uploads.views.preferences import appearance

admin.site.site_header = admin.site.site_title = "Proofsheet"

urlpatterns = [
    path("", include("uploads.urls")),
    path("accounts/signup/", sign_up, name="signup"),
    path("accounts/", include("django.contrib.auth.urls")),
    path("admin/", admin.site.urls),
    path("favicon.ico", favicon),
    path("appearance/", appearance, name="appearance"),
]
handler400 = "uploads.views.answers.bad_request"
handler403 = "uploads.views.answers.forbidden"
handler404 = "uploads.views.answers.not_found"
