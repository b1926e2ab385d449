"""The sandbox as the settings have it, and pictures that it decodes while they arrive."""

import shutil
from contextlib import suppress
from pathlib import Path

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile

from uploads.errors import BrokenPicture, Refusal, UploadsError
from uploads.imaging import arriving, render
from uploads.imaging.formats import offered
from uploads.imaging.probe import Limits
from uploads.imaging.sandbox import Begun, Sandbox, sandbox


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


class Decoding:
    """A picture that a child decodes while its file grows; its working copy waits beside the file until it is taken."""

    def __init__(self, path: Path, working: Path, begun: Begun[render.Staged]) -> None:
        self._path, self._working, self._begun = path, working, begun
        self._was_asked = False

    @classmethod
    def begin(cls, path: Path) -> "Decoding | None":
        """Begin with a file that is being written, if a child is free for that."""
        working = path.with_name(f"{path.name}.working")
        begun = decoders().begin(render.stage, path, working, limits(), arriving=True)
        return None if begun is None else cls(path, working, begun)

    def finish(self) -> None:
        """The file is whole."""
        arriving.finish(self._path)

    def early_refusal(self) -> Refusal | None:
        """Why the picture is not taken, said once, if that is known before the file is whole."""
        if self._was_asked or not self._begun.is_done:
            return None
        self._was_asked = True
        try:
            self._begun.result()
        except Refusal as error:
            return None if isinstance(error, BrokenPicture) else error
        except UploadsError:
            pass
        return None

    def take(self, target: Path) -> render.Staged | None:
        """Wait for the result and put the working copy there; None if the file has to be looked at as a whole.

        Raises:
            Refusal: the picture is not taken; the class says why.
        """
        try:
            staged = self._begun.result()
            shutil.copyfile(self._working, target)
            self._working.unlink()
        except (BrokenPicture, FileNotFoundError):
            return None
        except Refusal:
            raise
        except UploadsError:
            return None
        return staged

    def discard(self) -> None:
        """Leave nothing; the file is gone or whole, so that the child ends soon."""
        with suppress(UploadsError):
            self._begun.result()
        self._working.unlink(missing_ok=True)


def attach(upload: UploadedFile, decoding: Decoding) -> None:
    """Keep with a file that it is being decoded; what nobody has taken when the file is closed goes."""
    close = upload.close

    def close_both() -> None:
        close()
        if left := decoding_of(upload):
            left.discard()

    vars(upload).update({"decoding": decoding, "close": close_both})


def decoding_of(upload: UploadedFile) -> Decoding | None:
    """What was begun while the file arrived, if something was; asked once."""
    decoding: Decoding | None = vars(upload).pop("decoding", None)
    return decoding
