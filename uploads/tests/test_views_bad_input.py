"""Bad input: a 4xx with a sentence that names the reason, nothing stored, nothing left, nothing else touched."""

import gc
from pathlib import Path

import pytest

from uploads.models import Draft, DraftCrop, StoredImage
from uploads.tests.people import FRAGMENT, add, crop, multipart, words
from uploads.tests.pictures import encoded, huge_png, jpeg_of_scans, picture, upload

pytestmark = pytest.mark.django_db

JPEG, PNG = encoded(picture(400, 300), "JPEG"), encoded(picture(400, 300), "PNG")
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


@pytest.fixture(params=["memory", "disk"])
def tier(request, settings):
    """Where Django keeps uploads: in memory, or in a temporary file."""
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 10_000_000 if request.param == "memory" else 0
    return request.param


@pytest.fixture
def untouched(visitor, bucket, draft_files):
    """A check that all is as it was: the draft that the visitor has, its files, and an empty bucket."""
    add(visitor)
    rows, crops = list(Draft.objects.values()), list(DraftCrop.objects.values())
    files = {path: Path(path).read_bytes() for path in draft_files()}

    def check() -> None:
        assert list(Draft.objects.values()) == rows
        assert list(DraftCrop.objects.values()) == crops
        assert {path: Path(path).read_bytes() for path in draft_files()} == files
        assert not StoredImage.objects.exists()
        assert bucket.keys() == []

    return check


# --- Files ----------------------------------------------------------------------------------

BAD_FILES = {
    "not an image": (b"Dear Sir or Madam", "This is not a picture that can be read. Choose one of: JPEG, PNG,"),
    "a program": (b"\x7fELF" + bytes(5000), "This is not a picture that can be read."),
    "HTML": (b"<!doctype html><script>alert(1)</script>", "This is not a picture that can be read."),
    "empty": (b"", "The file is empty. Choose the picture again."),
    "half a JPEG": (JPEG[: len(JPEG) // 2], "The picture is damaged or cut short and cannot be shown."),
    "half a PNG": (PNG[: len(PNG) // 2], "The picture is damaged or cut short and cannot be shown."),
    "the head of a JPEG": (JPEG[:30], "The picture is damaged or cut short and cannot be shown."),
    "SVG": (SVG, "SVG pictures are not taken here. Choose one of: JPEG, PNG, WebP, GIF, AVIF."),
    "BMP": (encoded(picture(), "BMP"), "BMP pictures are not taken here."),
    "TIFF": (encoded(picture(), "TIFF"), "TIFF pictures are not taken here."),
    "PDF": (b"%PDF-1.7\n", "PDF pictures are not taken here."),
    "400 megapixels in 47 KB": (huge_png(20_000, 20_000), "20000 × 20000 pixels are over the limit of 50 megapixels"),
    "20,000 pixels in a row": (huge_png(20_000, 100), "20000 × 100 pixels are over the limit of"),
    "a JPEG of 101 scans": (jpeg_of_scans(101), "This JPEG is built from more than 100 scans"),
}


@pytest.mark.parametrize(("data", "reason"), BAD_FILES.values(), ids=BAD_FILES)
def test_a_bad_file_is_refused_with_its_reason(visitor, untouched, tier, data, reason):
    answer = visitor.post("/drafts/", **multipart(("preset", None, b"free"), ("pictures", "bad.jpg", data)))
    assert answer.status_code == 422
    assert f"bad.jpg was not added. {reason}" in words(answer)
    untouched()


@pytest.mark.parametrize(("data", "reason"), BAD_FILES.values(), ids=BAD_FILES)
def test_a_bad_replacement_is_refused_with_its_reason(visitor, untouched, tier, data, reason):
    draft = Draft.objects.get()
    answer = visitor.post(f"/drafts/{draft.pk}/replace/", {"picture": upload(data)})
    assert answer.status_code == 422
    assert reason in words(answer)
    untouched()


def test_a_file_over_the_limit_is_refused(visitor, untouched, tier, settings):
    settings.UPLOADS_MAX_BYTES = 1_000_000
    answer = visitor.post("/drafts/", {"pictures": upload(encoded() + bytes(1_500_000))})
    assert answer.status_code == 422
    assert "1.5 MB is over 1 MB. Choose a smaller file." in words(answer)
    untouched()


def test_a_picture_that_is_too_small_for_its_preset_is_refused(visitor, untouched, tier):
    answer = visitor.post("/drafts/", {"pictures": upload(encoded(picture(255, 400))), "preset": "profile"})
    assert answer.status_code == 422
    assert "255 × 400 pixels are too few: “Profile” needs at least 256 × 256." in words(answer)
    untouched()


@pytest.mark.parametrize("fields", [{}, {"pictures": "text"}, {"other": upload()}], ids=["none", "text", "other field"])
def test_no_file_is_said(visitor, untouched, fields):
    answer = visitor.post("/drafts/", {"preset": "free", **fields})
    assert answer.status_code == 422
    assert "No picture arrived. Choose at least one." in words(answer)
    untouched()


def test_an_empty_file_input_is_no_file(visitor, untouched):
    answer = visitor.post("/drafts/", **multipart(("preset", None, b"free"), ("pictures", "", b"")))
    assert answer.status_code == 422
    assert "No picture arrived. Choose at least one." in words(answer)
    untouched()


@pytest.mark.parametrize("headers", [{}, FRAGMENT], ids=["page", "fragment"])
def test_thirty_files_at_once_are_too_many(visitor, untouched, tier, headers):
    answer = visitor.post("/drafts/", {"pictures": [upload() for _ in range(30)], "preset": "free"}, headers=headers)
    assert answer.status_code == 400
    assert "At most 20 files can be sent at once." in words(answer)
    untouched()


def test_more_pictures_than_are_kept_are_refused(visitor, untouched, settings):
    settings.UPLOADS_MAX_DRAFTS = 1
    answer = visitor.post("/drafts/", {"pictures": upload(), "preset": "free"})
    assert answer.status_code == 422
    assert "You have 1 open pictures, as many as are kept." in words(answer)
    untouched()


@pytest.mark.parametrize("preset", ["nowhere", "0", "../free", "\0", "x" * 5000])
def test_an_unknown_preset_is_refused(visitor, untouched, preset):
    answer = visitor.post("/drafts/", {"pictures": upload(), "preset": preset})
    assert answer.status_code == 422
    assert "Select a valid choice" in words(answer) or "Null characters are not allowed" in words(answer)
    untouched()


BASE64 = b"""------boundary\r
Content-Disposition: form-data; name="pictures"; filename="a.png"\r
Content-Transfer-Encoding: base64\r
\r
!!!\r
------boundary--\r
"""
BODIES = {
    "no boundary": (b"x", "multipart/form-data"),
    "a bad boundary": (b"x", "multipart/form-data; boundary=" + "x" * 300),
    "no body": (b"", "multipart/form-data; boundary=b"),
    "cut short": (multipart(("pictures", "a.png", encoded()))["data"][:500], multipart()["content_type"]),
    "bytes": (bytes(range(256)), "application/octet-stream"),
    "JSON": (b'{"pictures": []}', "application/json"),
    "base64": (BASE64, multipart()["content_type"]),
}


@pytest.mark.parametrize(("body", "content_type"), BODIES.values(), ids=BODIES)
def test_a_body_that_is_no_form_is_refused(visitor, untouched, tier, body, content_type):
    answer = visitor.post("/drafts/", body, content_type=content_type)
    assert answer.status_code in {400, 422}
    assert "<h1" in answer.content.decode()
    del answer
    gc.collect()  # Django closes the file of a part that it could not read when the request is gone
    untouched()


def test_a_form_of_too_many_fields_is_refused(visitor, untouched):
    draft = Draft.objects.get()
    answer = visitor.post(f"/drafts/{draft.pk}/texts/", {f"field-{number}": "" for number in range(1001)})
    assert answer.status_code == 400
    assert "Nothing was changed." in words(answer)
    untouched()


def test_a_form_of_too_many_bytes_is_refused(visitor, untouched):
    draft = Draft.objects.get()
    answer = visitor.post(f"/drafts/{draft.pk}/texts/", {f"{draft.pk}-title": "x" * 3_000_000})
    assert answer.status_code in {400, 413}
    assert "larger than a form can be" in words(answer)
    untouched()


# --- Names ----------------------------------------------------------------------------------

NAMES = {
    "a path": ("../../etc/passwd.png", "passwd.png"),
    "a Windows path": ("C:\\\\Users\\\\ada\\\\beach.png", "beach.png"),
    "an absolute path": ("/etc/cron.d/beach.png", "beach.png"),
    "escaped quotes": ('a \\"b\\" c.png', 'a "b" c.png'),
    "quotes as browsers send them": ("a %22b%22 c.png", "a %22b%22 c.png"),
    "angle brackets": ("<b onclick=alert(1)>.png", "<b onclick=alert(1)>.png"),
    "right-to-left": ("photo\u202egnp.exe", "photognp.exe"),
    "arabic": ("صورة.png", "صورة.png"),
    "emoji": ("🏖️.png", None),
    "300 characters": ("x" * 296 + ".png", "x" * 251 + ".png"),
    "an extension of 250 characters": ("a." + "x" * 250, "a." + "x" * 250),
    "an extension of 400 characters": ("a." + "x" * 400, None),
    "an extension of 250 wide characters": ("a." + "ü" * 250, "a." + "ü" * 250),
    "a dot": (".png", ".png"),
    "spaces": ("  beach  .png", None),
    "no extension": ("beach", "beach"),
    "a format": ("%s%(x)s{0}.png", "%s%(x)s{0}.png"),
}


@pytest.mark.parametrize(("name", "kept"), NAMES.values(), ids=NAMES)
def test_a_strange_name_is_only_a_name(visitor, tier, draft_files, settings, name, kept):
    answer = visitor.post("/drafts/", **multipart(("preset", None, b"free"), ("pictures", name, encoded())))
    assert answer.status_code == 303
    draft = Draft.objects.get()
    assert draft.tier == tier
    assert draft.file_name if kept is None else draft.file_name == kept
    roots = {Path(settings.UPLOADS_MEMORY_DIR), Path(settings.UPLOADS_DISK_DIR)}
    assert {Path(path).parent.parent for path in draft_files()} <= roots
    for page in (visitor.get("/"), visitor.get(f"/drafts/{draft.pk}/")):
        assert page.status_code == 200
        assert "<b onclick" not in page.content.decode()
        assert draft.file_name in words(page) or " ".join(draft.file_name.split()) in words(page)


@pytest.mark.parametrize("name", ["..", ".", "/", "\\\\", "../", "\u202e", "\u200b"])
def test_a_name_that_is_none_is_no_file(visitor, untouched, tier, name):
    answer = visitor.post("/drafts/", **multipart(("preset", None, b"free"), ("pictures", name, encoded())))
    assert answer.status_code == 422
    assert "No picture arrived. Choose at least one." in words(answer)
    untouched()


@pytest.mark.parametrize("name", [name for name, _ in NAMES.values()], ids=NAMES)
def test_a_refused_file_of_a_strange_name_leaves_nothing(visitor, untouched, tier, name):
    answer = visitor.post("/drafts/", **multipart(("preset", None, b"free"), ("pictures", name, b"no picture")))
    assert answer.status_code == 422
    assert "was not added. This is not a picture that can be read" in words(answer)
    assert "<b onclick" not in answer.content.decode()
    untouched()


@pytest.mark.parametrize("claimed", ["text/html", "image/svg+xml", "application/x-php", "x", 'image/png; charset="x"'])
def test_the_content_decides_not_the_type_that_was_claimed(visitor, tier, claimed):
    body = multipart(("pictures", "photo.exe", JPEG), content_type=claimed)
    assert visitor.post("/drafts/", **body).status_code == 303
    draft = Draft.objects.get()
    assert (draft.format, draft.working_format) == ("JPEG", "JPEG")
    assert draft.claimed_type == claimed.partition(";")[0]
    answer = visitor.get(f"/drafts/{draft.pk}/preview/")
    answer.getvalue()
    assert answer["Content-Type"] == "image/jpeg"


@pytest.mark.parametrize("claimed", ["image/" + "x" * 500, ""])
def test_a_claimed_type_may_have_any_length(visitor, tier, claimed):
    assert (
        visitor.post("/drafts/", **multipart(("pictures", "a.png", encoded()), content_type=claimed)).status_code == 303
    )
    assert Draft.objects.get().claimed_type == claimed[:255]


# --- Selections -----------------------------------------------------------------------------

OUTSIDE = "The crop reaches outside the picture, which is 400 × 300 pixels as it is turned now."
NUMBER = "Enter a number."
NONE = "The crop must be at least one pixel wide and high, turned by a number of degrees, mirrored or not."
OTHER = "The crop was made for another picture: this one was replaced. Crop it again."

SELECTIONS = {
    "outside on the right": ({"x": 201, "width": 201}, OUTSIDE),
    "outside below": ({"y": 299, "height": 3}, OUTSIDE),
    "outside on the left": ({"x": -2}, OUTSIDE),
    "outside above": ({"y": -100}, OUTSIDE),
    "larger than the picture": ({"width": 500, "height": 400}, OUTSIDE),
    "far outside": ({"x": "1e9"}, OUTSIDE),
    "beyond all pictures": ({"x": "1e300"}, NONE),
    "a box that overflows when it is turned": (
        {"width": "1.7e308", "height": "1.7e308", "rotate": 45, "adjust": "turn-right"},
        NONE,
    ),
    "degrees that overflow": ({"rotate": "1e307"}, NONE),
    "negative degrees that overflow": ({"rotate": "-1e308"}, NONE),
    "no width": ({"width": 0}, NONE),
    "no height": ({"height": 0}, NONE),
    "less than half a pixel": ({"width": "0.4"}, NONE),
    "negative": ({"width": -100}, NONE),
    "NaN": ({"x": "NaN"}, NUMBER),
    "infinite": ({"width": "Infinity"}, NUMBER),
    "minus infinite": ({"height": "-inf"}, NUMBER),
    "too large for a float": ({"width": "1e999"}, NUMBER),
    "no number": ({"y": "ten"}, NUMBER),
    "an expression": ({"x": "1;DROP TABLE"}, NUMBER),
    "NUL": ({"x": "\0"}, NUMBER),
    "nothing": ({"x": ""}, "This field is required."),
    "10,000 digits": ({"x": "9" * 10_000}, NUMBER),
    "NaN degrees": ({"rotate": "nan"}, NUMBER),
    "no scale": ({"scaleX": 0}, NONE),
    "double scale": ({"scaleY": 2}, NONE),
    "half a scale": ({"scaleX": "0.5"}, NONE),
    "of another picture": ({"sourceWidth": 401}, OTHER),
    "of another picture's height": ({"sourceHeight": 1}, OTHER),
    "of a picture of no size": ({"sourceWidth": "NaN"}, "Enter a whole number."),
    "of a picture of 10,000 digits": ({"sourceWidth": "9" * 10_000}, "Enter a whole number."),
}


@pytest.mark.parametrize("headers", [{}, FRAGMENT], ids=["page", "fragment"])
@pytest.mark.parametrize(("changed", "reason"), SELECTIONS.values(), ids=SELECTIONS)
def test_a_bad_selection_is_refused_with_its_reason(visitor, untouched, changed, reason, headers):
    draft = Draft.objects.get()
    answer = visitor.post(f"/drafts/{draft.pk}/", crop(draft, **changed), headers=headers)
    assert answer.status_code == 422
    assert reason in words(answer)
    untouched()


@pytest.mark.parametrize("name", [name for name in crop(Draft(width=1, height=1)) if name != "spec"])
def test_a_selection_lacks_no_field(visitor, untouched, name):
    draft = Draft.objects.get()
    fields = crop(draft)
    del fields[name]
    answer = visitor.post(f"/drafts/{draft.pk}/", fields)
    assert answer.status_code == 422
    assert "This field is required." in words(answer)
    untouched()


def test_a_selection_outside_a_turned_picture_is_refused(visitor, untouched):
    draft = Draft.objects.get()
    answer = visitor.post(f"/drafts/{draft.pk}/", crop(draft, rotate=90))
    assert answer.status_code == 422
    assert "which is 300 × 400 pixels as it is turned now" in words(answer)
    untouched()


@pytest.mark.parametrize(
    ("preset", "box", "reason"),
    [
        ("profile", (0, 0, 300, 260), "300 × 260 is not in the ratio 1:1 that “Profile” asks for."),
        ("profile", (0, 0, 200, 200), "200 × 200 pixels are too few: “Profile” needs at least 256 × 256."),
        ("profile", (0, 0, 255, 256), "255 × 256 pixels are too few: “Profile” needs at least 256 × 256."),
        ("banner", (0, 0, 300, 102), "300 × 102 is not in the ratio 3:1 that “Banner” asks for."),
        ("card", (0, 0, 1, 300), "1 × 300 is not in the ratio 16:9 that “Card” asks for."),
    ],
)
def test_a_selection_against_the_rules_of_its_crop_is_refused(visitor, bucket, preset, box, reason):
    draft = add(visitor, preset=preset)
    before = list(DraftCrop.objects.values())
    answer = visitor.post(f"/drafts/{draft.pk}/", crop(draft, *box, spec=preset))
    assert answer.status_code == 422
    assert reason in words(answer)
    assert list(DraftCrop.objects.values()) == before
    assert Draft.objects.get().revision == 1
    assert bucket.keys() == []


def test_an_adjustment_of_a_bad_selection_is_refused_too(visitor, untouched):
    draft = Draft.objects.get()
    for adjust in ("turn-left", "turn-right", "mirror-horizontal", "mirror-vertical"):
        answer = visitor.post(f"/drafts/{draft.pk}/", crop(draft, x=300, adjust=adjust))
        assert answer.status_code == 422
        assert "The crop reaches outside the picture" in words(answer)
    untouched()


@pytest.mark.parametrize("field", ["title", "alt_text"])
def test_texts_without_letters_are_refused(visitor, untouched, field):
    draft = Draft.objects.get()
    fields = {f"{draft.pk}-title": "", f"{draft.pk}-alt_text": "", f"{draft.pk}-{field}": "a\0b"}
    answer = visitor.post(f"/drafts/{draft.pk}/texts/", fields)
    assert answer.status_code == 422
    assert "Null characters are not allowed." in words(answer)
    untouched()
