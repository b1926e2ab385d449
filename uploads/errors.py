"""Every reason for which the site says no, one class each.

::

    UploadsError
    ├── Refusal                 this file is not taken                          422
    │   ├── EmptyFile
    │   ├── TooManyBytes
    │   ├── NotAPicture
    │   ├── FormatNotOffered
    │   ├── BrokenPicture
    │   ├── TooManyPixels
    │   ├── TooManyScans
    │   ├── TooMuchText
    │   └── TooSmall
    ├── SelectionError          this crop cannot be made                        422
    │   ├── NotASelection
    │   ├── OutsidePicture
    │   ├── OtherPicture
    │   ├── WrongRatio
    │   └── BelowMinimum
    ├── TooManyDrafts           the owner has as many open pictures as allowed  422
    ├── TooManyDraftBytes       the owner's open pictures are as large as may be 422
    ├── AlreadyAdded            the owner has an open picture of the same bytes  409
    ├── PartIsEncoded           a part of the form is base64 or the like        400
    ├── UploadCut               the body ended before its end                   400
    ├── UploadTooSlow           the body stopped arriving, or crawled           408
    ├── LengthMissing           the request does not say how long it is         411
    ├── UploadTooLarge          the request is larger than all that is taken    413
    ├── TooManyUploads          as many as this process receives at once        429
    ├── UploadCancelled         whoever sent the upload called it off           409
    ├── DraftConflict           the draft is no longer what the person saw      409
    ├── CropChanged             the crop is no longer the one that was shown    409
    ├── DraftFileLost           the draft's file is gone from this server       410
    ├── DecoderBusy             too many pictures are being worked on           503
    ├── StoreUnavailable        the bucket does not answer                      503
    ├── KeyTaken                other bytes have the object's key               503
    └── DraftStorageFull        no room for the upload                          507

``message`` is the sentence that a person reads, before translation: it says what happened
and, where there is something to do, what to do. Its values are the keyword arguments.
This module imports nothing of ours or of Django, so that the sandbox's children stay small; the sentences are
translated where they are shown (``uploads.forms.sentence``).
"""

import errno
from typing import Any

# What the system says when there is no room for a file.
FULL = {errno.ENOSPC, errno.EDQUOT}


def _(text: str) -> str:
    """Mark a sentence for translation."""
    return text


class UploadsError(Exception):
    """Root of all refusals; ``evidence`` completes ``message``."""

    status = 422
    message = ""

    def __init__(self, **evidence: Any) -> None:
        super().__init__(evidence)
        self.evidence = evidence

    def __str__(self) -> str:
        return self.message % self.evidence

    def __reduce__(self) -> tuple[Any, ...]:
        # Exceptions are rebuilt from positional arguments by default; these cross processes.
        return _rebuild, (type(self), self.evidence)


def in_megabytes(size_bytes: int, limit_bytes: int) -> dict[str, str]:
    """The evidence of an error about a size that is over its limit."""
    return {"size_mb": f"{size_bytes / 1e6:.1f}", "limit_mb": f"{limit_bytes / 1e6:g}"}


def _rebuild(kind: type[UploadsError], evidence: dict[str, Any]) -> UploadsError:
    return kind(**evidence)


class Refusal(UploadsError):
    """A file that is not taken as a picture."""


class EmptyFile(Refusal):
    message = _("The file is empty. Choose the picture again.")


class TooManyBytes(Refusal):
    message = _("%(size_mb)s MB is over %(limit_mb)s MB. Choose a smaller file.")


class NotAPicture(Refusal):
    message = _("This is not a picture that can be read. Choose one of: %(formats)s.")


class FormatNotOffered(Refusal):
    message = _("%(format)s pictures are not taken here. Choose one of: %(formats)s.")


class BrokenPicture(Refusal):
    message = _("The picture is damaged or cut short and cannot be shown. Choose another copy of it.")


class TooManyPixels(Refusal):
    message = _(
        "%(size)s pixels are over the limit of %(megapixels)s megapixels and %(side)s a side. Choose a smaller picture."
    )


class TooManyScans(Refusal):
    message = _(
        "This JPEG is built from more than %(limit)s scans, no ordinary picture is. Save it anew and try again."
    )


class TooMuchText(Refusal):
    message = _(
        "This PNG carries more text, or a larger colour profile, than any picture needs. Save it anew and try again."
    )


class TooSmall(Refusal):
    message = _(
        "%(width)s × %(height)s pixels are too few: “%(spec)s” needs at least %(min_width)s × %(min_height)s. "
        "Choose a larger picture."
    )


class SelectionError(UploadsError):
    """A crop that cannot be made; ``field`` names the form field that it belongs to, if one does."""

    field: str | None = None


class NotASelection(SelectionError):
    message = _("The crop must be at least one pixel wide and high, turned by a number of degrees, mirrored or not.")


class OutsidePicture(SelectionError):
    message = _(
        "The crop reaches outside the picture, which is %(frame_width)s × %(frame_height)s pixels as it is turned now."
    )


class OtherPicture(SelectionError):
    message = _("The crop was made for another picture: this one was replaced. Crop it again.")


class WrongRatio(SelectionError):
    field = "width"
    message = _("%(width)s × %(height)s is not in the ratio %(ratio)s that “%(spec)s” asks for.")


class BelowMinimum(SelectionError):
    field = "width"
    message = _(
        "%(width)s × %(height)s pixels are too few: “%(spec)s” needs at least %(min_width)s × %(min_height)s. "
        "Make the crop larger."
    )


class TooManyDrafts(UploadsError):
    message = _("You have %(limit)s open pictures, as many as are kept. Confirm or delete some first.")


class TooManyDraftBytes(UploadsError):
    message = _(
        "Your open pictures would have %(size_mb)s MB, over the %(limit_mb)s MB that are kept. "
        "Confirm or delete some first."
    )


class AlreadyAdded(UploadsError):
    """The same bytes are an open picture of the same owner; ``draft`` says which."""

    status = 409
    message = _("You have already added this picture, as “%(name)s”.")


class PartIsEncoded(UploadsError):
    status = 400
    message = _("A part of the upload is encoded as %(encoding)s, which no browser does. Send it as it is.")


class UploadCut(UploadsError):
    status = 400
    message = _("The upload was cut short or is not in the form that browsers send. Nothing was changed.")


class UploadTooSlow(UploadsError):
    status = 408
    message = _("The upload stopped arriving, or came too slowly. Nothing was changed. Try again.")


class LengthMissing(UploadsError):
    status = 411
    message = _("The request does not say how long it is. Send it with a Content-Length.")


class UploadTooLarge(UploadsError):
    status = 413
    message = _("%(size_mb)s MB at once are over %(limit_mb)s MB. Send fewer or smaller files.")


class TooManyUploads(UploadsError):
    status = 429
    message = _("Many pictures are being received just now. Nothing was changed. Try again in a few seconds.")


class UploadCancelled(UploadsError):
    status = 409
    message = _("You cancelled this picture. Nothing of it was kept.")


class DraftConflict(UploadsError):
    """The draft changed, is being stored or was stored since the person looked at it."""

    status = 409
    message = _("This picture was changed or stored meanwhile, perhaps in another tab. Look at it again.")


class CropChanged(UploadsError):
    """Another crop was saved since the page was made over which this one was chosen."""

    status = 409
    message = _(
        "Another crop of this picture was saved meanwhile, perhaps in another tab. Yours is still on this page."
    )


class DraftFileLost(UploadsError):
    status = 410
    message = _("The file of this picture is no longer on the server. Choose the picture again.")


class DecoderBusy(UploadsError):
    status = 503
    message = _("Too many pictures are being worked on just now. Try again in a few seconds.")


class StoreUnavailable(UploadsError):
    status = 503
    message = _("The picture storage does not answer. Nothing was lost: your pictures are still here. Try again soon.")


class KeyTaken(UploadsError):
    """Other bytes are under the key of an object: what an attempt that was given up left there."""

    status = 503
    message = _("The picture storage is still busy with an earlier attempt. Nothing was lost. Try again in a minute.")


class DraftStorageFull(UploadsError):
    status = 507
    message = _("There is no room left for this picture on the server. Nothing else was changed. Try again later.")
