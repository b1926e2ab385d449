"""The tools that are compared: each is a function that does one job as its documentation tells to.

A job is a box of the upright picture (left, upper, right, lower), the size of the result and its format. Each tool has
its own default settings, but for the quality, which is the same, and AVIF's effort where it can be set.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

QUALITY = {"JPEG": 85, "WEBP": 80, "AVIF": 60, "PNG": 0}
AVIF_SPEED = 8
MAX_PIXELS = 120_000_000


class Job(NamedTuple):
    """What is to be made of a picture of so many pixels."""

    natural: tuple[int, int]
    box: tuple[int, int, int, int]
    size: tuple[int, int]
    format: str
    is_working_copy: bool

    @property
    def is_whole(self) -> bool:
        return self.box == (0, 0, *self.natural)

    @property
    def options(self) -> dict[str, Any]:
        """What Pillow's ``save`` is told."""
        lossy = {} if self.format == "PNG" else {"quality": QUALITY[self.format]}
        return lossy | ({"speed": AVIF_SPEED} if self.format == "AVIF" else {})


def proofsheet(source: Path, target: Path, job: Job) -> None:
    from uploads.geometry import Box, Selection, Size
    from uploads.imaging.probe import Limits
    from uploads.imaging.render import Recipe, render, stage

    limits = Limits(("JPEG", "PNG", "WEBP", "AVIF"), MAX_PIXELS, 16_384, 100, 100)
    if job.is_working_copy and job.format == "JPEG":
        stage(source, target, limits)
        return
    left, upper, right, lower = job.box
    selection = Selection(Box(left, upper, right - left, lower - upper))
    render(source, target, limits, Recipe(selection, Size(*job.size), job.format, QUALITY[job.format]))


def pillow(source: Path, target: Path, job: Job) -> None:
    from PIL import Image, ImageOps

    with Image.open(source) as opened:
        image = ImageOps.exif_transpose(opened).convert("RGB")
    if job.is_whole:
        image.thumbnail(job.size, Image.Resampling.LANCZOS)
    else:
        image = image.crop(job.box).resize(job.size, Image.Resampling.LANCZOS)
    image.save(target, job.format, **job.options)


def pillow_thumbnail(source: Path, target: Path, job: Job) -> None:
    """The shortest way, which looks at no orientation; Pillow decodes a JPEG smaller here by itself."""
    from PIL import Image

    if not job.is_whole:
        raise NotImplementedError
    with Image.open(source) as image:
        image.thumbnail(job.size)
        image.save(target, job.format, **job.options)


def willow(source: Path, target: Path, job: Job) -> None:
    _configure_django()  # it looks for its settings there
    from willow.image import Image

    with source.open("rb") as file, target.open("wb") as out:
        image = Image.open(file).auto_orient()
        if not job.is_whole:
            image = image.crop(job.box)
        image = image.resize(job.size)
        save = getattr(image, f"save_as_{job.format.lower()}")
        save(out, **({} if job.format == "PNG" else {"quality": QUALITY[job.format]}))


def easy_thumbnails(source: Path, target: Path, job: Job) -> None:
    _configure_django()
    from easy_thumbnails import engine, processors, source_generators

    with source.open("rb") as file:
        image = source_generators.pil_image(file)
    if not job.is_whole:
        image = image.crop(job.box)  # it crops only to a ratio; boxes are added by a processor like this
    image = processors.colorspace(image)
    image = processors.scale_and_crop(image, job.size)
    made = engine.save_pil_image(image, filename=target.with_suffix(f".{job.format.lower()}").name, **_quality(job))
    target.write_bytes(made.read())


def sorl(source: Path, target: Path, job: Job) -> None:
    _configure_django()
    from sorl.thumbnail.base import ThumbnailBackend
    from sorl.thumbnail.engines.pil_engine import Engine

    engine = Engine()
    options = ThumbnailBackend.default_options | {
        "format": job.format,
        "quality": QUALITY[job.format],
        "cropbox": None if job.is_whole else ",".join(map(str, job.box)),
    }
    with source.open("rb") as file, target.open("wb") as out:
        image = engine.create(engine.get_image(file), job.size, options)
        engine.write(image, options | {"image_info": engine.get_image_info(image)}, out)


def pilkit(source: Path, target: Path, job: Job) -> None:
    from pilkit.lib import Image
    from pilkit.processors import Crop, ProcessorPipeline, ResizeToFit, Transpose
    from pilkit.utils import save_image

    left, upper, right, lower = job.box
    crop = [] if job.is_whole else [Crop(right - left, lower - upper, x=-left, y=-upper)]
    with Image.open(source) as opened, target.open("wb") as out:
        image = ProcessorPipeline([Transpose(), *crop, ResizeToFit(*job.size)]).process(opened)
        save_image(image, out, job.format, _quality(job))


def thumbor(source: Path, target: Path, job: Job) -> None:
    """Its engine, called as its transformer calls it: the crop of the address first, then the size."""
    from thumbor.config import Config
    from thumbor.context import Context
    from thumbor.engines.pil import Engine

    engine = Engine(Context(config=Config(MAX_PIXELS=MAX_PIXELS)))
    engine.load(source.read_bytes(), source.suffix)
    engine.reorientate()
    if not job.is_whole:
        engine.crop(*job.box)
    if engine.size != job.size:
        engine.resize(*job.size)
    target.write_bytes(engine.read(f".{job.format.lower()}", QUALITY[job.format]))


def vips_shrunk(source: Path, target: Path, job: Job) -> None:
    """Decode as small as the result allows, then crop and resize: what image servers do with libvips."""
    import pyvips

    left, upper, right, lower = job.box
    scale = max(job.size[0] / (right - left), job.size[1] / (lower - upper))
    options: dict[str, Any] = {}
    if source.suffix == ".jpg":
        options["shrink"] = next(shrink for shrink in (8, 4, 2, 1) if 1 / shrink >= scale or shrink == 1)
    elif source.suffix == ".webp":
        options["scale"] = min(1, scale)
    image = pyvips.Image.new_from_file(str(source), access="sequential", **options).autorot()
    across, down = image.width / job.natural[0], image.height / job.natural[1]
    left, right, upper, lower = (round(left * across), round(right * across), round(upper * down), round(lower * down))
    image = image.crop(left, upper, right - left, lower - upper)
    image = image.resize(job.size[0] / image.width, vscale=job.size[1] / image.height)
    _write(image, target, job)


def vips_thumbnail(source: Path, target: Path, job: Job) -> None:
    """Its best pixels: crop, then ``thumbnail``; of a whole picture, decoded to at least twice the result."""
    import pyvips

    width, height = job.size
    if job.is_whole:
        image = pyvips.Image.thumbnail(str(source), width, height=height, size="force")
    else:
        left, upper, right, lower = job.box
        image = pyvips.Image.new_from_file(str(source), access="sequential").autorot()
        image = image.crop(left, upper, right - left, lower - upper).thumbnail_image(width, height=height, size="force")
    _write(image, target, job)


def vips_progressive(source: Path, target: Path, job: Job) -> None:
    """The first of the two, and the JPEG written as Proofsheet's is."""
    if job.format != "JPEG" or job.is_working_copy:
        raise NotImplementedError
    vips_shrunk(source, target, job._replace(format="PROGRESSIVE"))


def _write(image: Any, target: Path, job: Job) -> None:
    options: dict[str, Any] = {"keep": "none"}
    if job.format == "PROGRESSIVE":
        options |= {"Q": QUALITY["JPEG"], "interlace": True, "optimize_coding": True}
    elif job.format != "PNG":
        options |= {"Q": QUALITY[job.format]}
    if job.format == "AVIF":
        options |= {"effort": 9 - AVIF_SPEED}  # libvips gives the encoder 9 - effort as its speed
    suffix = {"JPEG": ".jpg", "PROGRESSIVE": ".jpg"}.get(job.format, f".{job.format.lower()}")
    target.write_bytes(image.write_to_buffer(suffix, **options))


def _quality(job: Job) -> dict[str, int]:
    return {} if job.format == "PNG" else {"quality": QUALITY[job.format]}


def _configure_django() -> None:
    from django.conf import settings

    if not settings.configured:
        settings.configure()


class Peer(NamedTuple):
    """A tool: its name in tables, its function, and the environment below ``var`` it needs if it is not ours."""

    label: str
    work: Callable[[Path, Path, Job], None]
    environment: str | None = None


PEERS = {
    "proofsheet": Peer("**Proofsheet**", proofsheet),
    "pillow": Peer("Pillow, as usually written", pillow),
    "pillow-thumbnail": Peer("Pillow, `thumbnail()` alone", pillow_thumbnail),
    "willow": Peer("Willow", willow),
    "easy-thumbnails": Peer("easy-thumbnails", easy_thumbnails),
    "sorl": Peer("sorl-thumbnail", sorl),
    "pilkit": Peer("pilkit (imagekit)", pilkit),
    "thumbor": Peer("thumbor's engine", thumbor, "bench-thumbor-venv"),
    "vips-shrunk": Peer("libvips, shrink on load", vips_shrunk),
    "vips-progressive": Peer("the same, progressive JPEG out", vips_progressive),
    "vips-thumbnail": Peer("libvips, crop and thumbnail", vips_thumbnail),
}
