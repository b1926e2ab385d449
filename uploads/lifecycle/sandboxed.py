"""The sandbox and its limits, as the settings have them."""

from django.conf import settings

from uploads.imaging.formats import offered
from uploads.imaging.probe import Limits
from uploads.imaging.sandbox import Sandbox, sandbox


def decoders() -> Sandbox:
    return sandbox(workers=settings.UPLOADS_DECODERS, seconds=settings.UPLOADS_DECODE_SECONDS)


def limits() -> Limits:
    return Limits(
        formats=offered(settings.UPLOADS_FORMATS),
        max_pixels=settings.UPLOADS_MAX_PIXELS,
        max_side_px=settings.UPLOADS_MAX_SIDE_PX,
        max_jpeg_scans=settings.UPLOADS_MAX_JPEG_SCANS,
        max_frames=settings.UPLOADS_MAX_FRAMES,
    )
