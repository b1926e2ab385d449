"""The admin: presets are made here; drafts and stored images are looked at and removed."""

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.defaultfilters import filesizeformat
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from uploads import lifecycle
from uploads.errors import UploadsError
from uploads.forms import CropSpecForm, sentence
from uploads.geometry import Size
from uploads.models import CropSpec, Draft, DraftCrop, Preset, Rendition, StoredImage
from uploads.views.answers import explains_errors
from uploads.views.library import send_rendition

THUMBNAIL_PX = 96


def _without_breaks(size: Size) -> str:
    return str(size).replace(" ", "\N{NO-BREAK SPACE}")


class CropSpecInline(admin.StackedInline):
    model = CropSpec
    form = CropSpecForm
    extra = 0
    min_num = 1
    prepopulated_fields = {"slug": ["name"]}
    fieldsets = [
        (
            None,
            {
                "fields": [
                    ("name", "slug", "position"),
                    ("ratio_width", "ratio_height"),
                    ("min_width", "min_height"),
                    ("output_width", "output_format", "quality"),
                    "keeps_animation",
                    ("widths", "extra_formats"),
                ]
            },
        )
    ]

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        return super().get_formset(request, obj, validate_min=True, **kwargs)


@admin.register(Preset)
class PresetAdmin(admin.ModelAdmin):
    fields = ["name", "slug", "position", "is_offered"]
    list_display = ["name", "slug", "position", "is_offered"]
    list_editable = ["position", "is_offered"]
    prepopulated_fields = {"slug": ["name"]}
    inlines = [CropSpecInline]


class ReadOnlyAdmin(admin.ModelAdmin):
    """People's pictures: looked at and removed here, never made or changed."""

    search_fields = ["file_name", "title", "owner__username"]
    list_select_related = ["owner", "preset"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Not while it is being stored: then it is neither a draft nor a stored image."""
        is_busy = obj is not None and obj.state in {Draft.State.CONFIRMING, StoredImage.State.STORING}
        return super().has_delete_permission(request, obj) and not is_busy

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        try:
            return super().delete_view(request, object_id, extra_context)
        except UploadsError as error:
            self.message_user(request, sentence(error), messages.ERROR)
            return HttpResponseRedirect(reverse(f"admin:uploads_{self.opts.model_name}_changelist"))

    @admin.display(description=_("owner"), ordering="owner")
    def whose(self, picture: Any) -> str:
        return str(picture.owner or _("a visitor"))


class DraftCropInline(admin.TabularInline):
    model = DraftCrop
    fields = ["spec", "x", "y", "width", "height", "rotate", "scale_x", "scale_y", "preview_bytes"]
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Draft)
class DraftAdmin(ReadOnlyAdmin):
    list_display = [
        "file_name", "whose", "preset", "state", "tier", "format", "natural_size", "bytes", "expires_at",
    ]  # fmt: skip
    list_filter = ["state", "tier", "format", "preset", "created_at"]
    date_hierarchy = "created_at"
    inlines = [DraftCropInline]
    actions = ["discard"]

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)  # "discard" removes the files too
        return actions

    @admin.display(description=_("size (px)"))
    def natural_size(self, draft: Draft) -> str:
        return _without_breaks(draft.size)

    @admin.display(description=_("bytes"), ordering="source_bytes")
    def bytes(self, draft: Draft) -> str:
        return filesizeformat(draft.source_bytes)

    @admin.action(description=_("Discard the selected drafts"), permissions=["delete"])
    def discard(self, request: HttpRequest, queryset: QuerySet[Draft]) -> None:
        discarded = 0
        for draft in list(queryset):
            logged = queryset.model(pk=draft.pk, file_name=draft.file_name)  # deleting empties the instance's key
            try:
                lifecycle.discard(draft)
            except UploadsError as error:
                self.message_user(request, f"{draft}: {sentence(error)}", messages.ERROR)
            else:
                self.log_deletions(request, [logged])  # type: ignore[arg-type]  # it only iterates
                discarded += 1
        text = ngettext("%d draft was discarded.", "%d drafts were discarded.", discarded)
        self.message_user(request, text % discarded, messages.SUCCESS)

    def delete_model(self, request: HttpRequest, obj: Draft) -> None:
        lifecycle.discard(obj)


class RenditionInline(admin.TabularInline):
    model = Rendition
    fields = ["slug", "is_main", "key", "format", "width", "height", "bytes", "sha256"]
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(StoredImage)
class StoredImageAdmin(ReadOnlyAdmin):
    list_display = ["thumbnail", "__str__", "whose", "preset", "state", "size", "bytes", "stored_at"]
    list_display_links = ["thumbnail", "__str__"]
    list_filter = ["state", "renditions__format", "preset", "stored_at"]
    date_hierarchy = "stored_at"
    inlines = [RenditionInline]
    readonly_fields = ["thumbnail"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[StoredImage]:
        return super().get_queryset(request).prefetch_related("renditions")

    def get_urls(self) -> list[URLPattern]:
        picture = path(
            "<uuid:image_id>/picture/",
            self.admin_site.admin_view(explains_errors(self.picture)),
            name="uploads_storedimage_picture",
        )
        return [picture, *super().get_urls()]

    def picture(self, request: HttpRequest, image_id: UUID) -> HttpResponseBase:
        """The cover's bytes, for those who may view stored images."""
        image = self.get_object(request, str(image_id))
        if image is None or image.state != StoredImage.State.STORED or not self.has_view_permission(request, image):
            raise Http404
        assert image.cover is not None  # it is stored
        return send_rendition(request, image.cover, as_attachment=False)

    @admin.display(description=_("picture"))
    def thumbnail(self, image: StoredImage) -> SafeString | str:
        if image.state != StoredImage.State.STORED:
            return "–"
        url = reverse("admin:uploads_storedimage_picture", args=[image.pk])
        html = '<img src="{}" alt="{}" width="{}" height="{}" loading="lazy" class="thumbnail">'
        return format_html(html, url, image.alt_text, THUMBNAIL_PX, THUMBNAIL_PX)

    @admin.display(description=_("size (px)"))
    def size(self, image: StoredImage) -> str:
        return _without_breaks(Size(image.cover.width, image.cover.height)) if image.cover else "–"

    @admin.display(description=_("bytes"))
    def bytes(self, image: StoredImage) -> str:
        return filesizeformat(sum(rendition.bytes for rendition in image.renditions.all()))

    def delete_model(self, request: HttpRequest, obj: StoredImage) -> None:
        lifecycle.delete(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[StoredImage]) -> None:
        for image in queryset:
            try:
                lifecycle.delete(image)
            except UploadsError as error:
                self.message_user(request, f"{image}: {sentence(error)}", messages.ERROR)

    class Media:
        css = {"all": ["admin-uploads.css"]}
