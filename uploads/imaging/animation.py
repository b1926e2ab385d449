"""Pictures that move: how many frames they have, for how long each is shown, how often all are played.

These functions run in the sandbox's children.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any

from PIL import Image

# Formats whose files may move. The further pictures of a JPEG or HEIC file are other pictures.
MOVING = frozenset({"GIF", "PNG", "WEBP", "AVIF"})
# What asks to be shown for no longer than this is shown for a tenth of a second by every browser.
TOO_SHORT_MS, SHOWN_INSTEAD_MS = 10, 100
# The flags of an extended WebP file, and the one that says that there is transparency (WebP Container, "VP8X").
WEBP_FLAGS_AT, WEBP_ALPHA = 20, 0x10


@dataclass(frozen=True, slots=True)
class Playing:
    """How frames are played: milliseconds for each, and how often all of them, 0 meaning for ever."""

    durations_ms: tuple[int, ...]
    plays: int

    @property
    def options(self) -> dict[str, Any]:
        """What Pillow's ``save`` is told."""
        return {"save_all": True, "duration": list(self.durations_ms), "loop": self.plays}


def frame_count(image: Image.Image) -> int:
    """The frames of a picture that moves, 1 of one that does not."""
    if image.format not in MOVING or not getattr(image, "is_animated", False):
        return 1
    frames: int = getattr(image, "n_frames", 1)
    # A PNG may begin with a picture for programs that cannot play the others.
    return frames - bool(getattr(image, "default_image", False))


def first_frames(image: Image.Image, count: int) -> Iterator[None]:
    """Turn an opened picture to its first frames, in order; a single one is what programs that play none show."""
    if count == 1:
        yield
        return
    first: int = getattr(image, "n_frames", 1) - frame_count(image)
    for number in range(first, first + count):
        image.seek(number)
        yield


def shown_for_ms(image: Image.Image) -> int:
    """How long the frame that was just decoded is shown."""
    duration = round(image.info.get("duration") or 0)
    return duration if duration > TOO_SHORT_MS else SHOWN_INSTEAD_MS


def plays(image: Image.Image) -> int:
    """How often all frames are played, 0 meaning for ever.

    A GIF says how often it is *repeated*, or nothing, which means played once (Netscape's application extension);
    APNG and WebP say how often they are played. Pillow tells nothing of AVIF, which browsers play for ever.
    """
    loop = image.info.get("loop")
    if image.format == "GIF":
        return 1 if loop is None else loop + 1 if loop else 0
    return loop or 0


def flag_alpha(file: IO[bytes]) -> None:
    """Say in a WebP file that moves that it is transparent somewhere.

    libwebp does not where pixels become clear only by taking a frame away; players then show black.
    """
    file.seek(WEBP_FLAGS_AT)
    flags = file.read(1)[0]
    file.seek(WEBP_FLAGS_AT)
    file.write(bytes([flags | WEBP_ALPHA]))
