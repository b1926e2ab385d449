"""The routes of the site."""

from django.urls import path

from uploads.views import editor, library, progress, sheet

app_name = "uploads"
urlpatterns = [
    path("", sheet.sheet, name="sheet"),
    path("drafts/", sheet.add, name="add"),
    path("drafts/begin/", sheet.begin, name="begin"),
    path("drafts/cancel/", sheet.cancel, name="cancel"),
    path("drafts/confirm/", sheet.confirm_many, name="confirm-many"),
    path("drafts/<uuid:draft_id>/", editor.draft, name="draft"),
    path("drafts/<uuid:draft_id>/replace/", editor.replace, name="replace"),
    path("drafts/<uuid:draft_id>/working-copy/", editor.working_copy, name="working-copy"),
    path("drafts/<uuid:draft_id>/preview/", editor.preview, name="preview"),
    path("drafts/<uuid:draft_id>/again/", sheet.add_again, name="add-again"),
    path("drafts/<uuid:draft_id>/texts/", sheet.texts, name="texts"),
    path("drafts/<uuid:draft_id>/discard/", sheet.discard, name="discard"),
    path("drafts/<uuid:draft_id>/confirm/", sheet.confirm, name="confirm"),
    path("progress/<uuid:progress_id>/", progress.progress, name="progress"),
    path("images/", library.library, name="library"),
    path("images/<uuid:image_id>/", library.image, name="image"),
    path("images/<uuid:image_id>/delete/", library.delete_image, name="delete-image"),
    path("images/<uuid:image_id>/<slug:spec>", library.rendition, name="rendition"),
    path("images/<uuid:image_id>/<slug:spec>/<int:width>.<str:extension>", library.rendition_at, name="rendition-at"),
]
